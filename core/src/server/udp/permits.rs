//! How many datagrams of a server are answered at once, where more threads than that receive: each address has
//! as many as there are workers.

use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Permits {
    /// Those that are free, less those who wait for one.
    free: AtomicIsize,
    /// Given back for those who wait.
    passed_on: Mutex<usize>,
    passing: Condvar,
}

/// One of them, until it is dropped.
pub(super) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(super) fn new(count: usize) -> Permits {
        let free = AtomicIsize::new(isize::try_from(count).unwrap_or(isize::MAX));
        Permits { free, passed_on: Mutex::new(0), passing: Condvar::new() }
    }

    /// Waits for one.
    #[inline]
    pub(super) fn take(&self) -> Permit<'_> {
        if self.free.fetch_sub(1, Ordering::Acquire) <= 0 {
            self.wait();
        }
        Permit(self)
    }

    #[cold]
    fn wait(&self) {
        let wait = self.passing.wait_while(self.lock(), |passed_on| *passed_on == 0);
        *wait.unwrap_or_else(PoisonError::into_inner) -= 1;
    }

    #[cold]
    fn pass_on(&self) {
        *self.lock() += 1;
        self.passing.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.passed_on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.free.fetch_add(1, Ordering::Release) < 0 {
            self.0.pass_on();
        }
    }
}
