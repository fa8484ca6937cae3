//! Waiting for descriptors: deadlines, wake-up, interruption, and the socket calls behind a wait.

use std::ffi::{c_int, c_short};
use std::time::{Duration, Instant};

use super::socket::Socket;
use super::sys::{self, Errno, Notifier, PollFd};
use super::traced;
use super::wait_error::WaitError;
use crate::net::sys::fd::{AsFd, BorrowedFd, NO_FD, RawFd};
use crate::netc;

/// Called when a signal interrupts a blocking call: `true` ends the call with
/// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted), `false` resumes it. It runs on the thread that made the call.
/// Without a hook, calls are resumed.
pub type InterruptHook = fn() -> bool;

/// The time at which a call times out; `None` is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(pub(crate) Option<Instant>);

impl Deadline {
    pub(crate) const NEVER: Deadline = Deadline(None);

    /// `timeout` from now. A time that cannot be represented is never.
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        Deadline(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    pub(crate) fn at(moment: Instant) -> Deadline {
        Deadline(Some(moment))
    }

    /// The time left: zero if the deadline has passed, `None` if it never does.
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0.map(|moment| moment.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn passed(self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    pub(crate) fn earlier(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(one), Some(two)) => Deadline(Some(one.min(two))),
            (one, two) => Deadline(one.or(two)),
        }
    }
}

/// Wakes the threads that wait for it: from any thread, from a signal handler, and from a parent process
/// in the children that share it. It stays notified until it is drained.
#[derive(Debug)]
pub(crate) struct Waker(Notifier);

impl Waker {
    pub(crate) fn new() -> Result<Waker, Errno> {
        Notifier::new().map(Waker)
    }

    /// Async-signal-safe.
    pub(crate) fn notify(&self) {
        self.0.notify();
    }

    /// Clears a notification, for a waker that is used more than once.
    pub(crate) fn drain(&self) {
        self.0.drain();
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.fd()
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What EINTR does to a wait.
#[derive(Clone, Copy)]
pub(crate) enum OnInterrupt<'a> {
    /// The wait is resumed.
    Resume,
    /// The wait ends if the hook returns `true`.
    CallHook(InterruptHook),
    /// The wait ends with the error that the function returns, if any.
    Check(&'a dyn Fn() -> Result<(), WaitError>),
}

impl OnInterrupt<'_> {
    /// Whether a close of the socket ends the wait, as a signal does.
    fn ends_by_close(self) -> bool {
        matches!(self, OnInterrupt::Check(_))
    }

    fn after_a_signal(self) -> Result<(), WaitError> {
        match self {
            OnInterrupt::Resume => Ok(()),
            OnInterrupt::CallHook(hook) if hook() => Err(WaitError::Interrupted),
            OnInterrupt::CallHook(_) => Ok(()),
            OnInterrupt::Check(check) => check(),
        }
    }
}

impl From<Option<InterruptHook>> for OnInterrupt<'_> {
    fn from(hook: Option<InterruptHook>) -> Self {
        hook.map_or(OnInterrupt::Resume, OnInterrupt::CallHook)
    }
}

/// The parameters of one wait: its deadline, its waker, and what a signal does. [`WaitPolicy`] is the public form, with
/// a timeout for each call of a [`BlockingSocket`](super::BlockingSocket); the call makes these of it.
#[derive(Clone, Copy)]
pub(crate) struct WaitOptions<'a> {
    pub(crate) deadline: Deadline,
    pub(crate) waker: Option<&'a Waker>,
    pub(crate) on_interrupt: OnInterrupt<'a>,
}

impl<'a> WaitOptions<'a> {
    pub(crate) fn until(deadline: Deadline) -> WaitOptions<'a> {
        WaitOptions { deadline, waker: None, on_interrupt: OnInterrupt::Resume }
    }

    pub(crate) fn woken_by(self, waker: &'a Waker) -> WaitOptions<'a> {
        WaitOptions { waker: Some(waker), ..self }
    }

    /// Polls the waker without waiting; for a call that seldom has to wait.
    pub(crate) fn poll_now(self) -> Result<(), WaitError> {
        match wait_for(&mut [no_interest()], self.with_deadline(Deadline::at(Instant::now()))) {
            Err(WaitError::TimedOut) => Ok(()),
            other => other,
        }
    }

    /// How long the next poll may take.
    #[inline(always)]
    fn step(self) -> Option<Duration> {
        let remaining = self.deadline.remaining();
        match (sys::HOOK_INTERVAL, self.on_interrupt) {
            (None, _) | (_, OnInterrupt::Resume) => remaining,
            (Some(interval), _) => Some(remaining.map_or(interval, |remaining| remaining.min(interval))),
        }
    }

    pub(crate) fn with_deadline(self, deadline: Deadline) -> WaitOptions<'a> {
        WaitOptions { deadline, ..self }
    }
}

/// The timeout of a call of a [`BlockingSocket`](super::BlockingSocket), and what a signal does to the wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitPolicy {
    /// `None` leaves blocking to the system call: the descriptor's mode (O_NONBLOCK), its options (SO_RCVTIMEO,
    /// SO_SNDTIMEO, SO_RCVLOWAT) and the call's flags (MSG_DONTWAIT, MSG_WAITALL) determine whether and how long it
    /// blocks.
    ///
    /// With any other value the library waits, whatever the descriptor's mode. With zero, a call that would block
    /// fails with EAGAIN (connect: EINPROGRESS), as on a non-blocking socket. A duration that is too long to be
    /// represented as a time, such as `Duration::MAX`, is no limit.
    pub timeout: Option<Duration>,
    /// Called when a signal interrupts the wait.
    pub on_interrupt: Option<InterruptHook>,
}

impl WaitPolicy {
    /// Calls do not block.
    pub const NONBLOCKING: WaitPolicy = WaitPolicy { timeout: Some(Duration::ZERO), on_interrupt: None };

    /// Calls block without a limit, whatever the descriptor's mode.
    pub const FOREVER: WaitPolicy = WaitPolicy { timeout: Some(Duration::MAX), on_interrupt: None };

    pub(crate) fn is_nonblocking(self) -> bool {
        self.timeout == Some(Duration::ZERO)
    }

    /// `MSG_DONTWAIT` is a timeout of zero.
    pub(crate) fn with_flags(self, flags: i32) -> WaitPolicy {
        if flags & netc::MSG_DONTWAIT == 0 {
            self
        } else {
            WaitPolicy { timeout: self.timeout.and(Some(Duration::ZERO)), ..self }
        }
    }

    /// The policy for one of the calls that share a deadline, which [`Deadline::after`] made of this timeout.
    ///
    /// # Errors
    /// `TimedOut` if no time is left.
    pub(crate) fn with_remaining_time(self, deadline: Deadline) -> Result<WaitPolicy, WaitError> {
        match (self.timeout, deadline.remaining()) {
            (None | Some(Duration::ZERO), _) => Ok(self),
            (Some(_), Some(Duration::ZERO)) => Err(WaitError::TimedOut),
            (Some(_), rest) => Ok(WaitPolicy { timeout: Some(rest.unwrap_or(Duration::MAX)), ..self }),
        }
    }

    /// After a call that a signal interrupted.
    pub(crate) fn run_interrupt_hook(self) -> Result<(), WaitError> {
        match self.on_interrupt {
            Some(hook) if hook() => Err(WaitError::Interrupted),
            _ => Ok(()),
        }
    }
}

/// An entry for [`wait_for`]: a descriptor and the events (poll(2)) to wait for.
pub(crate) fn interest(fd: RawFd, events: c_short) -> PollFd {
    PollFd { fd: fd as _, events, revents: 0 }
}

/// An entry for [`wait_for`] that waits for nothing, such as the slot of the waker.
pub(crate) fn no_interest() -> PollFd {
    interest(NO_FD, 0)
}

/// Waits until one of `fds` is ready (poll(2)); their `revents` are set.
///
/// The waker has precedence over readiness, and readiness over the deadline. The last entry of `fds` is a slot for the
/// waker and is overwritten, so that a wait allocates nothing.
pub(crate) fn wait_for(fds: &mut [PollFd], wait: WaitOptions<'_>) -> Result<(), WaitError> {
    let Some((last, _)) = fds.split_last_mut() else { return Err(WaitError::Os(Errno(netc::EINVAL))) };
    let waker = match wait.waker {
        Some(waker) => Some(waker.fd()),
        None if wait.on_interrupt.ends_by_close() => sys::own_notifier(),
        None => None,
    };
    *last = interest(waker.unwrap_or(NO_FD), netc::POLLIN);
    traced::wait(fds, |fds, limit| poll_briefly(fds, wait, limit), |fds| poll_until(fds, wait))
}

/// As [`poll_until`], for this time at most: `None` if it is over before the deadline.
#[cold]
#[inline(never)]
fn poll_briefly(fds: &mut [PollFd], wait: WaitOptions<'_>, limit: Duration) -> Option<Result<(), WaitError>> {
    let brief = wait.with_deadline(wait.deadline.earlier(Deadline::after(Some(limit))));
    match poll_until(fds, brief) {
        Err(WaitError::TimedOut) if !wait.deadline.passed() => None,
        other => Some(other),
    }
}

#[inline(always)]
fn poll_until(fds: &mut [PollFd], wait: WaitOptions<'_>) -> Result<(), WaitError> {
    let waker = fds.len() - 1;
    loop {
        match sys::poll(fds, wait.step()) {
            Ok(_) if fds[waker].revents != 0 && wait.waker.is_some() => return Err(WaitError::Woken),
            Ok(_) if fds[waker].revents != 0 => {
                sys::deliver_pending_signal();
                wait.on_interrupt.after_a_signal()?;
            }
            Ok(0) if wait.deadline.passed() => return Err(WaitError::TimedOut),
            Ok(0) if sys::HOOK_INTERVAL.is_some() => wait.on_interrupt.after_a_signal()?,
            Ok(0) => {}
            Ok(_) => return Ok(()),
            Err(Errno(netc::EINTR)) => wait.on_interrupt.after_a_signal()?,
            Err(errno) => return Err(WaitError::Os(errno)),
        }
    }
}

/// Waits until `fd` is readable, or has an error or an end to report.
pub(crate) fn wait_readable(fd: RawFd, wait: WaitOptions<'_>) -> Result<(), WaitError> {
    wait_for(&mut [interest(fd, netc::POLLIN), no_interest()], wait)
}

/// Waits until `fd` is writable or has an error to report.
pub(crate) fn wait_writable(fd: RawFd, wait: WaitOptions<'_>) -> Result<(), WaitError> {
    wait_for(&mut [interest(fd, netc::POLLOUT), no_interest()], wait)
}

/// The calls behind a wait.
impl Socket {
    /// recv(2), after a wait for data or the end of the stream.
    pub(crate) fn receive_within(
        &self,
        buffer: &mut [u8],
        wait: WaitOptions<'_>,
    ) -> Result<usize, WaitError> {
        loop {
            match self.receive(buffer) {
                Err(errno) if errno.would_block() => {
                    wait_readable(self.fd(), wait).map_err(|error| self.end_span_with(error))?;
                }
                Err(Errno(netc::EINTR)) => {}
                other => return Ok(other?),
            }
        }
    }

    /// send(2) with flags, after a wait for space in the send buffer.
    #[inline(always)]
    pub(crate) fn send_within(
        &self,
        bytes: &[u8],
        flags: c_int,
        wait: WaitOptions<'_>,
    ) -> Result<usize, WaitError> {
        loop {
            match self.send_with(bytes, flags | netc::MSG_DONTWAIT) {
                Err(errno) if errno.would_block() => {
                    wait_writable(self.fd(), wait).map_err(|error| self.end_span_with(error))?;
                }
                Err(Errno(netc::EINTR)) => {}
                other => return Ok(other?),
            }
        }
    }

    /// Whether the send buffer has space (poll(2)).
    pub(crate) fn has_room(&self) -> bool {
        wait_writable(self.fd(), WaitOptions::until(Deadline::at(Instant::now()))).is_ok()
    }

    /// Ends the record of a call that was attempted or waited for, and is not attempted again because of `error`.
    #[cold]
    #[inline(never)]
    pub(crate) fn end_span_with(&self, error: WaitError) -> WaitError {
        traced::end_abandoned_span(self, error);
        error
    }
}
