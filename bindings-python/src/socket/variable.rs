//! The caller's name for a socket: which variable it is in.
//!
//! Nothing of the program's is run for it, and nothing changes: names are compared by identity, and the variables of a
//! function are read from Python 3.13 on alone. Before, reading them makes copies that keep the objects alive (PEP 667).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use capsock::trace::Variable;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The functions that are looked at: the caller, and those that have called it.
const FRAMES: usize = 4;

/// The names of `capsock.socket`: its own, and that of the module which it stands for in a script that is run unchanged.
const MODULE: [&str; 2] = ["capsock.socket", "socket"];

/// The calls in which a socket's name is looked for. It may have none, as one of a list.
const ATTEMPTS: u8 = 8;

/// The name of a socket, once it is found.
#[derive(Default)]
pub(super) struct VariableName {
    found: OnceLock<Variable>,
    attempts: AtomicU8,
}

impl VariableName {
    /// The name of `socket`, the object that a method is called on.
    #[cold]
    pub(super) fn of(&self, socket: &Bound<'_, PyAny>) -> Option<Variable> {
        if self.found.get().is_none() && self.attempts.load(Ordering::Relaxed) < ATTEMPTS {
            self.attempts.fetch_add(1, Ordering::Relaxed);
            if let Some(name) = find(socket).ok().flatten() {
                let _ = self.found.set(name);
            }
        }
        self.found.get().copied()
    }
}

fn find(socket: &Bound<'_, PyAny>) -> PyResult<Option<Variable>> {
    let py = socket.py();
    let scopes: &[_] = if py.version_info() >= (3, 13) { &["f_locals", "f_globals"] } else { &["f_globals"] };
    // SAFETY: the GIL is held; the frame is borrowed, or null if no Python code runs.
    let mut frame = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast()) };
    for _ in 0..FRAMES {
        let Some(function) = frame.filter(|frame| !frame.is_none()) else { break };
        let is_own = is_of_this_module(&function.getattr("f_globals")?);
        for scope in scopes.iter().filter(|_| !is_own) {
            if let Some(name) = name_in(&function.getattr(scope)?, socket)? {
                return Ok(Variable::new(&name));
            }
        }
        frame = Some(function.getattr("f_back")?);
    }
    Ok(None)
}

/// Whether the function is one of `capsock.socket`, such as `create_connection()`, which the program has not written.
fn is_of_this_module(globals: &Bound<'_, PyAny>) -> bool {
    let name = globals.cast::<PyDict>().ok().and_then(|globals| globals.get_item("__name__").ok()?);
    name.and_then(|name| name.extract::<String>().ok()).is_some_and(|name| MODULE.contains(&&*name))
}

/// The first variable that is the socket, or the first attribute of `self`.
fn name_in(variables: &Bound<'_, PyAny>, socket: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let mut this = None;
    for item in items(variables)?.try_iter()? {
        let (name, value) = item?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        let Ok(name) = name.extract::<String>() else { continue };
        if name == "self" {
            this = Some(value);
        } else if value.is(socket) {
            return Ok(Some(name));
        }
    }
    let Some(attributes) = this.and_then(|this| attributes(&this)) else { return Ok(None) };
    for item in items(&attributes)?.try_iter()? {
        let (name, value) = item?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        if value.is(socket) {
            return Ok(Some(format!("self.{}", name.extract::<String>()?)));
        }
    }
    Ok(None)
}

/// The pairs of a mapping: a dictionary's are a copy, which other threads do not change.
fn items<'py>(mapping: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match mapping.cast::<PyDict>() {
        Ok(dictionary) => Ok(dictionary.items().into_any()),
        Err(_) => mapping.call_method0("items"),
    }
}

/// The attributes of an object, without those of its class: the generic lookup runs nothing of the program's.
fn attributes<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let name = PyString::intern(object.py(), "__dict__");
    // SAFETY: both are objects, the GIL is held, and the result is a new reference or null with an exception set.
    let found = unsafe {
        let found = ffi::PyObject_GenericGetAttr(object.as_ptr(), name.as_ptr());
        Bound::from_owned_ptr_or_err(object.py(), found)
    };
    found.ok()
}
