//! The threads of a server: how many run, and when the last one has ended.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::net::{Errno, WaitError, WaitOptions, Waker, wait_readable};

/// How many threads count without sharing a cache line with another one; further ones share those of the first.
pub(super) const STRIPES: usize = 16;

thread_local! {
    /// The server that this thread works for, by the address of its threads; null on the host's threads.
    static SERVER: Cell<*const Threads> = const { Cell::new(ptr::null()) };
    /// See [`number`].
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// The number of this thread among those of its server, from 0 in the order of their start; 0 on the host's threads.
#[inline]
pub(super) fn number() -> usize {
    NUMBER.get()
}

pub(super) struct Threads {
    running: AtomicUsize,
    /// How many have been started.
    started: AtomicUsize,
    finished: Waker,
}

impl Threads {
    pub(super) fn new() -> Result<Threads, Errno> {
        Ok(Threads { running: AtomicUsize::new(0), started: AtomicUsize::new(0), finished: Waker::new()? })
    }

    /// Counts a thread that is about to start.
    pub(super) fn add(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a thread that has ended; the last one ends [`wait_finished`](Threads::wait_finished).
    pub(super) fn remove(&self) {
        if self.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finished.notify();
        }
    }

    /// Whether one thread runs.
    pub(super) fn is_one(&self) -> bool {
        self.running.load(Ordering::Acquire) == 1
    }

    /// Marks the calling thread as one of these.
    pub(super) fn enter(&self) {
        SERVER.set(self);
        NUMBER.set(self.started.fetch_add(1, Ordering::Relaxed));
    }

    /// Whether the calling thread is one of these, as a handler's is.
    pub(super) fn contains_current(&self) -> bool {
        ptr::eq(SERVER.get(), self)
    }

    /// Waits until the last thread has ended.
    pub(super) fn wait_finished(&self, options: WaitOptions<'_>) -> Result<(), WaitError> {
        wait_readable(self.finished.fd(), options)
    }
}
