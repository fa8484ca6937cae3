//! The memory that calls send from and receive into.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ops::{Deref, DerefMut};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::QUICK;
use super::call::{CallError, CallResult};

/// Py_buffer. The stable interface has it from 3.11 on; 3.9 and 3.10, which do not change any more, have the same.
#[repr(C)]
struct View {
    bytes: *mut c_void,
    object: *mut ffi::PyObject,
    length: ffi::Py_ssize_t,
    item_size: ffi::Py_ssize_t,
    read_only: c_int,
    dimensions: c_int,
    format: *mut c_char,
    shape: *mut ffi::Py_ssize_t,
    strides: *mut ffi::Py_ssize_t,
    sub_offsets: *mut ffi::Py_ssize_t,
    internal: *mut c_void,
}

const SIMPLE: c_int = 0;
const WRITABLE: c_int = 1;

// Exported by every Python from 3.9 on.
unsafe extern "C" {
    fn PyObject_GetBuffer(object: *mut ffi::PyObject, view: *mut View, flags: c_int) -> c_int;
    fn PyBuffer_Release(view: *mut View);
    fn _PyBytes_Resize(bytes: *mut *mut ffi::PyObject, size: ffi::Py_ssize_t) -> c_int;
}

/// The contiguous bytes of an object, which keeps them where they are until this is dropped.
///
/// Another thread may write to them while a call without the GIL uses them, as with the standard library; what the
/// call sends or finds is then either.
struct Export(Box<View>);

// SAFETY: the bytes stay where they are; the view is used for them alone without the GIL, and dropped with it.
unsafe impl Send for Export {}
// SAFETY: as above.
unsafe impl Sync for Export {}

impl Export {
    fn of(object: &Bound<'_, PyAny>, flags: c_int) -> CallResult<Export> {
        // SAFETY: a view of zeroes and null pointers is a value; Python fills it in, or fails and leaves it alone.
        let mut view: Box<View> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: the object lives, the view is writable and stays where it is, in its box; the GIL is held.
        if unsafe { PyObject_GetBuffer(object.as_ptr(), &raw mut *view, flags) } < 0 {
            drop(PyErr::fetch(object.py()));
            return Err(CallError::WrongArguments);
        }
        Ok(Export(view))
    }

    fn length(&self) -> usize {
        usize::try_from(self.0.length).unwrap_or(0)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // SAFETY: the view was filled in by PyObject_GetBuffer, is released once, and with the GIL held: exports
        // live in the frames of methods alone.
        unsafe { PyBuffer_Release(&raw mut *self.0) };
    }
}

/// What is sent.
pub(super) enum Payload<'py> {
    Bytes(Bound<'py, PyBytes>),
    Other(Outgoing),
}

/// An object's bytes, to read.
pub(super) struct Outgoing(Export);

/// An object's bytes, to write to.
pub(super) struct Incoming(Export);

impl<'py> Payload<'py> {
    pub(super) fn of(object: &Bound<'py, PyAny>) -> CallResult<Payload<'py>> {
        match object.cast_exact::<PyBytes>() {
            Ok(bytes) => Ok(Payload::Bytes(bytes.clone())),
            Err(_) => Ok(Payload::Other(Outgoing(Export::of(object, SIMPLE)?))),
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Payload::Bytes(bytes) => bytes.as_bytes(),
            Payload::Other(Outgoing(export)) if export.0.bytes.is_null() => &[],
            // SAFETY: the export has so many bytes there for as long as it lives.
            Payload::Other(Outgoing(export)) => unsafe {
                std::slice::from_raw_parts(export.0.bytes.cast(), export.length())
            },
        }
    }
}

impl Incoming {
    pub(super) fn of(object: &Bound<'_, PyAny>) -> CallResult<Incoming> {
        Ok(Incoming(Export::of(object, WRITABLE)?))
    }
}

impl Deref for Incoming {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.0.0.bytes.is_null() {
            return &[];
        }
        // SAFETY: the export has so many bytes there for as long as it lives.
        unsafe { std::slice::from_raw_parts(self.0.0.bytes.cast(), self.0.length()) }
    }
}

impl DerefMut for Incoming {
    fn deref_mut(&mut self) -> &mut [u8] {
        if self.0.0.bytes.is_null() {
            return &mut [];
        }
        // SAFETY: as above, and they may be written to: the export was asked for as writable.
        unsafe { std::slice::from_raw_parts_mut(self.0.0.bytes.cast(), self.0.length()) }
    }
}

thread_local! {
    /// Where short receives arrive before it is known how long they are: a bytes object of the asked size, cut
    /// afterwards, would be allocated twice.
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// A bytes object of what `fill` writes to a buffer of so many bytes, with what it returns besides.
pub(super) fn filled<'py, T, E: From<PyErr>>(
    py: Python<'py>,
    size: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<(usize, T), E>,
) -> Result<(Bound<'py, PyBytes>, T), E> {
    if size > QUICK {
        return filled_in_place(py, size, fill);
    }
    // Taken, not borrowed: a signal's handler may receive on this thread in the middle of a receive.
    let mut scratch = SCRATCH.take().unwrap_or_else(|| vec![0; QUICK].into_boxed_slice());
    let outcome = fill(&mut scratch[..size]);
    let outcome = outcome.map(|(count, rest)| (PyBytes::new(py, &scratch[..count.min(size)]), rest));
    SCRATCH.set(Some(scratch));
    outcome
}

/// Room for so many bytes, while `use_it` runs.
pub(super) fn with_room<T>(
    py: Python<'_>,
    size: usize,
    use_it: impl FnOnce(&mut [u8]) -> CallResult<T>,
) -> CallResult<T> {
    let mut small = [0; 1024];
    if let Some(room) = small.get_mut(..size) {
        return use_it(room);
    }
    // Python's allocator: what is too much is a MemoryError.
    let (_, value) = filled_in_place(py, size, |room| use_it(room).map(|value| (0, value)))?;
    Ok(value)
}

fn filled_in_place<'py, T, E: From<PyErr>>(
    py: Python<'py>,
    size: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<(usize, T), E>,
) -> Result<(Bound<'py, PyBytes>, T), E> {
    let asked = ffi::Py_ssize_t::try_from(size).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: a null pointer asks for bytes to be filled in; a failure is null, which is checked.
    let bytes = unsafe { ffi::PyBytes_FromStringAndSize(std::ptr::null(), asked) };
    // SAFETY: a new reference, or null with an exception set.
    let bytes = unsafe { Bound::from_owned_ptr_or_err(py, bytes) }?;
    // SAFETY: nobody else has seen the object, which has so many bytes. They are the allocator's, behind a call that the
    // compiler cannot look into, and are only written to before the object is cut to what was written.
    let room =
        unsafe { std::slice::from_raw_parts_mut(ffi::PyBytes_AsString(bytes.as_ptr()).cast::<u8>(), size) };
    let (count, rest) = fill(room)?;
    let mut cut = bytes.into_ptr();
    // SAFETY: the only reference is given, and a new one, or null with an exception set, comes back.
    let bytes = unsafe {
        _PyBytes_Resize(&raw mut cut, ffi::Py_ssize_t::try_from(count.min(size)).unwrap_or(asked));
        Bound::from_owned_ptr_or_err(py, cut)
    }?;
    Ok((bytes.cast_into::<PyBytes>().map_err(PyErr::from)?, rest))
}
