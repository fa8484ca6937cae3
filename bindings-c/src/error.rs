//! The functions that return the text and the system's numbers of the calling thread's latest failure.

use std::ffi::{CStr, c_char, c_int};

use crate::guard::guard_or;
use crate::last_error::last;

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
