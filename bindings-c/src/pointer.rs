//! Conversions of C pointers and lengths to Rust types, and back.
//!
//! NULL is checked here and is an error. Everything else relies on the contract at the head of the header: a
//! pointer that is not NULL points to a valid object of its type, text ends with a NUL, a length does not
//! exceed the object, and the object is unchanged until the call returns.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::slice;

use capsock::{Error, ErrorKind, Result};

use crate::system::ENOMEM;

/// The argument, unless it is NULL.
pub(crate) fn given<T>(argument: Option<T>, name: &str) -> Result<T> {
    argument.ok_or_else(|| null(name))
}

fn null(name: &str) -> Error {
    refused(name, "it is NULL")
}

pub(crate) fn refused(name: &str, why: impl Into<String>) -> Error {
    Error::invalid(format!("use the argument '{name}'"), why)
}

/// C text as Rust's.
///
/// # Safety
/// `text` is NULL or points to bytes up to a NUL, which stay as they are for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and the caller promises the rest.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str()
        .map_err(|error| refused(name, format!("it is not UTF-8 from byte {} on", error.valid_up_to())))
}

/// A C pointer and length as a slice. NULL with the length 0 is the empty slice.
///
/// # Safety
/// `data` is NULL or points to `length` bytes, which stay as they are for `'a`.
pub(crate) unsafe fn bytes<'a>(data: *const c_void, length: usize, name: &str) -> Result<&'a [u8]> {
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(name));
    }
    if isize::try_from(length).is_err() {
        return Err(refused(name, format!("no memory has {length} bytes")));
    }
    // SAFETY: not NULL, no longer than a slice may be, and the caller promises the rest.
    Ok(unsafe { slice::from_raw_parts(data.cast::<u8>(), length) })
}

/// So many C pointers and lengths as slices. NULL arrays with the count 0 are none.
///
/// # Safety
/// The arrays are NULL or have `count` elements, and each pointer with its length is as for [`bytes`].
pub(crate) unsafe fn many_bytes<'a>(
    data: *const *const c_void,
    lengths: *const usize,
    count: usize,
    name: &str,
) -> Result<Vec<&'a [u8]>> {
    // SAFETY: as the caller promises.
    let (data, lengths) = unsafe { (array(data, count, name)?, array(lengths, count, "lengths")?) };
    // SAFETY: as the caller promises.
    data.iter().zip(lengths).map(|(data, length)| unsafe { bytes(*data, *length, name) }).collect()
}

/// # Safety
/// `data` is NULL or has `count` elements, which stay as they are for `'a`.
unsafe fn array<'a, T>(data: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(name));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(refused(name, format!("no memory has {count} elements")));
    }
    // SAFETY: not NULL, no longer than a slice may be, and the caller promises the rest.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

/// A C buffer of so many bytes, to be written. NULL with the length 0 is the empty one.
///
/// # Safety
/// `data` is NULL or points to `length` bytes that nobody else uses for `'a`.
pub(crate) unsafe fn bytes_mut<'a>(data: *mut c_void, length: usize, name: &str) -> Result<&'a mut [u8]> {
    // SAFETY: as the caller promises; the checks are the same.
    let buffer = unsafe { bytes(data, length, name) }?;
    if buffer.is_empty() {
        return Ok(&mut []);
    }
    // SAFETY: not NULL and not too long, as was checked. The bytes may hold nothing yet, and they are
    // only written: by a system call, or as a whole.
    Ok(unsafe { slice::from_raw_parts_mut(data.cast::<u8>(), length) })
}

/// Gives a new handle to the caller, who frees it with the function of its type.
pub(crate) fn give_handle<T>(out: &mut MaybeUninit<Option<Box<T>>>, handle: T) {
    out.write(Some(Box::new(handle)));
}

/// Gives text to the caller, who frees it with `capsock_string_free`.
pub(crate) fn give_text(out: &mut MaybeUninit<*mut c_char>, text: impl Into<Vec<u8>>) -> Result<()> {
    let text = CString::new(text).map_err(|error| {
        let position = error.nul_position();
        Error::new(ErrorKind::InvalidText, "give the reply as text", format!("byte {position} is a NUL"))
    })?;
    // A C program may shorten its text, so the memory is of the kind that is freed without
    // knowing its length.
    // SAFETY: strdup(3) reads up to the NUL of a CString.
    let copy = unsafe { libc::strdup(text.as_ptr()) };
    if copy.is_null() {
        return Err(Error::os(ENOMEM, "copy the text"));
    }
    out.write(copy);
    Ok(())
}

/// Frees what [`give_text`] gave; NULL is nothing.
///
/// # Safety
/// `text` is NULL or came from [`give_text`] and was not freed since.
pub(crate) unsafe fn free_text(text: *mut c_char) {
    // SAFETY: from strdup(3), as the caller promises.
    unsafe { libc::free(text.cast()) }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn bytes_are_checked_before_they_are_read() {
        let data = b"ab";
        let at = ptr::from_ref(data).cast::<c_void>();
        let cases = [
            (at, 2, Some(&b"ab"[..])),
            (at, 0, Some(b"")),
            (ptr::null(), 0, Some(b"")),
            (ptr::null(), 1, None),
            (at, usize::MAX, None),
        ];
        for (pointer, length, expected) in cases {
            // SAFETY: lengths beyond the two bytes are refused before anything is read.
            assert_eq!(unsafe { bytes(pointer, length, "data") }.ok(), expected);
        }
    }

    #[test]
    fn text_is_utf8() {
        let cases = [(c"straße".as_ptr(), Some("straße")), (c"a\xff".as_ptr(), None), (ptr::null(), None)];
        for (pointer, expected) in cases {
            // SAFETY: NULL or a C string literal.
            assert_eq!(unsafe { text(pointer, "text") }.ok(), expected);
        }
    }
}
