//! Whether a call is recorded. The first call reads `CAPSOCK_TRACE`, which starts a recording that the program does not
//! ask for.

use std::cell::Cell;
use std::env;
use std::io::Write;
use std::path::Path;
use std::sync::Once;

use super::recorder::{self, ProcessLine};
use crate::net::sys::{self, KeptErrno};

/// The file to record to; empty is none.
const FILE: &str = "CAPSOCK_TRACE";

/// `0` records no payload.
const PAYLOAD: &str = "CAPSOCK_TRACE_PAYLOAD";

thread_local! {
    /// The calls of this thread are not recorded.
    static SUSPENDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this call is recorded. Without a recording this is one load and one predictable branch.
#[inline(always)]
pub(crate) fn on() -> bool {
    recorder::may_be_on() && is_on()
}

#[cold]
#[inline(never)]
fn is_on() -> bool {
    if recorder::is_unknown() {
        let _errno = KeptErrno::new();
        start();
    }
    recorder::is_on() && !SUSPENDED.get()
}

/// Runs something whose calls are not recorded.
pub(crate) fn suspended<T>(run: impl FnOnce() -> T) -> T {
    let before = SUSPENDED.replace(true);
    let result = run();
    SUSPENDED.set(before);
    result
}

/// Starts the recording that the environment names, the first time.
fn start() {
    start_once(ProcessLine::Now);
}

/// As [`start`]; the process's line is written with that of its first call.
#[cfg(all(unix, feature = "preload"))]
pub(super) fn start_silently() {
    start_once(ProcessLine::WithFirstCall);
}

fn start_once(line: ProcessLine) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The user of a privileged program may not choose a file for it to write.
        let file = env::var_os(FILE).filter(|file| !file.is_empty() && !sys::is_privileged());
        if let Some(file) = file {
            // Any other value than these records no payload.
            let payload = env::var_os(PAYLOAD).is_none_or(|value| value.is_empty() || value == "1");
            if let Err(error) = recorder::start_for(Path::new(&file), payload, true, line) {
                let _ = writeln!(std::io::stderr().lock(), "capsock: {FILE}: {error}");
            }
        }
        recorder::disable();
    });
}
