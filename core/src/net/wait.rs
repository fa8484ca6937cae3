//! WaitOptions: deadlines, wake-up, interruption.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use super::sys::{self, Errno};
use crate::trace::{self, Way};

/// Asked when a signal interrupts a blocking call: `true` ends the call with
/// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted), `false` goes on waiting. It runs on
/// the thread that made the call. Without one, calls go on.
pub type InterruptHook = fn() -> bool;

/// Why a wait, or a call that waits, ended without success.
///
/// It costs nothing to make, unlike an [`Error`](crate::Error) with its text, which
/// [`while_trying`](WaitError::while_trying) makes of it: a non-blocking call fails often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitError {
    /// The time allowed ran out.
    TimedOut,
    /// The waker was notified: the socket was closed, before the call or by another thread during it.
    Woken,
    /// A signal arrived, and whoever waits wanted to know (EINTR).
    Interrupted,
    /// The system reported this number.
    Os(Errno),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitError::TimedOut => f.write_str("the time allowed ran out"),
            WaitError::Woken => f.write_str("it was closed"),
            WaitError::Interrupted => f.write_str("a signal arrived (EINTR)"),
            WaitError::Os(errno) => errno.fmt(f),
        }
    }
}

impl std::error::Error for WaitError {}

impl From<Errno> for WaitError {
    fn from(errno: Errno) -> WaitError {
        WaitError::Os(errno)
    }
}

/// A moment after which a call gives up; `None` is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(pub(crate) Option<Instant>);

impl Deadline {
    pub(crate) const NEVER: Deadline = Deadline(None);

    /// So long from now. What is too far off to be represented is never.
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        Deadline(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    pub(crate) fn at(moment: Instant) -> Deadline {
        Deadline(Some(moment))
    }

    /// What is left, zero if it has passed, `None` if it never does.
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

/// Wakes whoever waits, from any thread, from a signal handler, and from a parent process to the
/// children that share it. Once notified it stays so, until it is drained.
#[derive(Debug)]
pub(crate) struct Waker(OwnedFd);

impl Waker {
    pub(crate) fn new() -> Result<Waker, Errno> {
        sys::eventfd().map(Waker)
    }

    /// Async-signal-safe.
    pub(crate) fn notify(&self) {
        sys::signal_eventfd(self.0.as_fd());
    }

    /// Takes a notification back, for a waker that is used more than once.
    pub(crate) fn drain(&self) {
        sys::drain_eventfd(self.0.as_fd());
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a signal does to a wait.
#[derive(Clone, Copy)]
pub(crate) enum OnInterrupt<'a> {
    /// The wait goes on.
    Resume,
    /// The wait ends if the hook says so.
    Ask(InterruptHook),
    /// The wait ends with the error that the function returns, if any.
    Check(&'a dyn Fn() -> Result<(), WaitError>),
}

impl OnInterrupt<'_> {
    fn after_a_signal(self) -> Result<(), WaitError> {
        match self {
            OnInterrupt::Resume => Ok(()),
            OnInterrupt::Ask(hook) if hook() => Err(WaitError::Interrupted),
            OnInterrupt::Ask(_) => Ok(()),
            OnInterrupt::Check(check) => check(),
        }
    }
}

impl From<Option<InterruptHook>> for OnInterrupt<'_> {
    fn from(hook: Option<InterruptHook>) -> Self {
        hook.map_or(OnInterrupt::Resume, OnInterrupt::Ask)
    }
}

/// How a call waits: until when, who can wake it, what a signal does.
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

    /// Whether the waker was notified, without waiting; for a call that seldom has to wait.
    pub(crate) fn glance(self) -> Result<(), WaitError> {
        match wait_for(&mut [interest(-1, 0)], self.with_deadline(Deadline::at(Instant::now()))) {
            Err(WaitError::TimedOut) => Ok(()),
            other => other,
        }
    }

    pub(crate) fn with_deadline(self, deadline: Deadline) -> WaitOptions<'a> {
        WaitOptions { deadline, ..self }
    }
}

/// How long a call of a [`BlockingSocket`](super::BlockingSocket) may wait, and what a signal does to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitPolicy {
    /// `None` is the system call as it is: whether and how long it waits is what the descriptor's mode
    /// (O_NONBLOCK), its options (SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT) and the call's flags (MSG_DONTWAIT,
    /// MSG_WAITALL) say.
    ///
    /// Any other value is the library's own wait, whatever the descriptor's mode. Zero is none: a call that would
    /// have to wait fails with EAGAIN (connect: EINPROGRESS), as that of a non-blocking socket does. A duration
    /// that is too long to be represented as a moment, as `Duration::MAX` is, has no end.
    pub timeout: Option<Duration>,
    /// Asked when a signal interrupts the wait.
    pub on_interrupt: Option<InterruptHook>,
}

impl WaitPolicy {
    /// No waiting.
    pub const NONBLOCKING: WaitPolicy = WaitPolicy { timeout: Some(Duration::ZERO), on_interrupt: None };

    /// Waits without a limit, whatever the descriptor's mode.
    pub const FOREVER: WaitPolicy = WaitPolicy { timeout: Some(Duration::MAX), on_interrupt: None };

    pub(crate) fn is_nonblocking(self) -> bool {
        self.timeout == Some(Duration::ZERO)
    }

    /// The caller's own `MSG_DONTWAIT` asks for no waiting either.
    pub(crate) fn with_flags(self, flags: i32) -> WaitPolicy {
        if flags & libc::MSG_DONTWAIT == 0 {
            self
        } else {
            WaitPolicy { timeout: self.timeout.and(Some(Duration::ZERO)), ..self }
        }
    }

    /// What is left for one of the calls that share a deadline, which [`Deadline::after`] made of this timeout.
    ///
    /// # Errors
    /// Nothing is left.
    pub(crate) fn rest(self, deadline: Deadline) -> Result<WaitPolicy, WaitError> {
        match (self.timeout, deadline.remaining()) {
            (None | Some(Duration::ZERO), _) => Ok(self),
            (Some(_), Some(Duration::ZERO)) => Err(WaitError::TimedOut),
            (Some(_), rest) => Ok(WaitPolicy { timeout: Some(rest.unwrap_or(Duration::MAX)), ..self }),
        }
    }

    /// After a call that a signal interrupted.
    pub(crate) fn ask(self) -> Result<(), WaitError> {
        match self.on_interrupt {
            Some(hook) if hook() => Err(WaitError::Interrupted),
            _ => Ok(()),
        }
    }
}

/// An entry for [`wait_for`]: a descriptor and the events (poll(2)) to wait for.
pub(crate) fn interest(fd: RawFd, events: libc::c_short) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

/// Waits until one of `fds` is ready; their `revents` tell which.
///
/// The waker goes before everything else, then readiness, then the deadline. The last entry of
/// `fds` is the waker's place and is overwritten: the caller leaves room for it, so that a wait
/// allocates nothing.
pub(crate) fn wait_for(fds: &mut [libc::pollfd], waiting: WaitOptions<'_>) -> Result<(), WaitError> {
    let Some((last, _)) = fds.split_last_mut() else { return Err(WaitError::Os(Errno(libc::EINVAL))) };
    // poll(2) passes over a negative descriptor.
    *last = interest(waiting.waker.map_or(-1, Waker::fd), libc::POLLIN);
    if trace::on() {
        return wait_timed(fds, waiting);
    }
    wait_untimed(fds, waiting)
}

/// The wait is part of a call that is recorded.
#[cold]
#[inline(never)]
fn wait_timed(fds: &mut [libc::pollfd], waiting: WaitOptions<'_>) -> Result<(), WaitError> {
    let others = &fds[..fds.len() - 1];
    let into = others.iter().any(|other| other.events & libc::POLLIN != 0);
    let (event, way) = if into { (libc::POLLIN, Way::In) } else { (libc::POLLOUT, Way::Out) };
    let waited_for = others.iter().filter(|other| other.events & event != 0);
    let since = trace::waiting_for(waited_for.map(|other| other.fd), way);
    let result = wait_untimed(fds, waiting);
    trace::waited(since);
    result
}

/// The waker has its place in `fds`.
#[inline(always)]
fn wait_untimed(fds: &mut [libc::pollfd], waiting: WaitOptions<'_>) -> Result<(), WaitError> {
    let others = fds.len() - 1;
    loop {
        match sys::poll(fds, waiting.deadline.remaining()) {
            Ok(_) if fds[others].revents != 0 => return Err(WaitError::Woken),
            Ok(0) if waiting.deadline.passed() => return Err(WaitError::TimedOut),
            Ok(0) => {}
            Ok(_) => return Ok(()),
            Err(Errno(libc::EINTR)) => waiting.on_interrupt.after_a_signal()?,
            Err(errno) => return Err(WaitError::Os(errno)),
        }
    }
}

/// Waits until `fd` can be read or has an error or an end to report.
pub(crate) fn wait_readable(fd: RawFd, waiting: WaitOptions<'_>) -> Result<(), WaitError> {
    wait_for(&mut [interest(fd, libc::POLLIN), interest(-1, 0)], waiting)
}

/// Waits until `fd` can be written or has an error to report.
pub(crate) fn wait_writable(fd: RawFd, waiting: WaitOptions<'_>) -> Result<(), WaitError> {
    wait_for(&mut [interest(fd, libc::POLLOUT), interest(-1, 0)], waiting)
}
