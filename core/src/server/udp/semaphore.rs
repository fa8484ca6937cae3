//! A counting semaphore. It bounds the number of datagrams that are answered at once, where more threads than that
//! receive: each address of a server has as many threads as there are workers.

use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Semaphore {
    /// The free permits less the waiting threads.
    free: AtomicIsize,
    /// Permits released to waiting threads that have not resumed yet.
    released: Mutex<usize>,
    on_release: Condvar,
}

/// Released when it is dropped.
pub(super) struct Permit<'a>(&'a Semaphore);

impl Semaphore {
    pub(super) fn new(count: usize) -> Semaphore {
        let free = AtomicIsize::new(isize::try_from(count).unwrap_or(isize::MAX));
        Semaphore { free, released: Mutex::new(0), on_release: Condvar::new() }
    }

    /// Acquires a permit, and blocks while there is none.
    #[inline]
    pub(super) fn acquire(&self) -> Permit<'_> {
        if self.free.fetch_sub(1, Ordering::Acquire) <= 0 {
            self.wait();
        }
        Permit(self)
    }

    #[cold]
    fn wait(&self) {
        let wait = self.on_release.wait_while(self.lock(), |released| *released == 0);
        *wait.unwrap_or_else(PoisonError::into_inner) -= 1;
    }

    #[cold]
    fn wake_one(&self) {
        *self.lock() += 1;
        self.on_release.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.released.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.free.fetch_add(1, Ordering::Release) < 0 {
            self.0.wake_one();
        }
    }
}
