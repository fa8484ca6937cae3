//! A cell for a Python object that is made once.

use std::sync::OnceLock;

use pyo3::prelude::*;

/// A Python object that is made on first use and kept until the process exits.
///
/// PyO3's cell is locked while Python code makes the object. If Python ends the thread in that code, or another thread
/// forks the process, the cell stays locked. Here, two threads may make the object at the same time; the second drops
/// its own.
pub(crate) struct OnceObject<T>(OnceLock<Py<T>>);

impl<T> OnceObject<T> {
    pub(crate) const fn new() -> OnceObject<T> {
        OnceObject(OnceLock::new())
    }

    pub(crate) fn get_or_make<'py>(
        &self,
        py: Python<'py>,
        make: impl FnOnce() -> PyResult<Bound<'py, T>>,
    ) -> PyResult<&Bound<'py, T>> {
        if self.0.get().is_none() {
            let made = make()?.unbind();
            // If another thread was first, this object is dropped with the cell unlocked.
            drop(self.0.set(made));
        }
        Ok(self.0.get().expect("it was set above, and nothing takes it out").bind(py))
    }
}
