//! `uppercase` and `UppercaseStream`: the service without a network.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::arguments::{Bytes, Text};
use crate::errors::Result;

/// From this size on, the GIL is released; below, that would cost more than the call.
const DETACH_FROM: usize = 4096;

/// Returns the text in upper case, as the same type: str for str, bytes for a bytes-like object.
///
/// The mapping is Unicode's full case mapping, independent of the locale ("straße" becomes "STRASSE").
/// Bytes are decoded as UTF-8; bytes that are not valid UTF-8 stay unchanged.
#[pyfunction]
#[pyo3(signature = (text, /))]
pub(crate) fn uppercase(py: Python<'_>, text: Text) -> Result<Bound<'_, PyAny>> {
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
