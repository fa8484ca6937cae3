//! Where a server's log lines go: to the log of its options, or else to the program's `tracing` subscriber or to
//! standard error.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::choices::Level;

/// Receives the lines that a server logs; called from its threads, concurrently.
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// The target of the events, and the prefix of the lines on standard error.
const TARGET: &str = "capsock";

/// Logs a text as one line. A log or a subscriber that panics loses the line; the server continues.
pub(super) fn write(log: Option<&Log>, level: Level, text: &str) {
    let line = &*on_one_line(text);
    let _ = catch_unwind(AssertUnwindSafe(|| match log {
        Some(log) => log(level, line),
        None => write_default(level, line),
    }));
}

fn write_default(level: Level, line: &str) {
    if !tracing_event(level, line) {
        use std::io::Write;
        let _ = std::io::stderr().lock().write_all(format!("{TARGET}: {line}\n").as_bytes());
    }
}

/// Emits an event; `false` if the program has no subscriber.
#[cfg(feature = "tracing")]
fn tracing_event(level: Level, line: &str) -> bool {
    use tracing::dispatcher::get_default;
    use tracing::subscriber::NoSubscriber;

    if get_default(|subscriber| subscriber.is::<NoSubscriber>()) {
        return false;
    }
    match level {
        Level::Warning => tracing::warn!(target: TARGET, "{line}"),
        Level::Error => tracing::error!(target: TARGET, "{line}"),
    }
    true
}

#[cfg(not(feature = "tracing"))]
fn tracing_event(_: Level, _: &str) -> bool {
    false
}

/// The text with its control characters and line separators escaped: a request that an error quotes can neither
/// forge a line nor control a terminal.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let unprintable = |shown: char| shown.is_control() || matches!(shown, '\u{2028}' | '\u{2029}');
    if !text.contains(unprintable) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for shown in text.chars() {
        if unprintable(shown) { line.extend(shown.escape_default()) } else { line.push(shown) }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_a_subscriber_gets_no_event() {
        assert!(!tracing_event(Level::Warning, "a line for standard error"));
    }

    #[test]
    fn a_text_is_logged_as_one_line() {
        let table = [
            ("plain, straße", "plain, straße"),
            ("two\nlines\r", "two\\nlines\\r"),
            ("\u{1b}[2J\u{2028}", "\\u{1b}[2J\\u{2028}"),
        ];
        for (text, line) in table {
            assert_eq!(on_one_line(text), line);
        }
    }
}
