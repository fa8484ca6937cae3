//! The service without a network: `uppercase`, and the same for text in pieces.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::arguments::{Bytes, Text};
use crate::errors::Result;

/// From this size on other threads run meanwhile; below, handing the GIL over costs more.
const DETACH_FROM: usize = 4096;

/// Returns the text in upper case, as the same kind: str for str, bytes for a bytes-like object.
///
/// The mapping is Unicode's full one, independent of the locale ("straße" becomes "STRASSE").
/// Bytes are taken as UTF-8; what is not valid UTF-8 passes through unchanged.
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

/// Upper-cases UTF-8 text that comes in pieces, cut anywhere.
///
/// A character that is cut in two is held (3 bytes at most) until it is whole. Any way of cutting
/// the input gives the same output.
#[pyclass(module = "capsock", frozen)]
#[derive(Default)]
pub(crate) struct UppercaseStream(Mutex<capsock::UppercaseStream>);

#[pymethods]
impl UppercaseStream {
    #[new]
    fn new() -> UppercaseStream {
        UppercaseStream::default()
    }

    /// Takes a piece (bytes-like) and returns the upper case of what is complete so far.
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

    /// Ends the text and returns, unchanged, the bytes of a character that never became whole.
    /// The stream is then at a beginning again.
    fn finish<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut output = Vec::new();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish(&mut output);
        PyBytes::new(py, &output)
    }
}
