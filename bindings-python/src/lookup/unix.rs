//! dlsym(3).

use std::ffi::{CStr, c_void};

use pyo3::prelude::*;

/// The address of a function of the interpreter, or null.
pub(crate) fn find_symbol(_: Python<'_>, name: &CStr) -> *mut c_void {
    // SAFETY: the name is NUL-terminated. The scope is that of this library's own links to the interpreter.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}
