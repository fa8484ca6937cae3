//! A thread that reports the receives which have waited for long.
//!
//! It starts with the first receive that is watched, ends after a while without one, and never runs across a fork.
//! While a fork is about to happen, the list changes only in attached threads, and fork() finds none of them in the middle
//! of that: the child finds the lock released.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::history::StallReason;
use super::observer;
use crate::callback;
use crate::system::block_signals;

/// How long a receive waits before it is reported.
pub(super) const STALL_TIME: Duration = Duration::from_secs(5);

struct Entry {
    id: u64,
    due: Instant,
    call: &'static str,
    reason: StallReason,
}

struct State {
    /// In the order in which they are due.
    entries: Vec<Entry>,
    last: u64,
    running: bool,
    /// The forks that are about to happen: several threads may fork at the same time.
    forks: usize,
    thread: Option<JoinHandle<()>>,
}

static STATE: Mutex<State> =
    Mutex::new(State { entries: Vec::new(), last: 0, running: false, forks: 0, thread: None });
static PAUSED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A receive is watched until this is dropped.
pub(super) struct Watchdog(u64);

impl Watchdog {
    pub(super) fn new(call: &'static str, reason: StallReason) -> Watchdog {
        let mut state = state();
        state.last += 1;
        let id = state.last;
        // The thread need not be woken: it reads the list again within the stall time.
        state.entries.push(Entry { id, due: Instant::now() + STALL_TIME, call, reason });
        state.start();
        Watchdog(id)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        state().entries.retain(|entry| entry.id != self.0);
    }
}

impl State {
    /// Starts the thread unless it runs. If the system refuses one, nothing is reported.
    fn start(&mut self) {
        if self.running || self.forks > 0 || self.entries.is_empty() {
            return;
        }
        self.thread = Builder::new().name("capsock hints".into()).spawn(run).ok();
        self.running = self.thread.is_some();
    }
}

fn run() {
    block_signals();
    let mut state = state();
    let mut idle_since = Instant::now();
    loop {
        if state.forks > 0 {
            // The thread that forks joins this one, and then says that it does not run.
            return;
        }
        let now = Instant::now();
        let wait = match state.entries.first() {
            Some(entry) if entry.due <= now => {
                let entry = state.entries.remove(0);
                drop(state);
                callback::attach(|py| observer::report_stall(py, entry.reason, entry.call));
                // This thread has a Python thread state now, with which calls would let go of the GIL: a new one goes on.
                state = self::state();
                if state.forks == 0 {
                    state.running = false;
                    state.start();
                }
                return;
            }
            Some(entry) => {
                idle_since = now;
                entry.due - now
            }
            None => STALL_TIME.saturating_sub(now - idle_since),
        };
        if wait.is_zero() {
            break;
        }
        state = PAUSED.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
    }
    state.running = false;
}

/// Before a fork: ends the thread, so that neither the system nor Python counts it among the program's.
#[pyfunction]
pub(crate) fn _pause_watchdog(py: Python<'_>) {
    let thread = {
        let mut state = state();
        state.forks += 1;
        state.thread.take()
    };
    PAUSED.notify_all();
    if let Some(thread) = thread {
        // It may be in a report, for which it needs the GIL.
        let _ = py.detach(|| thread.join());
        state().running = false;
    }
    // Another thread that forks may be the one that joins it.
    while state().running {
        py.detach(std::thread::yield_now);
    }
}

/// After a fork: the parent watches its receives again; the child has none.
#[pyfunction]
#[pyo3(signature = (child, /))]
pub(crate) fn _resume_watchdog(child: bool) {
    let mut state = state();
    state.forks = if child { 0 } else { state.forks.saturating_sub(1) };
    if child {
        state.entries.clear();
        state.running = false;
    }
    state.start();
}
