//! Functions of the interpreter that the stable ABI of Python 3.9 lacks.
//!
//! The wheel is for that ABI (`cp39-abi3`). Windows links such a wheel with `python3.dll`, which exports the stable ABI
//! alone: a module that links to any other function is not loaded. These functions are therefore looked up when the
//! module is imported, and each caller has an alternative for an interpreter that lacks the function.

use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{Py_ssize_t, PyInterpreterState, PyObject, PyThreadState};
use pyo3::prelude::*;

use crate::lookup::find_symbol;

/// A function of the interpreter. `F` is its type, a pointer to an `extern "C"` function.
pub(crate) struct Symbol<F> {
    /// Null if the interpreter lacks the function.
    address: AtomicPtr<c_void>,
    function: PhantomData<F>,
}

impl<F: Copy> Symbol<F> {
    const fn new() -> Symbol<F> {
        assert!(size_of::<Option<F>>() == size_of::<*mut c_void>());
        Symbol { address: AtomicPtr::new(std::ptr::null_mut()), function: PhantomData }
    }

    pub(crate) fn get(&self) -> Option<F> {
        let address = self.address.load(Ordering::Relaxed);
        // SAFETY: `F` is a pointer to a function, for which None is null; the address is null, or that of a function
        // whose declaration in Python's headers is `F`, by the table below.
        unsafe { std::mem::transmute_copy(&address) }
    }
}

macro_rules! symbols {
    ($($(#[$attribute:meta])* $symbol:ident = $name:literal: $function:ty;)*) => {
        $($(#[$attribute])* pub(crate) static $symbol: Symbol<$function> = Symbol::new();)*

        /// Looks all of them up. Called once, while the module is imported.
        pub(crate) fn look_up(py: Python<'_>) {
            $($(#[$attribute])* $symbol.address.store(find_symbol(py, $name), Ordering::Relaxed);)*
        }

        /// Has this process use the alternatives of all of them. For the tests.
        #[pyfunction]
        pub(crate) fn _use_stable_abi_only() {
            $($(#[$attribute])* $symbol.address.store(std::ptr::null_mut(), Ordering::Relaxed);)*
        }
    };
}

symbols! {
    // In the stable ABI from 3.11 on.
    GET_BUFFER = c"PyObject_GetBuffer":
        unsafe extern "C" fn(object: *mut PyObject, view: *mut View, flags: c_int) -> c_int;
    // In the stable ABI from 3.11 on.
    RELEASE_BUFFER = c"PyBuffer_Release": unsafe extern "C" fn(view: *mut View);
    RESIZE_BYTES = c"_PyBytes_Resize":
        unsafe extern "C" fn(bytes: *mut *mut PyObject, size: Py_ssize_t) -> c_int;
    // In the stable ABI from 3.10 on.
    UTF8_OF_TEXT = c"PyUnicode_AsUTF8AndSize":
        unsafe extern "C" fn(text: *mut PyObject, size: *mut Py_ssize_t) -> *const c_char;
    // In the stable ABI from 3.13 on.
    AUDIT = c"PySys_Audit":
        unsafe extern "C" fn(event: *const c_char, format: *const c_char, ...) -> c_int;
    THREAD_HEAD = c"PyInterpreterState_ThreadHead":
        unsafe extern "C" fn(interpreter: *mut PyInterpreterState) -> *mut PyThreadState;
    NEXT_THREAD = c"PyThreadState_Next":
        unsafe extern "C" fn(thread: *mut PyThreadState) -> *mut PyThreadState;
    // In the stable ABI from 3.9 on, but the `python3.dll` of 3.9 has forgotten it.
    #[cfg(windows)]
    INTERPRETER = c"PyInterpreterState_Get": unsafe extern "C" fn() -> *mut PyInterpreterState;
    // In the stable ABI of Windows; PyO3 does not declare it.
    #[cfg(windows)]
    SET_WINDOWS_ERROR = c"PyErr_SetExcFromWindowsErr":
        unsafe extern "C" fn(class: *mut PyObject, number: c_int) -> *mut PyObject;
    // Not on Windows, where this library's C run-time may differ from Python's: a `FILE` belongs to one of them.
    #[cfg(unix)]
    RUN_FILE = c"PyRun_SimpleFileExFlags":
        unsafe extern "C" fn(*mut libc::FILE, name: *const c_char, close: c_int, *mut c_void) -> c_int;
}

/// Py_buffer. The stable ABI has it from 3.11 on; that of 3.9 and 3.10, which do not change any more, is the same.
#[repr(C)]
pub(crate) struct View {
    pub(crate) bytes: *mut c_void,
    pub(crate) object: *mut PyObject,
    pub(crate) length: Py_ssize_t,
    pub(crate) item_size: Py_ssize_t,
    pub(crate) read_only: c_int,
    pub(crate) dimensions: c_int,
    pub(crate) format: *mut c_char,
    pub(crate) shape: *mut Py_ssize_t,
    pub(crate) strides: *mut Py_ssize_t,
    pub(crate) sub_offsets: *mut Py_ssize_t,
    pub(crate) internal: *mut c_void,
}
