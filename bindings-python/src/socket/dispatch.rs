//! Which class makes a call: the core's socket, or `_socket.socket`.

use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::call::{Call, CallError, CallResult};
use super::core_socket::InetSocket;
use super::hints;
use crate::once_object::OnceObject;

impl<'py> Call<'_, 'py> {
    /// Has the core make the call, or `_socket.socket` if the socket is not the core's.
    pub(super) fn run(
        &self,
        body: impl FnOnce(&Self, &InetSocket) -> CallResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(core) = self.core()? else { return self.call_base() };
        let core = core.get();
        let raised = match core.named(self.this, || body(self, core)) {
            Ok(value) => {
                hints::returned(self, &value);
                return Ok(value);
            }
            Err(CallError::Raised(raised)) => raised,
            Err(CallError::WrongArguments) => self.base_error(core.family()),
        };
        hints::failed(self, core, &raised);
        Err(raised)
    }

    fn core(&self) -> PyResult<Option<Bound<'py, InetSocket>>> {
        static NAME: OnceObject<PyString> = OnceObject::new();
        let py = self.py();
        let name = NAME.get_or_make(py, || Ok(PyString::intern(py, "_capsock_core")))?;
        // The generic lookup ignores the __getattribute__() and __getattr__() of a subclass.
        // SAFETY: both are objects, the GIL is held, and the result is a new reference or null with an exception set.
        let slot = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyObject_GenericGetAttr(self.this.as_ptr(), name.as_ptr()))
        };
        match slot {
            // None for other families.
            Ok(core) => Ok(core.cast_into_exact::<InetSocket>().ok()),
            // __init__() has not run, or the interpreter takes the object apart.
            Err(raised) if raised.is_instance_of::<PyAttributeError>(py) => Ok(None),
            Err(raised) => Err(raised),
        }
    }
}
