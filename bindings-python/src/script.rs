//! Runs a script as `python SCRIPT.py` does, in an interpreter that runs already.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;

use pyo3::prelude::*;

// Exported by every Python, but not part of the stable ABI. `python SCRIPT.py` calls it.
unsafe extern "C" {
    fn PyRun_SimpleFileExFlags(
        file: *mut libc::FILE,
        name: *const libc::c_char,
        close: libc::c_int,
        flags: *mut libc::c_void,
    ) -> libc::c_int;
}

/// Runs a script in the module `__main__` and closes the file; returns whether it ended without an exception. An exception
/// is printed; SystemExit exits the process.
///
/// A traceback begins with the script. After a KeyboardInterrupt, the interpreter exits by SIGINT.
#[pyfunction]
#[pyo3(signature = (fileno, name, /))]
pub(crate) fn _run_file(py: Python<'_>, fileno: i32, name: OsString) -> PyResult<bool> {
    let name = CString::new(name.as_bytes())?;
    // SAFETY: the mode is NUL-terminated; the caller passes ownership of its descriptor.
    let file = unsafe { libc::fdopen(fileno, c"rb".as_ptr()) };
    if file.is_null() {
        return Err(std::io::Error::last_os_error().into());
    }
    let _ = py;
    // SAFETY: the file is open and is closed by the call; the name lives during it; no flags are given; the GIL is held.
    Ok(unsafe { PyRun_SimpleFileExFlags(file, name.as_ptr(), 1, std::ptr::null_mut()) } == 0)
}
