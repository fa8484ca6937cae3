//! Receives that have waited for long are reported by a thread beside them: the calls themselves know nothing of it.
//!
//! The thread starts when a receive asks for it, ends after a while without one, and never runs across a fork.
//! Whoever holds the GIL changes the list, so that a fork, which holds it as well, finds the lock released.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::hints;
use super::story::Silence;
use crate::callback;

/// After so long without data it is time to say what may be missing.
pub(super) const LONG: Duration = Duration::from_secs(5);

struct Entry {
    id: u64,
    due: Instant,
    call: &'static str,
    silence: Silence,
}

struct State {
    /// In the order in which they are due.
    entries: Vec<Entry>,
    last: u64,
    running: bool,
    /// A fork is at hand.
    paused: bool,
    thread: Option<JoinHandle<()>>,
}

static STATE: Mutex<State> =
    Mutex::new(State { entries: Vec::new(), last: 0, running: false, paused: false, thread: None });
static PAUSED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A receive that is watched until this is dropped.
pub(super) struct Watch(u64);

impl Watch {
    pub(super) fn new(call: &'static str, silence: Silence) -> Watch {
        let mut state = state();
        state.last += 1;
        let id = state.last;
        // The thread need not be woken: it looks at the list more often than every so long.
        state.entries.push(Entry { id, due: Instant::now() + LONG, call, silence });
        state.start();
        Watch(id)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        state().entries.retain(|entry| entry.id != self.0);
    }
}

impl State {
    /// Starts the thread if there is none. Where the system refuses one, there are no hints.
    fn start(&mut self) {
        if self.running || self.paused || self.entries.is_empty() {
            return;
        }
        self.thread = Builder::new().name("capsock hints".into()).spawn(watch).ok();
        self.running = self.thread.is_some();
    }
}

fn watch() {
    without_signals();
    let mut state = state();
    let mut idle_since = Instant::now();
    loop {
        if state.paused {
            break;
        }
        let now = Instant::now();
        let wait = match state.entries.first() {
            Some(entry) if entry.due <= now => {
                let entry = state.entries.remove(0);
                drop(state);
                callback::attach(|py| hints::silent(py, entry.silence, entry.call));
                // Python knows this thread now, which makes other calls dearer: another one goes on.
                state = self::state();
                state.running = false;
                state.start();
                return;
            }
            Some(entry) => {
                idle_since = now;
                entry.due - now
            }
            None => LONG.saturating_sub(now - idle_since),
        };
        if wait.is_zero() {
            break;
        }
        state = PAUSED.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
    }
    state.running = false;
}

/// Signals are for the threads that Python knows.
fn without_signals() {
    // SAFETY: the set is written by sigfillset before it is used, and the mask is this thread's own.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// Before a fork: the thread ends, so that the system and Python find no more threads than the program has.
#[pyfunction]
pub(crate) fn _pause_watch(py: Python<'_>) {
    let thread = {
        let mut state = state();
        state.paused = true;
        state.thread.take()
    };
    PAUSED.notify_all();
    if let Some(thread) = thread {
        // It may be about to say something.
        let _ = py.detach(|| thread.join());
    }
}

/// After a fork: the parent's receives are watched again, the child has none.
#[pyfunction]
#[pyo3(signature = (child, /))]
pub(crate) fn _resume_watch(child: bool) {
    let mut state = state();
    state.paused = false;
    if child {
        state.entries.clear();
        state.running = false;
    }
    state.start();
}
