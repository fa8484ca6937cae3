//! Runs a script as `python SCRIPT.py` does, in an interpreter that runs already.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Runs a script in the module `__main__` and closes the file; returns whether it ended without an exception. An exception
/// is printed; SystemExit exits the process.
///
/// A traceback begins with the script. After a KeyboardInterrupt, the interpreter exits by SIGINT.
#[pyfunction]
#[pyo3(signature = (fileno, name, /))]
pub(crate) fn _run_file(py: Python<'_>, fileno: i32, name: &Bound<'_, PyString>) -> PyResult<bool> {
    #[cfg(unix)]
    if let Some(run) = crate::symbols::RUN_FILE.get() {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::CString::new(name.extract::<std::ffi::OsString>()?.as_bytes())?;
        // SAFETY: the mode is NUL-terminated; the caller passes ownership of its descriptor.
        let file = unsafe { libc::fdopen(fileno, c"rb".as_ptr()) };
        if file.is_null() {
            return Err(std::io::Error::last_os_error().into());
        }
        // SAFETY: the file is open and is closed by the call; the name lives during it; no flags are given; the GIL is
        // held.
        return Ok(unsafe { run(file, name.as_ptr(), 1, std::ptr::null_mut()) } == 0);
    }
    compile_and_run(py, fileno, name)
}

/// The same by the stable ABI. The messages of SyntaxError differ if the source is not in its encoding or has null bytes,
/// and comments are not checked for their encoding.
fn compile_and_run(py: Python<'_>, fileno: i32, name: &Bound<'_, PyString>) -> PyResult<bool> {
    let source = py.import("io")?.call_method1("open", (fileno, "rb"))?;
    let globals = py.import("__main__")?.dict();
    globals.set_item("__file__", name)?;
    if py.version_info() < (3, 15) {
        globals.set_item("__cached__", py.None())?;
    }
    if name != "<stdin>" {
        let loader = py.import("importlib.machinery")?.getattr("SourceFileLoader")?;
        globals.set_item("__loader__", loader.call1(("__main__", name))?)?;
    }
    let run = || {
        let text = source.call_method0("read")?;
        source.call_method0("close")?;
        let builtins = py.import("builtins")?;
        let code = builtins.call_method1("compile", (text, name, "exec", 0, true))?;
        builtins.call_method1("exec", (code, &globals))
    };
    let ended = run().map(drop);
    let succeeded = ended.is_ok();
    if let Err(raised) = ended {
        raised.restore(py);
        // SAFETY: an exception is set. Of SystemExit, the call does not return.
        unsafe { ffi::PyErr_PrintEx(1) };
    }
    for name in ["__file__", "__cached__"] {
        if globals.contains(name)? {
            globals.del_item(name)?;
        }
    }
    Ok(succeeded)
}
