//! One call of a method, with its arguments as they came.

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use super::core_socket::InetSocket;
use super::hints;
use crate::once_object::OnceObject;
use capsock::net::Family;

/// Why a call did not succeed.
pub(super) enum Refusal {
    /// The arguments are wrong: `_socket.socket` says how.
    Arguments,
    /// This was raised.
    Raised(PyErr),
}

impl From<PyErr> for Refusal {
    fn from(raised: PyErr) -> Refusal {
        Refusal::Raised(raised)
    }
}

pub(super) type Outcome<T> = Result<T, Refusal>;

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

    /// Has the core make the call, or `_socket.socket` if the socket is not the core's.
    pub(super) fn run(
        &self,
        body: impl FnOnce(&Self, &InetSocket) -> Outcome<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(core) = self.core()? else { return self.by_base() };
        let core = core.get();
        let raised = match body(self, core) {
            Ok(value) => {
                hints::returned(self, &value);
                return Ok(value);
            }
            Err(Refusal::Raised(raised)) => raised,
            Err(Refusal::Arguments) => self.refused(core),
        };
        hints::failed(self, core, &raised);
        Err(raised)
    }

    fn core(&self) -> PyResult<Option<Bound<'py, InetSocket>>> {
        static NAME: OnceObject<PyString> = OnceObject::new();
        let py = self.py();
        let name = NAME.get_or_make(py, || Ok(PyString::intern(py, "_capsock_core")))?;
        // What a subclass has for __getattribute__() and __getattr__() is not asked for it.
        // SAFETY: both are objects, the GIL is held, and the result is a new reference or null with an exception set.
        let slot = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyObject_GenericGetAttr(self.this.as_ptr(), name.as_ptr()))
        };
        match slot {
            // None for other families.
            Ok(core) => Ok(core.cast_into_exact::<InetSocket>().ok()),
            // Not initialised, or taken down.
            Err(raised) if raised.is_instance_of::<PyAttributeError>(py) => Ok(None),
            Err(raised) => Err(raised),
        }
    }

    pub(super) fn by_base(&self) -> PyResult<Bound<'py, PyAny>> {
        let method = base(self.py())?.getattr(self.name)?;
        let mut args = vec![self.this.clone()];
        args.extend(self.args.iter());
        method.call(PyTuple::new(self.py(), args)?, self.keywords)
    }

    /// What `_socket.socket` raises for these arguments: a socket of it that has no descriptor, and can do nothing
    /// else with them, is given them.
    pub(super) fn refused(&self, core: &InetSocket) -> PyErr {
        let py = self.py();
        let refuse = || -> PyResult<()> {
            let method = without_descriptor(py, core.family())?.getattr(self.name)?;
            method.call(self.args, self.keywords).map(drop)
        };
        match refuse() {
            Err(raised) if !is_bad_descriptor(py, &raised) => raised,
            _ => PyTypeError::new_err(format!("{}(): wrong arguments", self.name)),
        }
    }

    /// Holds the number of arguments to a range; keywords are refused.
    pub(super) fn count(&self, least: usize, most: usize) -> Outcome<usize> {
        let count = self.args.len();
        let keywords = self.keywords.is_some_and(|keywords| !keywords.is_empty());
        if keywords || count < least || count > most { Err(Refusal::Arguments) } else { Ok(count) }
    }

    /// An argument; it is there by [`count`](Call::count).
    pub(super) fn argument(&self, index: usize) -> Outcome<Bound<'py, PyAny>> {
        self.args.get_item(index).map_err(|_| Refusal::Arguments)
    }

    /// A number, `default` if it was left out.
    pub(super) fn number<T>(&self, index: usize, default: T) -> Outcome<T>
    where
        T: for<'a> FromPyObject<'a, 'py>,
    {
        // Looked for by its index, what is not there would be an IndexError first.
        if index >= self.args.len() {
            return Ok(default);
        }
        self.args.get_borrowed_item(index)?.extract().map_err(|_| Refusal::Arguments)
    }
}

fn is_bad_descriptor(py: Python<'_>, raised: &PyErr) -> bool {
    let errno = raised.value(py).getattr("errno");
    errno.and_then(|errno| errno.extract::<i32>()).is_ok_and(|errno| errno == libc::EBADF)
}

/// `_socket.socket`.
pub(super) fn base(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static BASE: OnceObject<PyType> = OnceObject::new();
    BASE.get_or_make(py, || Ok(py.import("_socket")?.getattr("socket")?.cast_into()?))
}

fn without_descriptor(py: Python<'_>, family: Family) -> PyResult<Bound<'_, PyAny>> {
    static DEAD: [OnceObject<PyAny>; 2] = [const { OnceObject::new() }; 2];
    let (dead, family) = match family {
        Family::V4 => (&DEAD[0], libc::AF_INET),
        Family::V6 => (&DEAD[1], libc::AF_INET6),
    };
    let socket = dead.get_or_make(py, || {
        let socket = base(py)?.call1((family, libc::SOCK_DGRAM))?;
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
    // Exported by every Python from 3.8 on; part of the stable interface since 3.13.
    unsafe extern "C" {
        fn PySys_Audit(event: *const libc::c_char, format: *const libc::c_char, ...) -> libc::c_int;
    }
    // SAFETY: the format says two objects, which are given and live during the call; the GIL is held.
    let allowed = unsafe { PySys_Audit(event.as_ptr(), c"OO".as_ptr(), this.as_ptr(), what.as_ptr()) };
    if allowed < 0 { Err(PyErr::fetch(this.py())) } else { Ok(()) }
}
