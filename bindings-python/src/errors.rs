//! Converts errors of the core to Python exceptions, for the whole binding.
//!
//! The exceptions are built-in ones, with `errno` set, and `winerror` on Windows. `OSError` selects the subclass by that number, as for the standard
//! library's sockets.

use capsock::ErrorKind;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTimeoutError, PyUnicodeError, PyValueError};
use pyo3::prelude::*;

use crate::system::os_error_with_text;

/// Why a function of this package fails: an error of the core, or an exception of Python code that it called.
pub(crate) enum Error {
    Core(capsock::Error),
    Python(PyErr),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<capsock::Error> for Error {
    fn from(error: capsock::Error) -> Error {
        Error::Core(error)
    }
}

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Error {
        Error::Python(error)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        match error {
            Error::Core(error) => exception(&error),
            Error::Python(error) => error,
        }
    }
}

fn exception(error: &capsock::Error) -> PyErr {
    let text = error.to_string();
    match (error.kind(), error.errno(), error.gai_code()) {
        (ErrorKind::InvalidArgument, _, _) => PyValueError::new_err(text),
        (ErrorKind::InvalidText, _, _) => PyUnicodeError::new_err(text),
        (ErrorKind::Internal, _, _) => PyRuntimeError::new_err(text),
        (ErrorKind::NameNotResolved, _, Some(code)) => gaierror(code, text),
        (ErrorKind::TimedOut, Some(errno), _) => os_error_with_text::<PyTimeoutError>(errno, text),
        (_, Some(errno), _) => os_error_with_text::<PyOSError>(errno, text),
        (_, None, _) => PyOSError::new_err(text),
    }
}

/// `socket.gaierror`, imported from `_socket`: a file `socket.py` in the script's folder may shadow the module `socket`. If
/// the import fails, its exception is returned.
fn gaierror(code: i32, text: String) -> PyErr {
    Python::attach(|py| {
        let class = py.import("_socket").and_then(|module| module.getattr("gaierror"));
        class.and_then(|class| class.call1((code, text))).map_or_else(|error| error, PyErr::from_value)
    })
}

/// Raises the exception for the kind of error with that stable number. For the tests, which check the exception of every
/// kind.
#[pyfunction]
pub(crate) fn _raise_kind(number: i32) -> Result<()> {
    match ErrorKind::ALL.into_iter().find(|kind| kind.number() == number) {
        Some(kind) => Err(capsock::Error::new(kind, "do it", "it was asked to fail").into()),
        None => Ok(()),
    }
}

/// Panics. For the tests: a panic is an exception in Python.
#[pyfunction]
pub(crate) fn _panic() {
    panic!("it was asked to");
}
