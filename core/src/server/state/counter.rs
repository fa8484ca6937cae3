//! A counter that threads and processes share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug, Default)]
pub(in crate::server) struct Counter(AtomicU64);

impl Counter {
    pub(in crate::server) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Relaxed);
    }

    /// Adds 1 and returns the sum, which no other thread gets.
    pub(in crate::server) fn next(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }

    pub(in crate::server) fn subtract(&self, amount: u64) {
        self.0.fetch_sub(amount, Relaxed);
    }

    pub(in crate::server) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
