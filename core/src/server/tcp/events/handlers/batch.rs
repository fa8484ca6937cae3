//! The events that a thread of the pool takes from the kernel at once, which saves a system call for each.
//!
//! A thread takes as many as, by the last ones, it handles within [`BATCH_TIME`]. If the handler takes longer after all,
//! the acceptor gives those that are left to the other threads: it looks every [`WATCH_INTERVAL`] while there are any.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::net::{Event, Selector};

/// The time within which a batch should be handled: so long may an event wait for a thread while others are idle.
const BATCH_TIME: Duration = Duration::from_micros(100);

/// The most events of a batch. If those of a batch that are handled already are watched only after it, a slow handler
/// would keep them waiting.
pub(super) const MAX_BATCH: usize = if Selector::REPORTS_BETWEEN_WAITS { 16 } else { 1 };

/// The interval at which it is checked that each thread gets on with its batch. An event waits for a slow handler for
/// at most two of them.
pub(super) const WATCH_INTERVAL: Duration = Duration::from_millis(2);

/// The events that a thread has taken and not begun.
#[derive(Default)]
pub(super) struct Batch {
    rest: Mutex<VecDeque<Event>>,
    /// Counts the batches and events that the thread began.
    begun: AtomicU64,
}

impl Batch {
    fn rest(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread begins a batch, of which these are left.
    pub(super) fn begin(&self, rest: impl Iterator<Item = Event>) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.rest().extend(rest);
    }

    /// The event that the thread begins next.
    pub(super) fn next(&self) -> Option<Event> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.rest().pop_front()
    }
}

/// How many events a thread takes at once.
pub(super) struct BatchSize(usize);

impl BatchSize {
    pub(super) fn new() -> BatchSize {
        BatchSize(1)
    }

    pub(super) fn get(&self) -> usize {
        self.0
    }

    /// Adapts the size after a batch of `count` events that was begun at `start`.
    pub(super) fn adapt(&mut self, count: usize, start: Instant) {
        if count == 1 && self.0 > 1 {
            return;
        }
        let each = start.elapsed() / count as u32;
        let fitting = BATCH_TIME.as_nanos() / each.as_nanos().max(1);
        self.0 = usize::try_from(fitting).unwrap_or(MAX_BATCH).clamp(1, MAX_BATCH.min(2 * self.0));
    }
}

/// Watches over the batches of all threads, for the acceptor.
pub(super) struct BatchWatch {
    /// What each thread had begun when it was last looked at.
    begun: Vec<u64>,
}

impl BatchWatch {
    pub(super) fn new(batches: &[Batch]) -> BatchWatch {
        BatchWatch { begun: vec![0; batches.len()] }
    }

    /// The events of threads that began nothing since the last look.
    pub(super) fn take_over(&mut self, batches: &[Batch]) -> Vec<Event> {
        let mut taken = Vec::new();
        for (batch, before) in batches.iter().zip(&mut self.begun) {
            let begun = batch.begun.load(Ordering::Relaxed);
            if begun == *before {
                taken.extend(batch.rest().drain(..));
            }
            *before = begun;
        }
        taken
    }
}

/// Whether a thread has events that it has not begun.
pub(super) fn any(batches: &[Batch]) -> bool {
    batches.iter().any(|batch| !batch.rest().is_empty())
}
