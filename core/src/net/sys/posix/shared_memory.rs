//! Memory that forked children share (mmap(2)).

use std::ops::Deref;
use std::ptr::{self, NonNull};

use crate::net::sys::errno::{Errno, Sys};

/// A `T` in memory that this process shares with those that it forks off.
pub(crate) struct SharedMemory<T>(NonNull<T>);

/// Types for which memory of all zero bytes is a value, and that may be used from several
/// processes at once: structs of atomics.
///
/// # Safety
/// The implementer guarantees both.
pub(crate) unsafe trait Shareable: Sync {}

impl<T: Shareable> SharedMemory<T> {
    /// mmap(2), all zero.
    pub(crate) fn new() -> Sys<SharedMemory<T>> {
        // SAFETY: an anonymous mapping at an address of the kernel's choice overlaps nothing.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size_of::<T>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        NonNull::new(address.cast()).map(SharedMemory).ok_or(Errno(libc::ENOMEM))
    }
}

impl<T> Deref for SharedMemory<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the mapping is page-aligned, as long as T, zero is a T (Shareable), and it lives as long as self.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for SharedMemory<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and no reference to it outlives it.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<T>()) };
    }
}

// SAFETY: the mapping is reached through shared references alone, and T is Sync.
unsafe impl<T: Shareable> Send for SharedMemory<T> {}
// SAFETY: as above.
unsafe impl<T: Shareable> Sync for SharedMemory<T> {}
