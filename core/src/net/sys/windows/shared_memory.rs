//! Memory that forked children would share: there are none.

use std::ops::Deref;

use crate::net::sys::errno::Sys;

/// A `T` of this process.
pub(crate) struct SharedMemory<T: Shareable>(Box<T>);

/// Types for which memory of all zero bytes is a value, and that may be used from several threads at once: structs of
/// atomics.
///
/// # Safety
/// The implementer guarantees both.
pub(crate) unsafe trait Shareable: Sync {}

impl<T: Shareable> SharedMemory<T> {
    /// Memory of all zero bytes.
    #[allow(clippy::unnecessary_wraps, reason = "that of Unix can fail")]
    pub(crate) fn new() -> Sys<SharedMemory<T>> {
        // SAFETY: zero is a T (Shareable).
        Ok(SharedMemory(unsafe { Box::<T>::new_zeroed().assume_init() }))
    }
}

impl<T: Shareable> Deref for SharedMemory<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
