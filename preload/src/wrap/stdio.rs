//! The FILE of a socket.

use std::ffi::{c_char, c_int};

use libc::FILE;

use crate::descriptors::{self, is_active, may_be_socket};
use crate::record::Closing;
use crate::{real, streams};

/// fdopen(3).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fdopen(fd: c_int, mode: *const c_char) -> *mut FILE {
    if !mode.is_null() && may_be_socket(fd) {
        // SAFETY: the arguments are the caller's.
        let stream = unsafe { streams::open(fd, mode) };
        if !stream.is_null() {
            return stream;
        }
    }
    // SAFETY: the arguments are the caller's.
    unsafe { real::fdopen(fd, mode) }
}

/// fclose(3), in which the C library closes the descriptor by itself.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fclose(stream: *mut FILE) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        if !is_active() || stream.is_null() {
            return real::fclose(stream);
        }
        let errno = real::errno();
        let fd = libc::fileno(stream);
        real::set_errno(errno);
        if fd < 0 || descriptors::is_stream(fd) {
            return real::fclose(stream);
        }
        let closing = if may_be_socket(fd) { Closing::begin(fd) } else { None };
        descriptors::forget(fd);
        let result = real::fclose(stream);
        if let Some(closing) = closing {
            closing.end(0);
        }
        result
    }
}
