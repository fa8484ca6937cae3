//! The request to stop a server: its flag, its deadline, and the waker that interrupts what blocks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::counter::Counter;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Errno, Shareable, SharedMemory, Waker, process_id};

/// The timeout of a stop that was given none: that of a dropped or closed server.
pub const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long past the stop's deadline a child process may run before it is killed.
const KILL_GRACE: Duration = Duration::from_millis(40);

/// The longest wait for the stop's deadline before it is read again.
const DEADLINE_CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// The part that forked child processes share with their parent.
#[derive(Default)]
struct Flags {
    requested: AtomicBool,
    /// The deadline, in nanoseconds after the server's start; `u64::MAX` for none.
    deadline: AtomicU64,
    /// Connections cut at the deadline.
    cut: Counter,
}

// SAFETY: `Flags` is made of atomics, for which zero is a value and which work across processes.
unsafe impl Shareable for Flags {}

pub(in crate::server) struct Stop {
    flags: SharedMemory<Flags>,
    waker: Waker,
    started: Instant,
    process: i32,
}

impl Stop {
    pub(super) fn new() -> std::result::Result<Stop, Errno> {
        let flags = SharedMemory::<Flags>::new()?;
        flags.deadline.store(u64::MAX, Ordering::Relaxed);
        Ok(Stop { flags, waker: Waker::new()?, started: Instant::now(), process: process_id() })
    }

    /// Requests a stop within `timeout`. Of several deadlines the earliest holds.
    ///
    /// It is async-signal-safe. In a forked process it does nothing: the server is the parent's.
    pub(in crate::server) fn request(&self, timeout: Duration) {
        if self.in_a_fork() {
            return;
        }
        let deadline = self.started.elapsed().saturating_add(timeout).as_nanos();
        let deadline = u64::try_from(deadline).unwrap_or(u64::MAX - 1);
        self.flags.deadline.fetch_min(deadline, Ordering::AcqRel);
        self.flags.requested.store(true, Ordering::Release);
        self.waker.notify();
    }

    pub(in crate::server) fn is_requested(&self) -> bool {
        self.flags.requested.load(Ordering::Acquire)
    }

    /// Notified when a stop is requested, and never drained.
    pub(in crate::server) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// When the requests in progress are cut; never, unless a stop is requested.
    pub(in crate::server) fn deadline(&self) -> Deadline {
        match self.flags.deadline.load(Ordering::Acquire) {
            u64::MAX => Deadline::NEVER,
            nanos => Deadline(self.started.checked_add(Duration::from_nanos(nanos))),
        }
    }

    /// Whether the requests in progress are to be cut now.
    pub(in crate::server) fn deadline_passed(&self) -> bool {
        self.is_requested() && self.deadline().passed()
    }

    /// When a wait for the stop's deadline has to read it again: a further request may bring it forward.
    pub(in crate::server) fn next_deadline_check(&self) -> Deadline {
        Deadline::after(Some(DEADLINE_CHECK_INTERVAL))
    }

    /// When a child process that still runs is killed: shortly after it should have cut its connection, and
    /// before [`Server::stop`](crate::Server::stop) returns.
    pub(in crate::server) fn kill_deadline(&self) -> Deadline {
        Deadline(self.deadline().0.and_then(|moment| moment.checked_add(KILL_GRACE)))
    }

    /// Counts a connection that was cut at the deadline.
    pub(in crate::server) fn count_cut(&self) {
        self.flags.cut.add(1);
    }

    pub(in crate::server) fn connections_cut(&self) -> u64 {
        self.flags.cut.get()
    }

    /// Whether this process was forked from the one that started the server.
    pub(in crate::server) fn in_a_fork(&self) -> bool {
        process_id() != self.process
    }

    /// # Errors
    /// `Unsupported` in a forked process: threads do not survive fork(2).
    pub(in crate::server) fn check_process(&self) -> Result<()> {
        if self.in_a_fork() {
            let why = format!("it runs in process {}, of which this one was forked off", self.process);
            let advice = "start a server of this process's own";
            return Err(Error::new(ErrorKind::Unsupported, "reach the server", why).advise(advice));
        }
        Ok(())
    }
}
