//! One call of a method, with its arguments as Python passed them.

use capsock::net::Family;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::once_object::OnceObject;
use crate::symbols::AUDIT;
use crate::system::{AF_INET, AF_INET6, EBADF, SOCK_DGRAM};

/// Why a call did not succeed.
pub(super) enum CallError {
    /// The arguments are wrong. `_socket.socket` raises the exception: see [`Call::base_error`].
    WrongArguments,
    Raised(PyErr),
}

impl From<PyErr> for CallError {
    fn from(raised: PyErr) -> CallError {
        CallError::Raised(raised)
    }
}

pub(super) type CallResult<T> = Result<T, CallError>;

pub(super) struct Call<'a, 'py> {
    pub(super) this: &'a Bound<'py, PyAny>,
    pub(super) name: &'static str,
    pub(super) args: &'a Bound<'py, PyTuple>,
    pub(super) keywords: Option<&'a Bound<'py, PyDict>>,
}

impl<'py> Call<'_, 'py> {
    pub(super) fn py(&self) -> Python<'py> {
        self.this.py()
    }

    /// Has `_socket.socket` make the call.
    pub(super) fn call_base(&self) -> PyResult<Bound<'py, PyAny>> {
        let method = base(self.py())?.getattr(self.name)?;
        let mut args = vec![self.this.clone()];
        args.extend(self.args.iter());
        method.call(PyTuple::new(self.py(), args)?, self.keywords)
    }

    /// The exception that `_socket.socket` raises for these arguments. A closed socket of that class gets them: it
    /// checks the arguments first, and can do nothing with them.
    pub(super) fn base_error(&self, family: Family) -> PyErr {
        let py = self.py();
        let call_closed = || -> PyResult<()> {
            let method = closed_socket(py, family)?.getattr(self.name)?;
            method.call(self.args, self.keywords).map(drop)
        };
        match call_closed() {
            Err(raised) if !is_bad_descriptor(py, &raised) => raised,
            _ => PyTypeError::new_err(format!("{}(): wrong arguments", self.name)),
        }
    }

    /// Checks that the number of arguments is in a range and that there are no keywords; returns the number.
    pub(super) fn count(&self, least: usize, most: usize) -> CallResult<usize> {
        let count = self.args.len();
        let keywords = self.keywords.is_some_and(|keywords| !keywords.is_empty());
        if keywords || count < least || count > most { Err(CallError::WrongArguments) } else { Ok(count) }
    }

    /// An argument that [`count`](Call::count) has found to be there.
    pub(super) fn argument(&self, index: usize) -> CallResult<Bound<'py, PyAny>> {
        self.args.get_item(index).map_err(|_| CallError::WrongArguments)
    }

    /// A number, `default` if it was left out.
    pub(super) fn number<T>(&self, index: usize, default: T) -> CallResult<T>
    where
        T: for<'a> FromPyObject<'a, 'py>,
    {
        // Asked for by index alone, a missing argument would raise IndexError first.
        if index >= self.args.len() {
            return Ok(default);
        }
        self.args.get_borrowed_item(index)?.extract().map_err(|_| CallError::WrongArguments)
    }
}

fn is_bad_descriptor(py: Python<'_>, raised: &PyErr) -> bool {
    let errno = raised.value(py).getattr("errno");
    errno.and_then(|errno| errno.extract::<i32>()).is_ok_and(|errno| errno == EBADF)
}

/// `_socket.socket`.
pub(super) fn base(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static BASE: OnceObject<PyType> = OnceObject::new();
    BASE.get_or_make(py, || Ok(py.import("_socket")?.getattr("socket")?.cast_into()?))
}

fn closed_socket(py: Python<'_>, family: Family) -> PyResult<Bound<'_, PyAny>> {
    static CLOSED: [OnceObject<PyAny>; 2] = [const { OnceObject::new() }; 2];
    let (closed, family) = match family {
        Family::V4 => (&CLOSED[0], AF_INET),
        Family::V6 => (&CLOSED[1], AF_INET6),
    };
    let socket = closed.get_or_make(py, || {
        let socket = base(py)?.call1((family, SOCK_DGRAM))?;
        socket.call_method0("close")?;
        Ok(socket)
    })?;
    Ok(socket.clone())
}

/// sys.audit(), for an event with two arguments.
pub(super) fn audit(
    event: &'static std::ffi::CStr,
    this: &Bound<'_, PyAny>,
    what: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let Some(audit) = AUDIT.get() else {
        let event = event.to_str().expect("the names of events are ASCII");
        return this.py().import("sys")?.call_method1("audit", (event, this, what)).map(drop);
    };
    // SAFETY: the format names two objects, which are passed and live during the call; the GIL is held.
    let allowed = unsafe { audit(event.as_ptr(), c"OO".as_ptr(), this.as_ptr(), what.as_ptr()) };
    if allowed < 0 { Err(PyErr::fetch(this.py())) } else { Ok(()) }
}
