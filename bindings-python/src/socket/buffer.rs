//! The memory that calls send from and receive into.

use std::cell::Cell;
use std::ffi::c_int;
use std::ops::{Deref, DerefMut};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

use super::QUICK;
use super::call::{CallError, CallResult};
use crate::symbols::{GET_BUFFER, RELEASE_BUFFER, RESIZE_BYTES, View};

const SIMPLE: c_int = 0;
const WRITABLE: c_int = 1;

/// The contiguous bytes of an object, which keeps them where they are until this is dropped.
///
/// Another thread may write to them while a call without the GIL uses them, as with the standard library; what the
/// call sends or finds is then either.
pub(super) struct Export(Box<View>);

// SAFETY: the bytes stay where they are; the view is used for them alone without the GIL, and dropped with it.
unsafe impl Send for Export {}
// SAFETY: as above.
unsafe impl Sync for Export {}

impl Export {
    /// The bytes; `None` if the interpreter cannot export them to this library.
    fn of(object: &Bound<'_, PyAny>, flags: c_int) -> CallResult<Option<Export>> {
        let Some(get_buffer) = GET_BUFFER.get() else { return Ok(None) };
        // SAFETY: a view of zeroes and null pointers is a value; Python fills it in, or fails and leaves it alone.
        let mut view: Box<View> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: the object lives, the view is writable and stays where it is, in its box; the GIL is held.
        if unsafe { get_buffer(object.as_ptr(), &raw mut *view, flags) } < 0 {
            drop(PyErr::fetch(object.py()));
            return Err(CallError::WrongArguments);
        }
        Ok(Some(Export(view)))
    }

    fn length(&self) -> usize {
        usize::try_from(self.0.length).unwrap_or(0)
    }
}

impl Deref for Export {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.0.bytes.is_null() {
            return &[];
        }
        // SAFETY: the export has so many bytes there for as long as it lives.
        unsafe { std::slice::from_raw_parts(self.0.bytes.cast(), self.length()) }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(release_buffer) = RELEASE_BUFFER.get() {
            // SAFETY: the view was filled in by PyObject_GetBuffer, is released once, and with the GIL held: exports
            // live in the frames of methods alone.
            unsafe { release_buffer(&raw mut *self.0) };
        }
    }
}

/// A memoryview of contiguous bytes and a copy of them, for an interpreter without [`Export`].
#[cold]
fn copied<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyBytes>)>> {
    let view = PyMemoryView::from(object)?;
    if !view.getattr("c_contiguous")?.is_truthy()? {
        return Ok(None);
    }
    let bytes = view.call_method0("tobytes")?.cast_into()?;
    Ok(Some((view.call_method1("cast", ("B",))?, bytes)))
}

/// What is sent.
pub(super) enum Payload<'py> {
    Bytes(Bound<'py, PyBytes>),
    Export(Export),
}

impl<'py> Payload<'py> {
    pub(super) fn of(object: &Bound<'py, PyAny>) -> CallResult<Payload<'py>> {
        if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            return Ok(Payload::Bytes(bytes.clone()));
        }
        match Export::of(object, SIMPLE)? {
            Some(export) => Ok(Payload::Export(export)),
            None => match copied(object) {
                Ok(Some((_, bytes))) => Ok(Payload::Bytes(bytes)),
                Ok(None) | Err(_) => Err(CallError::WrongArguments),
            },
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Payload::Bytes(bytes) => bytes.as_bytes(),
            Payload::Export(export) => export,
        }
    }
}

/// An object's bytes, to receive into.
pub(super) enum Incoming {
    Export(Export),
    /// For an interpreter without exports: a copy, which is written back when this is dropped.
    Copy(Vec<u8>, Py<PyAny>),
}

impl Incoming {
    pub(super) fn of(object: &Bound<'_, PyAny>) -> CallResult<Incoming> {
        match Export::of(object, WRITABLE)? {
            Some(export) => Ok(Incoming::Export(export)),
            None => match copied(object) {
                Ok(Some((view, bytes))) if !view.getattr("readonly")?.is_truthy()? => {
                    Ok(Incoming::Copy(bytes.as_bytes().to_vec(), view.unbind()))
                }
                Ok(_) | Err(_) => Err(CallError::WrongArguments),
            },
        }
    }
}

impl Deref for Incoming {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Incoming::Export(export) => export,
            Incoming::Copy(bytes, _) => bytes,
        }
    }
}

impl DerefMut for Incoming {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Incoming::Export(export) if export.0.bytes.is_null() => &mut [],
            // SAFETY: as for reading, and they may be written to: the export was asked for as writable.
            Incoming::Export(export) => unsafe {
                std::slice::from_raw_parts_mut(export.0.bytes.cast(), export.length())
            },
            Incoming::Copy(bytes, _) => bytes,
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Incoming::Copy(bytes, view) = self {
            write_back(bytes, view);
        }
    }
}

#[cold]
fn write_back(bytes: &[u8], view: &Py<PyAny>) {
    Python::attach(|py| {
        let view = view.bind(py);
        if let Err(raised) = view.set_item(PySlice::full(py), PyBytes::new(py, bytes)) {
            raised.write_unraisable(py, Some(view));
        }
    });
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
#[cfg(unix)]
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
    let count = count.min(size);
    let Some(resize) = RESIZE_BYTES.get() else {
        return Ok((PyBytes::new(py, &room[..count]), rest));
    };
    let mut cut = bytes.into_ptr();
    // SAFETY: the only reference is given, and a new one, or null with an exception set, comes back.
    let bytes = unsafe {
        resize(&raw mut cut, ffi::Py_ssize_t::try_from(count).unwrap_or(asked));
        Bound::from_owned_ptr_or_err(py, cut)
    }?;
    Ok((bytes.cast_into::<PyBytes>().map_err(PyErr::from)?, rest))
}
