//! The functions that return the message and the system's error numbers of the calling thread's latest failed
//! call.

use std::ffi::{CStr, c_char, c_int};

use crate::guard::guard_or;
use crate::last_error::last;

/// The error message of the calling thread's latest failed call: what was tried, on which address,
/// what happened, and what to try. UTF-8, one sentence without a newline. Never NULL; empty if no
/// call of this thread has failed.
///
/// The string is valid until the next failed call of the thread, or until the thread ends. A
/// successful call leaves it unchanged.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_last_error() -> *const c_char {
    guard_or(c"".as_ptr(), || Ok(last(c"".as_ptr(), |last| CStr::as_ptr(&last.text))))
}

/// The system's error number (errno(3)) of the calling thread's latest failed call; 0 if it has
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_last_errno() -> c_int {
    guard_or(0, || Ok(last(0, |last| last.errno)))
}

/// The `EAI_` code of getaddrinfo(3) of the calling thread's latest failed call; 0 if that call did
/// not fail to resolve a name.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_last_gai_code() -> c_int {
    guard_or(0, || Ok(last(0, |last| last.gai_code)))
}
