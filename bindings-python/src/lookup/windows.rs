//! GetProcAddress.

use std::ffi::{CStr, c_void};
use std::ptr;

use pyo3::prelude::*;
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleHandleExW,
    GetProcAddress,
};

/// The address of a function of the interpreter, or null. It is looked up in the DLL that has the object None,
/// `python3X.dll`, whatever its name: `python3.dll` forwards to it.
pub(crate) fn find_symbol(py: Python<'_>, name: &CStr) -> *mut c_void {
    let mut module = ptr::null_mut();
    // SAFETY: an address inside a module, which stays loaded as long as this library, and a handle to write; the name is
    // NUL-terminated.
    unsafe {
        match GetModuleHandleExW(
            GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
            py.None().as_ptr().cast(),
            &raw mut module,
        ) {
            0 => ptr::null_mut(),
            _ => GetProcAddress(module, name.as_ptr().cast())
                .map_or(ptr::null_mut(), |address| address as *mut c_void),
        }
    }
}
