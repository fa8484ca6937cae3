//! An object of Python that is made once.

use std::sync::OnceLock;

use pyo3::prelude::*;

/// The first object that was made for this place, which stays for good.
///
/// PyO3's cell is locked while its object is made, which takes calls into Python. If Python ends the thread
/// in one of those, or another thread forks the process meanwhile, the cell stays locked. Here two threads may
/// make the object at the same time, and the one that comes second drops its own.
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
            // The loser is dropped with the cell unlocked.
            drop(self.0.set(made));
        }
        Ok(self.0.get().expect("it was set above, and nothing takes it out").bind(py))
    }
}
