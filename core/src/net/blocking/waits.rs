//! How a call blocks: one rule for all calls.
//!
//! - Without a timeout of the library's, the system call itself blocks, as the descriptor's mode, its options and the
//!   call's flags say ([`BlockingSocket::call_blocking`]).
//! - With one, the call is made with MSG_DONTWAIT or on a non-blocking descriptor; if it would block, ppoll(2) waits
//!   until the deadline ([`BlockingSocket::call_with_timeout`]).
//!
//! Where the system's calls do not block (Windows), the former are made as the latter
//! ([`BlockingSocket::by_mode`]).
//!
//! A close finds the blocked threads in the list of `blocked`, and unblocks either wait by a signal. After EINTR a call
//! fails if its socket is closed, else calls the host's hook, else is resumed.

use std::ffi::c_short;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::blocked::Blocked;
use super::socket::{BlockingSocket, InUse, Kind};
use crate::net::raw::RawSocket;
use crate::net::sys::fd::AsFd;
use crate::net::sys::{CALLS_BLOCK, Errno, PollFd, ReadinessChanges};
use crate::net::traced;
use crate::net::wait::{Deadline, OnInterrupt, WaitOptions, WaitPolicy, interest, no_interest, wait_for};
use crate::net::wait_error::WaitError;
use crate::netc;

/// The other values of `low_water`: SO_RCVLOWAT is 1, or more.
const ONE: u8 = 1;
const MORE: u8 = 2;

/// The interval between attempts of a call that readiness does not help, if its changes cannot be watched.
const RETRY: Duration = Duration::from_millis(10);

/// A call that may block: it keeps the descriptor open, and a close unblocks it.
struct Blocking<'a> {
    // Dropped first, so that the thread that closes the descriptor cannot be interrupted.
    blocked: Blocked,
    in_use: InUse<'a>,
}

impl<'a> Blocking<'a> {
    #[inline]
    fn of(in_use: InUse<'a>) -> Result<Blocking<'a>, WaitError> {
        let blocked = Blocked::on(in_use.owner.address());
        let blocking = Blocking { blocked, in_use };
        blocking.check_open().map(|()| blocking)
    }

    fn socket(&self) -> &RawSocket {
        &self.in_use
    }

    fn check_open(&self) -> Result<(), WaitError> {
        if self.in_use.owner.is_closed() { Err(WaitError::Woken) } else { Ok(()) }
    }

    /// After EINTR.
    #[cold]
    fn after_a_signal(&self, policy: WaitPolicy) -> Result<(), WaitError> {
        self.check_open()?;
        if policy.on_interrupt.is_some() {
            // The hook runs the host's code.
            let asked = self.blocked.except(|| policy.run_interrupt_hook());
            self.in_use.recount();
            asked?;
            self.check_open()?;
        }
        Ok(())
    }

    /// Waits for `events` (poll(2)).
    fn wait(&self, events: c_short, deadline: Deadline, policy: WaitPolicy) -> Result<(), WaitError> {
        self.wait_for(interest(self.socket().fd(), events), deadline, policy)
    }

    fn wait_for(&self, what: PollFd, deadline: Deadline, policy: WaitPolicy) -> Result<(), WaitError> {
        let check = || self.after_a_signal(policy);
        let wait = WaitOptions { deadline, waker: None, on_interrupt: OnInterrupt::Check(&check) };
        let waited = wait_for(&mut [what, no_interest()], wait);
        self.check_open()?;
        waited
    }
}

/// The wait of a call that would block although the socket was ready: another thread was faster, or the readiness
/// persists, as POLLERR does while the error queue is not empty (IP_RECVERR of ip(7)). It waits for a change.
struct Changes(Option<ReadinessChanges>);

impl Changes {
    #[cold]
    fn of(socket: &RawSocket, events: c_short) -> Changes {
        Changes(ReadinessChanges::of(socket.as_fd(), events).ok())
    }

    fn wait(&self, blocking: &Blocking<'_>, deadline: Deadline, policy: WaitPolicy) -> Result<(), WaitError> {
        let Some(changes) = &self.0 else {
            let step = deadline.earlier(Deadline::after(Some(RETRY)));
            return match blocking.wait_for(no_interest(), step, policy) {
                Err(WaitError::TimedOut) if !deadline.passed() => Ok(()),
                other => other,
            };
        };
        blocking.wait_for(interest(changes.fd(), netc::POLLIN), deadline, policy)?;
        changes.consume();
        Ok(())
    }
}

impl BlockingSocket {
    /// Makes the system call with these flags, which itself blocks. After EINTR it is made again.
    #[inline]
    pub(super) fn call_blocking<T>(
        &self,
        events: c_short,
        flags: i32,
        policy: WaitPolicy,
        mut call: impl FnMut(&RawSocket) -> Result<T, Errno>,
    ) -> Result<T, WaitError> {
        let blocking = Blocking::of(self.in_use().map_err(|_| WaitError::Woken)?)?;
        loop {
            match traced::blocking(blocking.socket(), events, flags, &mut call) {
                Err(Errno(netc::EINTR)) => blocking.after_a_signal(policy)?,
                // A close that used shutdown(2) makes the call fail with another error.
                Err(errno) => return Err(self.closed_or(errno)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Makes a call that does not block, again after each wait for `events` (poll(2)), until it succeeds, fails or the
    /// time is over. With `ready_first`, the first attempt is made after a wait.
    pub(super) fn call_with_timeout<T>(
        &self,
        events: c_short,
        policy: WaitPolicy,
        ready_first: bool,
        mut call: impl FnMut(&RawSocket) -> Result<T, Errno>,
    ) -> Result<T, WaitError> {
        let in_use = self.in_use().map_err(|_| WaitError::Woken)?;
        if !ready_first {
            match call(&in_use) {
                Err(errno) if errno.would_block() && !policy.is_nonblocking() => {}
                Err(Errno(netc::EINTR)) => policy.run_interrupt_hook()?,
                other => return Ok(other?),
            }
        }
        let deadline = Deadline::after(policy.timeout);
        let blocking = Blocking::of(in_use)?;
        blocking.wait(events, deadline, policy).map_err(|error| would_wait(error, policy))?;
        let mut changes = None;
        loop {
            match call(blocking.socket()) {
                Err(errno) if errno.would_block() && !policy.is_nonblocking() => {}
                Err(Errno(netc::EINTR)) => {
                    blocking.after_a_signal(policy)?;
                    continue;
                }
                other => return Ok(other?),
            }
            let changes = changes.get_or_insert_with(|| Changes::of(blocking.socket(), events));
            changes.wait(&blocking, deadline, policy)?;
        }
    }

    /// The policy of a call with these flags where the system's calls do not block: without a timeout of the library's, what
    /// the socket's mode, the flags and its options (SO_RCVTIMEO, SO_SNDTIMEO) say.
    #[inline(always)]
    pub(super) fn by_mode(
        &self,
        policy: WaitPolicy,
        flags: i32,
        events: c_short,
    ) -> Result<WaitPolicy, WaitError> {
        if CALLS_BLOCK || policy.timeout.is_some() {
            return Ok(policy);
        }
        let in_use = self.in_use().map_err(|_| WaitError::Woken)?;
        let at_once = flags & netc::MSG_DONTWAIT != 0 || in_use.is_nonblocking()?;
        let timeout = if at_once { Duration::ZERO } else { in_use.time_limit(events)? };
        Ok(WaitPolicy { timeout: Some(timeout), ..policy })
    }

    /// Whether such a call goes on until all bytes are sent or received, which the system does where its calls block.
    #[inline(always)]
    pub(super) fn goes_on(&self, policy: WaitPolicy, flags: i32) -> bool {
        !CALLS_BLOCK
            && policy.timeout.is_none()
            && flags & netc::MSG_DONTWAIT == 0
            && self.kind() == Kind::Stream
            && self.at_once(|socket| socket.is_nonblocking()) == Ok(false)
    }

    /// The error of a call that failed with this number.
    pub(super) fn closed_or(&self, errno: Errno) -> WaitError {
        if self.is_closed() { WaitError::Woken } else { errno.into() }
    }

    /// Waits for `events` (poll(2)); without a timeout there is no limit.
    pub(super) fn wait(&self, events: c_short, policy: WaitPolicy) -> Result<(), WaitError> {
        let blocking = Blocking::of(self.in_use().map_err(|_| WaitError::Woken)?)?;
        blocking.wait(events, Deadline::after(policy.timeout), policy)
    }

    /// Runs something that waits by `WaitOptions` as a call on this socket, which a close unblocks.
    pub(super) fn while_open<T>(
        &self,
        deadline: Deadline,
        policy: WaitPolicy,
        call: impl FnOnce(WaitOptions<'_>) -> T,
    ) -> Result<T, WaitError> {
        let blocking = Blocking::of(self.in_use().map_err(|_| WaitError::Woken)?)?;
        let check = || blocking.after_a_signal(policy);
        Ok(call(WaitOptions { deadline, waker: None, on_interrupt: OnInterrupt::Check(&check) }))
    }

    /// Waits for a connect in progress. A second connect(2) reports how it ended; unlike reading SO_ERROR, this leaves a
    /// refused socket ready for another attempt, as a blocking connect does.
    pub(super) fn finish_connecting(
        &self,
        in_use: InUse<'_>,
        policy: WaitPolicy,
        connect: impl Fn(&RawSocket) -> Result<(), Errno>,
    ) -> Result<(), WaitError> {
        let (blocking, deadline) = (Blocking::of(in_use)?, Deadline::after(policy.timeout));
        loop {
            blocking.wait(netc::POLLOUT, deadline, policy)?;
            let socket = blocking.socket();
            match socket.connect_result(|| connect(socket)) {
                Err(Errno(netc::EALREADY | netc::EINTR)) => {}
                ended => return ended.map_err(WaitError::Os),
            }
        }
    }

    /// Whether a blocking receive waits for more than one byte (SO_RCVLOWAT of socket(7)), so that a non-blocking one may
    /// return fewer. The value is read once, and again after [`set_option`](BlockingSocket::set_option); a change through a
    /// copy of the descriptor is not seen.
    #[inline]
    #[must_use]
    pub fn waits_for_more(&self) -> bool {
        match self.low_water.load(Ordering::Relaxed) {
            ONE => false,
            MORE => true,
            _ => self.read_low_water(),
        }
    }

    #[cold]
    fn read_low_water(&self) -> bool {
        let mut value = [0; 4];
        let more = self.kind() == Kind::Stream
            && self.option(netc::SOL_SOCKET, netc::SO_RCVLOWAT, &mut value).is_ok()
            && i32::from_ne_bytes(value) > 1;
        self.low_water.store(if more { MORE } else { ONE }, Ordering::Relaxed);
        more
    }
}

/// The error of a call that was not attempted: with a timeout of zero it would block.
fn would_wait(error: WaitError, policy: WaitPolicy) -> WaitError {
    if error == WaitError::TimedOut && policy.is_nonblocking() { Errno(netc::EAGAIN).into() } else { error }
}
