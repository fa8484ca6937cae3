//! The one way from a C call into Rust and back: no panic leaves it, every error is kept for
//! `capsock_last_error`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use capsock::{Error, ErrorKind, Result};

use crate::error::remember;
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
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a text".to_owned());
        Err(Error::new(ErrorKind::Internal, "finish the call", text))
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::error::capsock_last_error;

    #[test]
    fn a_panic_becomes_a_status_with_its_text() {
        type Body = fn(&str) -> Result<i32>;
        let name = "guard";
        let panics: [(Body, &str); 3] = [
            (|_| panic!("a plain text"), "a plain text"),
            (|name| panic!("a text with a {name}"), "a text with a guard"),
            (|_| std::panic::panic_any(7), "a panic without a text"),
        ];
        for (body, text) in panics {
            assert_eq!(guard(|| body(name).map(drop)), capsock_status::CAPSOCK_INTERNAL);
            // SAFETY: the text is this thread's, which makes no other call until it is compared.
            let last = unsafe { CStr::from_ptr(capsock_last_error()) };
            assert!(last.to_str().expect("UTF-8").contains(text), "{last:?}");
            assert_eq!(guard_or(5, || body(name)), 5);
        }
    }
}
