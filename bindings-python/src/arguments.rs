//! Types of arguments. Their types are checked here, their values in the core.

use std::str::FromStr;
use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyEllipsis, PyMemoryView, PyString};

use crate::errors::{Error, Result};

/// An optional argument whose default is the core's, shown as `...` in the signature.
pub(crate) enum OrDefault<T> {
    Default,
    Value(T),
}

impl<T> OrDefault<T> {
    pub(crate) fn unwrap_or(self, default: T) -> T {
        match self {
            OrDefault::Default => default,
            OrDefault::Value(value) => value,
        }
    }
}

impl<'a, 'py, T: FromPyObject<'a, 'py>> FromPyObject<'a, 'py> for OrDefault<T> {
    type Error = T::Error;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> std::result::Result<Self, T::Error> {
        if object.is(PyEllipsis::get(object.py())) {
            Ok(OrDefault::Default)
        } else {
            object.extract().map(OrDefault::Value)
        }
    }
}

/// A port. A number outside 0 to 65535 raises OverflowError, as in the module `socket`.
pub(crate) struct Port(pub(crate) u16);

impl<'py> FromPyObject<'_, 'py> for Port {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let number = match object.extract::<i64>() {
            Err(error) if !error.is_instance_of::<PyOverflowError>(object.py()) => return Err(error),
            other => other.ok(),
        };
        match number.map(u16::try_from) {
            Some(Ok(port)) => Ok(Port(port)),
            _ => Err(PyOverflowError::new_err("port must be 0-65535.")),
        }
    }
}

/// An unsigned integer.
pub(crate) struct Count<T>(pub(crate) T);

impl<'py, T: TryFrom<u64>> FromPyObject<'_, 'py> for Count<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let number = match object.extract::<u64>() {
            Err(error) if !error.is_instance_of::<PyOverflowError>(object.py()) => return Err(error),
            other => other.ok(),
        };
        match number.map(T::try_from) {
            Some(Ok(number)) => Ok(Count(number)),
            _ => {
                let most = u64::MAX >> (u64::BITS - 8 * size_of::<T>() as u32);
                Err(PyValueError::new_err(format!("{} is not one of 0 to {most}", object.str()?)))
            }
        }
    }
}

/// A choice by its name: `"tcp"`, `"threads"`, `"line"`.
pub(crate) struct Named<T>(pub(crate) T);

impl<'py, T: FromStr<Err = capsock::Error>> FromPyObject<'_, 'py> for Named<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let name = object.extract::<PyBackedStr>()?;
        Ok(Named(name.parse().map_err(Error::Core)?))
    }
}

/// A timeout: seconds, or `None` for no limit.
pub(crate) struct Seconds(pub(crate) Option<f64>);

impl Seconds {
    /// The duration; `what` names the argument in an error's text.
    pub(crate) fn limit(&self, what: &str) -> Result<Option<Duration>> {
        match self.0 {
            Some(seconds) => Ok(capsock::net::timeout::from_seconds(what, seconds)?),
            None => Ok(None),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object.extract().map(Seconds)
    }
}

impl OrDefault<Seconds> {
    /// The duration, or `default` if the argument was left out.
    pub(crate) fn limit_or(self, what: &str, default: Option<Duration>) -> Result<Option<Duration>> {
        match self {
            OrDefault::Default => Ok(default),
            OrDefault::Value(seconds) => seconds.limit(what),
        }
    }
}

impl OrDefault<f64> {
    /// The time of this many seconds, or `default` if the argument was left out.
    pub(crate) fn time_or(self, what: &str, default: Duration) -> Result<Duration> {
        match self {
            OrDefault::Default => Ok(default),
            // Infinity becomes the longest time, which the core checks.
            OrDefault::Value(seconds) => {
                Ok(capsock::net::timeout::from_seconds(what, seconds)?.unwrap_or(Duration::MAX))
            }
        }
    }
}

/// The bytes of a bytes-like object: shared if they are immutable, copied otherwise.
pub(crate) struct Bytes(pub(crate) PyBackedBytes);

impl<'py> FromPyObject<'_, 'py> for Bytes {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.extract::<PyBackedBytes>() {
            return Ok(Bytes(bytes));
        }
        // In the stable ABI of Python 3.9, only memoryview has the buffer protocol.
        let copy = PyMemoryView::from(&object)?.call_method0("tobytes")?;
        Ok(Bytes(copy.extract::<PyBackedBytes>().map_err(PyErr::from)?))
    }
}

/// Text, as `str` or as bytes. The reply has the same type.
pub(crate) enum Text {
    Str(PyBackedStr),
    Bytes(Bytes),
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        match self {
            Text::Str(text) => text.as_bytes(),
            Text::Bytes(Bytes(bytes)) => bytes,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return object.extract().map(Text::Str);
        }
        object.extract().map(Text::Bytes).map_err(|error: PyErr| {
            if !error.is_instance_of::<PyTypeError>(object.py()) {
                return error;
            }
            match object.get_type().name() {
                Ok(name) => PyTypeError::new_err(format!("expected str or a bytes-like object, not {name}")),
                Err(error) => error,
            }
        })
    }
}
