//! The message and the system's error numbers of each thread's latest failed call. [`guard`](crate::guard)
//! writes them; the functions in [`error`](crate::error) return them.

use std::cell::RefCell;
use std::ffi::{CString, c_int};

use capsock::Error;

pub(crate) struct LastError {
    pub(crate) text: CString,
    pub(crate) errno: c_int,
    pub(crate) gai_code: c_int,
}

thread_local! {
    static LAST: RefCell<Option<LastError>> = const { RefCell::new(None) };
}

/// Keeps the error for the calling thread. A thread whose thread-local storage is gone already keeps nothing.
pub(crate) fn remember(error: &Error) {
    let last = LastError {
        text: c_text(error.to_string()),
        errno: error.errno().unwrap_or(0),
        gai_code: error.gai_code().unwrap_or(0),
    };
    let _ = LAST.try_with(|slot| slot.replace(Some(last)));
}

/// What `read` finds in the calling thread's latest failure; `otherwise` if no call has failed yet.
pub(crate) fn last<T>(otherwise: T, read: impl FnOnce(&LastError) -> T) -> T {
    LAST.try_with(|slot| slot.borrow().as_ref().map(read)).ok().flatten().unwrap_or(otherwise)
}

/// C text ends at its first NUL, so a NUL in a message becomes a space.
pub(crate) fn c_text(message: String) -> CString {
    CString::new(message).unwrap_or_else(|error| {
        let mut bytes = error.into_vec();
        bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        CString::new(bytes).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_in_a_message_does_not_cut_it() {
        assert_eq!(c_text("could not find a\0b".into()).as_c_str(), c"could not find a b");
    }
}
