//! The text and the system's numbers of the calling thread's latest failure.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};

use capsock::Error;

use crate::guard::guard_or;

struct Last {
    text: CString,
    errno: c_int,
    gai_code: c_int,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Keeps the error for the calling thread. In a thread that is ending already, there is nobody left
/// to ask for it.
pub(crate) fn remember(error: &Error) {
    let last = Last {
        text: text(error.to_string()),
        errno: error.errno().unwrap_or(0),
        gai_code: error.gai_code().unwrap_or(0),
    };
    let _ = LAST.try_with(|slot| slot.replace(Some(last)));
}

/// C text ends at its first NUL, so a NUL in a message is shown as a space.
pub(crate) fn text(message: String) -> CString {
    CString::new(message).unwrap_or_else(|error| {
        let mut bytes = error.into_vec();
        bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        CString::new(bytes).unwrap_or_default()
    })
}

fn last<T>(otherwise: T, read: impl FnOnce(&Last) -> T) -> T {
    LAST.try_with(|slot| slot.borrow().as_ref().map(read)).ok().flatten().unwrap_or(otherwise)
}

/// What the latest call of this thread that failed has to say: what was tried, on which address,
/// what happened, and what to try. UTF-8, one sentence, without a newline. It is valid until the
/// thread's next call that fails, or its end. Never NULL; empty if no call has failed yet. A call
/// that succeeds leaves it as it is.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_last_error() -> *const c_char {
    guard_or(c"".as_ptr(), || Ok(last(c"".as_ptr(), |last| CStr::as_ptr(&last.text))))
}

/// The system's error number (errno(3)) of the latest call of this thread that failed; 0 if there
/// is none.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_last_errno() -> c_int {
    guard_or(0, || Ok(last(0, |last| last.errno)))
}

/// getaddrinfo(3)'s `EAI_` number of the latest call of this thread that failed; 0 if a name was
/// not the reason.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_last_gai_code() -> c_int {
    guard_or(0, || Ok(last(0, |last| last.gai_code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_in_a_message_does_not_cut_it() {
        assert_eq!(text("could not find a\0b".into()).as_c_str(), c"could not find a b");
    }
}
