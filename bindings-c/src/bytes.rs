//! Memory that the library allocates for its caller.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use capsock::{Error, Result};

use crate::guard::guard_or;
use crate::pointer::free_text;
use crate::system::ENOMEM;

/// Bytes that the library allocated. The caller frees them with `capsock_bytes_free`, and until
/// then leaves both fields unchanged. The caller may change the bytes.
#[derive(Debug)]
#[repr(C)]
pub struct capsock_bytes {
    /// The bytes, followed by a NUL that `length` does not count. NULL after `capsock_bytes_free`.
    pub data: *mut u8,
    /// The number of bytes.
    pub length: usize,
}

/// Gives the bytes to the caller.
pub(crate) fn give_bytes(out: &mut MaybeUninit<capsock_bytes>, mut bytes: Vec<u8>) -> Result<()> {
    let length = bytes.len();
    bytes.try_reserve_exact(1).map_err(|_| Error::os(ENOMEM, "give the bytes"))?;
    bytes.push(0);
    let data = Box::into_raw(bytes.into_boxed_slice()).cast::<u8>();
    out.write(capsock_bytes { data, length });
    Ok(())
}

/// Frees the bytes and sets the fields to NULL and 0. Freeing the structure a second time, and
/// NULL, have no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_bytes_free(bytes: Option<&mut capsock_bytes>) {
    guard_or((), || {
        let Some(bytes) = bytes else { return Ok(()) };
        let data = std::mem::replace(&mut bytes.data, ptr::null_mut());
        let length = std::mem::take(&mut bytes.length);
        if !data.is_null() {
            // SAFETY: `give_bytes` made it from a box of `length` bytes and a NUL, and the caller
            // leaves the fields alone.
            drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(data, length + 1)) });
        }
        Ok(())
    });
}

/// Frees a string that the library allocated. NULL has no effect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_string_free(text: *mut c_char) {
    guard_or((), || {
        // SAFETY: NULL or text that the library gave, by the contract of the header.
        unsafe { free_text(text) };
        Ok(())
    });
}
