//! The threads that block in an accept or a receive on the server's own sockets, and how a stop ends that if the sockets
//! are shared: by a signal, since a shutdown(2) would end them for everybody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use slab::Slab;

use crate::net::Thread;

/// The longest pause between two signals: one may arrive just before the call that it is to end.
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
struct Entry {
    thread: Thread,
    /// Whether the thread blocks, or is about to.
    blocks: AtomicBool,
}

#[derive(Debug, Default, Clone)]
pub(in crate::server) struct BlockingThreads(Arc<Mutex<Slab<Arc<Entry>>>>);

impl BlockingThreads {
    fn lock(&self) -> MutexGuard<'_, Slab<Arc<Entry>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters the calling thread, until the result is dropped, which the same thread does.
    pub(in crate::server) fn enter(&self) -> BlockingThread {
        let entry = Arc::new(Entry { thread: Thread::current(), blocks: AtomicBool::new(false) });
        let key = self.lock().insert(Arc::clone(&entry));
        BlockingThread { entry, key, all: self.clone() }
    }

    /// Interrupts the threads that block until each has seen that a stop is requested, and has left.
    pub(in crate::server) fn interrupt_until_left(&self) {
        self.interrupt_until(|| self.lock().is_empty());
    }

    /// Interrupts the threads that block, again and again, until that is `enough`.
    pub(in crate::server) fn interrupt_until(&self, enough: impl Fn() -> bool) {
        let mut pause = Duration::from_micros(50);
        while !enough() {
            let entries = self.lock();
            for (_, entry) in entries.iter().filter(|(_, entry)| entry.blocks.load(Ordering::Relaxed)) {
                // SAFETY: the thread has not ended: it leaves before it does, for which it takes the lock.
                unsafe { entry.thread.interrupt() };
            }
            drop(entries);
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// A thread that blocks on the server's sockets, and checks for a stop between the calls.
#[derive(Debug)]
pub(in crate::server) struct BlockingThread {
    entry: Arc<Entry>,
    key: usize,
    all: BlockingThreads,
}

impl BlockingThread {
    /// Calls `call`, which may block. Only in here is the thread interrupted, but for a handler's first instructions.
    #[inline(always)]
    pub(in crate::server) fn block<T>(&self, call: impl FnOnce() -> T) -> T {
        self.entry.blocks.store(true, Ordering::Relaxed);
        let result = call();
        self.entry.blocks.store(false, Ordering::Relaxed);
        result
    }
}

impl Drop for BlockingThread {
    fn drop(&mut self) {
        self.all.lock().remove(self.key);
    }
}
