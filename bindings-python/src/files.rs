//! Python's binary file objects as the input and output of a copy.

use std::io::{Error, Read, Result, Write};

use pyo3::exceptions::{PyBlockingIOError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::Bytes;
use crate::blocking::raise_later;

/// Reads from an object that has `read1` or `read`.
pub(crate) struct Input {
    read: Py<PyAny>,
}

impl Input {
    /// `read1` returns the bytes available, where `read` of a buffered file waits for all bytes asked for.
    pub(crate) fn new(file: &Bound<'_, PyAny>) -> PyResult<Input> {
        let read = match file.getattr_opt("read1")? {
            Some(read) => read,
            None => file.getattr("read")?,
        };
        Ok(Input { read: read.unbind() })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        python(|py| {
            let chunk = self.read.bind(py).call1((buffer.len(),))?;
            if chunk.is_none() {
                return Err(PyBlockingIOError::new_err("the input is non-blocking and has nothing to read"));
            }
            let Bytes(chunk) = chunk.extract().map_err(|_: PyErr| {
                PyTypeError::new_err("the input must be a binary file: its read() gave no bytes")
            })?;
            match buffer.get_mut(..chunk.len()) {
                Some(place) => place.copy_from_slice(&chunk),
                None => {
                    return Err(PyValueError::new_err(
                        "the input's read() gave more bytes than it was asked for",
                    ));
                }
            }
            Ok(chunk.len())
        })
    }
}

/// Writes to an object that has `write`.
pub(crate) struct Output {
    write: Py<PyAny>,
    flush: Option<Py<PyAny>>,
    /// An `io.RawIOBase`, whose `write` returns `None` if it wrote nothing. For other objects, `None` means that all was
    /// written.
    raw: bool,
}

impl Output {
    pub(crate) fn new(file: &Bound<'_, PyAny>) -> PyResult<Output> {
        let raw = file.is_instance(&file.py().import("io")?.getattr("RawIOBase")?)?;
        let flush = file.getattr_opt("flush")?.map(Bound::unbind);
        Ok(Output { write: file.getattr("write")?.unbind(), flush, raw })
    }
}

impl Write for Output {
    fn write(&mut self, chunk: &[u8]) -> Result<usize> {
        python(|py| {
            let written = self.write.bind(py).call1((PyBytes::new(py, chunk),))?;
            match written.extract::<Option<usize>>()? {
                Some(count) if count <= chunk.len() => Ok(count),
                Some(_) => {
                    Err(PyValueError::new_err("the output's write() took more bytes than it was given"))
                }
                None if self.raw => {
                    Err(PyBlockingIOError::new_err("the output is non-blocking and takes nothing"))
                }
                None => Ok(chunk.len()),
            }
        })
    }

    fn flush(&mut self) -> Result<()> {
        match &self.flush {
            Some(flush) => python(|py| flush.bind(py).call0().map(drop)),
            None => Ok(()),
        }
    }
}

/// Runs `act` with the GIL held. The blocking call of this thread raises its exception.
fn python<R>(act: impl FnOnce(Python<'_>) -> PyResult<R>) -> Result<R> {
    match Python::try_attach(act) {
        Some(Ok(result)) => Ok(result),
        Some(Err(raised)) => {
            raise_later(raised);
            Err(Error::other("the Python file object raised an exception"))
        }
        None => Err(Error::other("the Python interpreter exits")),
    }
}
