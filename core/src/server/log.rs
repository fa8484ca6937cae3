//! Where the lines of a server go that was given no log: to the program's tracing subscriber, or to standard
//! error in a program that has none.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::dispatcher::get_default;
use tracing::subscriber::NoSubscriber;

use crate::choices::Level;

/// The target of the events.
const TARGET: &str = "capsock";

pub(super) fn write(level: Level, line: &str) {
    // A subscriber that panics costs its line, not the server.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if get_default(|subscriber| subscriber.is::<NoSubscriber>()) {
            let _ = std::io::stderr().lock().write_all(format!("{TARGET}: {line}\n").as_bytes());
            return;
        }
        match level {
            Level::Warning => tracing::warn!(target: TARGET, "{line}"),
            Level::Error => tracing::error!(target: TARGET, "{line}"),
        }
    }));
}
