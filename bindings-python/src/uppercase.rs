//! `uppercase` and `UppercaseStream`: the service without a network.

use std::ffi::c_char;
use std::sync::{Mutex, OnceLock, PoisonError};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyString};

use crate::arguments::{Bytes, Text};
use crate::errors::Result;
use crate::symbols::UTF8_OF_TEXT;

/// From this size on, the GIL is released; below, that would cost more than the call.
const DETACH_FROM: usize = 4096;

/// The length in bytes up to which the upper case of ASCII is made on the stack.
const SHORT: usize = 256;

/// Returns the text in upper case, as the same type: str for str, bytes for a bytes-like object.
///
/// The mapping is Unicode's full case mapping, independent of the locale ("straße" becomes "STRASSE").
/// Bytes are decoded as UTF-8; bytes that are not valid UTF-8 stay unchanged.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn uppercase(py: Python<'_>, text: Text) -> Result<Bound<'_, PyAny>> {
    let upper = |input: &[u8]| {
        if input.len() < DETACH_FROM {
            capsock::uppercase(input)
        } else {
            py.detach(|| capsock::uppercase(input))
        }
    };
    Ok(match text {
        Text::Str(text) => PyString::from_bytes(py, &upper(text.as_bytes()))?.into_any(),
        Text::Bytes(Bytes(bytes)) => PyBytes::new(py, &upper(&bytes)).into_any(),
    })
}

/// The function above, for any text.
static ANY_TEXT: OnceLock<Py<PyCFunction>> = OnceLock::new();

/// Adds the function to the module.
///
/// For the stable ABI of Python 3.9, PyO3 makes functions that take a tuple, which costs more than the upper case of a
/// short text. This one takes its argument as it is (METH_O), makes the upper case of short ASCII, and passes any other
/// object on.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let any_text = wrap_pyfunction!(uppercase, module)?;
    // Python's form of a signature and a documentation in one, from what PyO3 has made of them.
    let signature: String = any_text.getattr("__text_signature__")?.extract()?;
    let text: String = any_text.getattr("__doc__")?.extract()?;
    let documentation = std::ffi::CString::new(format!("uppercase{signature}\n--\n\n{text}"))?;
    // If the module is imported again, the first objects stay in use.
    drop(ANY_TEXT.set(any_text.unbind()));
    // As long as the function, and the module, are there: until the process ends.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"uppercase".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: uppercase_of },
        ml_flags: ffi::METH_O,
        ml_doc: documentation.into_raw(),
    }));
    let name = module.name()?;
    // SAFETY: the definition is not freed; a new reference or an exception is returned.
    let function = unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyCFunction_NewEx(definition, module.as_ptr(), name.as_ptr()))?
    };
    module.add("uppercase", function)
}

/// What Python calls. It has no code that could panic, and no destructor.
unsafe extern "C" fn uppercase_of(_module: *mut PyObject, text: *mut PyObject) -> *mut PyObject {
    // SAFETY: Python passes a reference that is valid during the call, on a thread that is attached.
    unsafe {
        if let Some((bytes, make)) = short_ascii(text) {
            let mut upper = [0; SHORT];
            if capsock::uppercase_ascii(bytes, &mut upper) {
                return make(upper.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t);
            }
        }
        match ANY_TEXT.get() {
            Some(any_text) => {
                let nothing = std::ptr::null_mut::<PyObject>();
                ffi::PyObject_CallFunctionObjArgs(any_text.as_ptr(), text, nothing)
            }
            None => std::ptr::null_mut(),
        }
    }
}

/// Makes a Python object of bytes; null for an exception.
type Make = unsafe extern "C" fn(*const c_char, ffi::Py_ssize_t) -> *mut PyObject;

/// The bytes of a short `bytes`, or of a short `str` that is ASCII, and what makes another of its type.
///
/// # Safety
/// The object lives as long as the result is used, and the thread is attached.
unsafe fn short_ascii<'a>(text: *mut PyObject) -> Option<(&'a [u8], Make)> {
    // SAFETY: as the caller says; each function is called for an object of its type.
    unsafe {
        let mut length = 0;
        let (bytes, make): (*const c_char, Make) = if ffi::PyUnicode_CheckExact(text) != 0 {
            // Of text that is not ASCII, Python keeps the UTF-8 for as long as the text: it is asked for that of short text.
            let characters = ffi::PyUnicode_GetLength(text);
            let utf8_of_text = UTF8_OF_TEXT.get().filter(|_| characters <= SHORT as ffi::Py_ssize_t)?;
            let bytes = utf8_of_text(text, &mut length);
            if bytes.is_null() {
                // A surrogate: it is encoded again, for the exception.
                ffi::PyErr_Clear();
            }
            if length != characters {
                return None;
            }
            (bytes, ffi::PyUnicode_FromStringAndSize)
        } else if ffi::PyBytes_CheckExact(text) != 0 {
            length = ffi::PyBytes_Size(text);
            (ffi::PyBytes_AsString(text), ffi::PyBytes_FromStringAndSize)
        } else {
            return None;
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= SHORT && !bytes.is_null())?;
        Some((std::slice::from_raw_parts(bytes.cast(), length), make))
    }
}

/// Upper-cases UTF-8 text in pieces that may be cut anywhere.
///
/// The bytes of an incomplete character (3 at most) are held until the next piece. The output does not
/// depend on where the input is cut.
#[pyclass(module = "capsock", frozen)]
#[derive(Default)]
pub(crate) struct UppercaseStream(Mutex<capsock::UppercaseStream>);

#[pymethods]
impl UppercaseStream {
    #[new]
    fn new() -> UppercaseStream {
        UppercaseStream::default()
    }

    /// Takes a piece (bytes-like) and returns the upper case of the complete characters so far.
    #[pyo3(signature = (piece, /))]
    fn push<'py>(&self, py: Python<'py>, piece: Bytes) -> Bound<'py, PyBytes> {
        let Bytes(piece) = piece;
        let push = || {
            let mut output = Vec::with_capacity(piece.len());
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(&piece, &mut output);
            output
        };
        PyBytes::new(py, &if piece.len() < DETACH_FROM { push() } else { py.detach(push) })
    }

    /// Ends the text and returns, unchanged, the bytes of an incomplete character. The stream can then
    /// be used for another text.
    fn finish<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut output = Vec::new();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish(&mut output);
        PyBytes::new(py, &output)
    }
}
