//! Handles.

use std::io;
use std::os::windows::io::{AsHandle, BorrowedHandle};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_UNKNOWN, GetFileType};

use capsock::{Error, Result};

use super::types::{Use, capsock_file};

pub(crate) use std::os::windows::io::OwnedHandle as Owned;

pub(crate) fn borrow(handle: &Owned) -> BorrowedHandle<'_> {
    handle.as_handle()
}

/// A duplicate of the caller's handle, so that nothing the caller does with theirs meanwhile can make it another file.
/// For which direction it is open, the first read or write tells.
pub(crate) fn duplicate(handle: capsock_file, name: &str, _for_use: Use) -> Result<Owned> {
    let refused = |why: &str| {
        Err(Error::invalid(format!("use the argument '{name}'"), format!("the handle {handle:p} {why}")))
    };
    // SAFETY: GetFileType takes any number, and reports ERROR_INVALID_HANDLE for one that is no handle.
    let kind = unsafe { GetFileType(handle) };
    if handle.is_null() || handle == INVALID_HANDLE_VALUE || kind == FILE_TYPE_UNKNOWN {
        return refused("is not open, or is no file");
    }
    // SAFETY: DuplicateHandle, the only call on it, takes any number.
    match unsafe { BorrowedHandle::borrow_raw(handle) }.try_clone_to_owned() {
        Ok(copy) => Ok(copy),
        Err(error) => match error.raw_os_error().and_then(|number| u32::try_from(number).ok()) {
            None | Some(ERROR_INVALID_HANDLE) => refused("is not open"),
            Some(_) => Err(os(&error, &format!("duplicate the handle {handle:p}"))),
        },
    }
}

fn os(error: &io::Error, tried: &str) -> Error {
    Error::os(error.raw_os_error().unwrap_or(0), tried.to_owned())
}
