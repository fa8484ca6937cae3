//! Runs the body of each exported function: catches panics, and keeps each error for `capsock_last_error`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use capsock::{Error, Result};

use crate::last_error::remember;
use crate::status::capsock_status;

/// Runs the body of an exported function that returns a status.
pub(crate) fn guard(body: impl FnOnce() -> Result<()>) -> capsock_status {
    match caught(body) {
        Ok(()) => capsock_status::CAPSOCK_OK,
        Err(error) => {
            remember(&error);
            error.kind().into()
        }
    }
}

/// Runs the body of an exported function that returns a value, `otherwise` if it fails.
pub(crate) fn guard_or<T>(otherwise: T, body: impl FnOnce() -> Result<T>) -> T {
    caught(body).unwrap_or_else(|error| {
        remember(&error);
        otherwise
    })
}

/// A panic may leave a value half changed, but none that a later call reads: what is shared between
/// calls is the core's, behind its own locks.
fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(Error::panicked(panic.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::last_error::last;

    #[test]
    fn a_panic_becomes_a_status_with_its_text() {
        type Body = fn() -> Result<i32>;
        let panics: [(Body, &str); 2] =
            [(|| panic!("a plain text"), "a plain text"), (|| std::panic::panic_any(7), "without a text")];
        for (body, text) in panics {
            assert_eq!(guard(|| body().map(drop)), capsock_status::CAPSOCK_INTERNAL);
            let last = last(String::new(), |last| last.text.to_string_lossy().into_owned());
            assert!(last.contains(text), "{last}");
            assert_eq!(guard_or(5, body), 5);
        }
    }
}
