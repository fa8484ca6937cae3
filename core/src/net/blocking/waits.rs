//! How a call waits: one rule for all.
//!
//! - Without a timeout of the library's, the system call itself waits, as the descriptor's mode, its options and the
//!   call's flags say ([`BlockingSocket::as_it_is`]).
//! - With one, the call is made with MSG_DONTWAIT or on a descriptor that does not block, and where it would have to
//!   wait, ppoll(2) does, until the deadline ([`BlockingSocket::within`]).
//!
//! A blocked thread is found by a close in the list of `blocked`, which ends either by a signal. A call that a signal
//! ends (EINTR) looks whether the socket is closed, then asks the host's hook, then goes on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::blocked::Blocked;
use super::{BlockingSocket, InUse, Kind};
use crate::net::socket::Socket;
use crate::net::sys::{self, Epoll, Errno};
use crate::net::wait::{Deadline, OnInterrupt, WaitError, WaitOptions, WaitPolicy, interest, wait_for};
use crate::trace::{self, Way};

/// What `low_water` says of SO_RCVLOWAT.
pub(super) const UNKNOWN: u8 = 0;
const ONE: u8 = 1;
const MORE: u8 = 2;

/// How often a call is tried again that readiness does not help, where there is no descriptor for an epoll instance.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// A call that may block: it keeps the descriptor open, and a close ends it.
struct Blocking<'a> {
    // Dropped first, so that the descriptor is closed by a thread that is not interrupted any more.
    blocked: Blocked,
    in_use: InUse<'a>,
}

impl<'a> Blocking<'a> {
    #[inline]
    fn of(in_use: InUse<'a>) -> Result<Blocking<'a>, WaitError> {
        let blocked = Blocked::on(in_use.owner.place());
        let blocking = Blocking { blocked, in_use };
        blocking.unless_closed().map(|()| blocking)
    }

    fn socket(&self) -> &Socket {
        self.in_use.socket()
    }

    fn unless_closed(&self) -> Result<(), WaitError> {
        if self.in_use.owner.is_closed() { Err(WaitError::Woken) } else { Ok(()) }
    }

    /// After EINTR.
    #[cold]
    fn after_a_signal(&self, policy: WaitPolicy) -> Result<(), WaitError> {
        self.unless_closed()?;
        if policy.on_interrupt.is_some() {
            // The hook runs code of the host.
            let asked = self.blocked.except(|| policy.ask());
            self.in_use.recount();
            asked?;
            self.unless_closed()?;
        }
        Ok(())
    }

    /// Waits for `events` (poll(2)).
    fn wait(&self, events: libc::c_short, deadline: Deadline, policy: WaitPolicy) -> Result<(), WaitError> {
        self.wait_for(interest(self.socket().fd(), events), deadline, policy)
    }

    fn wait_for(&self, what: libc::pollfd, deadline: Deadline, policy: WaitPolicy) -> Result<(), WaitError> {
        let check = || self.after_a_signal(policy);
        let waiting = WaitOptions { deadline, waker: None, on_interrupt: OnInterrupt::Check(&check) };
        let waited = wait_for(&mut [what, interest(-1, 0)], waiting);
        self.unless_closed()?;
        waited
    }
}

/// The wait of a call for which readiness has come in vain once: another thread was faster, or the readiness stays
/// whatever the call does, as POLLERR does while the error queue is not empty (IP_RECVERR, ip(7)). What is waited
/// for now is an event, not a state (EPOLLET, epoll(7)).
struct Events(Option<Epoll>);

impl Events {
    #[cold]
    fn of(socket: &Socket, events: libc::c_short) -> Events {
        use std::os::fd::AsFd;
        // The numbers of poll and of epoll are the same.
        let events = events as u32 | libc::EPOLLET as u32;
        let epoll = Epoll::new().and_then(|epoll| epoll.add(socket.as_fd(), events, 0).map(|()| epoll));
        Events(epoll.ok())
    }

    fn wait(&self, blocking: &Blocking<'_>, deadline: Deadline, policy: WaitPolicy) -> Result<(), WaitError> {
        let Some(epoll) = &self.0 else {
            let step = deadline.earlier(Deadline::after(Some(TRY_AGAIN)));
            return match blocking.wait_for(interest(-1, 0), step, policy) {
                Err(WaitError::TimedOut) if !deadline.passed() => Ok(()),
                other => other,
            };
        };
        blocking.wait_for(interest(epoll.fd(), libc::POLLIN), deadline, policy)?;
        // Takes the event.
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 1];
        let _ = epoll.wait(&mut events, Some(Duration::ZERO));
        Ok(())
    }
}

impl BlockingSocket {
    /// Makes the system call as it is, again after a signal.
    #[inline]
    pub(super) fn as_it_is<T>(
        &self,
        events: libc::c_short,
        policy: WaitPolicy,
        mut call: impl FnMut(&Socket) -> Result<T, Errno>,
    ) -> Result<T, WaitError> {
        let blocking = Blocking::of(self.in_use().map_err(|_| WaitError::Woken)?)?;
        loop {
            let socket = blocking.socket();
            let outcome = if trace::on() { timed(socket, events, &mut call) } else { call(socket) };
            match outcome {
                Err(Errno(libc::EINTR)) => blocking.after_a_signal(policy)?,
                // A close that had to use shutdown(2) ends the call with some other error.
                Err(errno) => return Err(self.closed_or(errno)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Makes a call that does not wait, again each time that `events` (poll(2)) may have changed what it returns,
    /// until it has not to wait or the time is over. With `ready_first`, it is not made before.
    pub(super) fn within<T>(
        &self,
        events: libc::c_short,
        policy: WaitPolicy,
        ready_first: bool,
        mut call: impl FnMut(&Socket) -> Result<T, Errno>,
    ) -> Result<T, WaitError> {
        let in_use = self.in_use().map_err(|_| WaitError::Woken)?;
        if !ready_first {
            match call(in_use.socket()) {
                Err(errno) if errno.would_block() && !policy.is_nonblocking() => {}
                Err(Errno(libc::EINTR)) => policy.ask()?,
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
                Err(Errno(libc::EINTR)) => {
                    blocking.after_a_signal(policy)?;
                    continue;
                }
                other => return Ok(other?),
            }
            let changes = changes.get_or_insert_with(|| Events::of(blocking.socket(), events));
            changes.wait(&blocking, deadline, policy)?;
        }
    }

    /// What a call that failed so reports.
    pub(super) fn closed_or(&self, errno: Errno) -> WaitError {
        if self.is_closed() { WaitError::Woken } else { errno.into() }
    }

    /// Waits for `events` (poll(2)); without a timeout there is no limit.
    pub(super) fn wait(&self, events: libc::c_short, policy: WaitPolicy) -> Result<(), WaitError> {
        let blocking = Blocking::of(self.in_use().map_err(|_| WaitError::Woken)?)?;
        blocking.wait(events, Deadline::after(policy.timeout), policy)
    }

    /// Runs something that waits by `WaitOptions` in the name of a call on this socket, which a close ends.
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

    /// The second connect(2) tells how the first one ended, and unlike SO_ERROR it leaves a socket
    /// that was refused fit for another attempt, as a connect that blocks does.
    pub(super) fn finish_connecting(
        &self,
        in_use: InUse<'_>,
        policy: WaitPolicy,
        connect: impl Fn(&Socket) -> Result<(), Errno>,
    ) -> Result<(), WaitError> {
        let (blocking, deadline) = (Blocking::of(in_use)?, Deadline::after(policy.timeout));
        loop {
            blocking.wait(libc::POLLOUT, deadline, policy)?;
            match connect(blocking.socket()) {
                Err(Errno(libc::EALREADY | libc::EINTR)) => {}
                ended => return ended.map_err(WaitError::Os),
            }
        }
    }

    /// Whether a receive is to wait for more than a byte (SO_RCVLOWAT of socket(7)), so that one without waiting
    /// returns less. The system is asked once, and again after an option was set; what others set through a copy
    /// of the descriptor in between is not seen.
    #[inline]
    #[must_use]
    pub fn waits_for_more(&self) -> bool {
        match self.low_water.load(Ordering::Relaxed) {
            ONE => false,
            MORE => true,
            _ => self.ask_low_water(),
        }
    }

    #[cold]
    fn ask_low_water(&self) -> bool {
        let mut value = [0; 4];
        let asked = self.kind == Kind::Stream
            && self.option(libc::SOL_SOCKET, libc::SO_RCVLOWAT, &mut value).is_ok()
            && i32::from_ne_bytes(value) > 1;
        self.low_water.store(if asked { MORE } else { ONE }, Ordering::Relaxed);
        asked
    }
}

/// What a call without waiting says that was not even tried.
fn would_wait(error: WaitError, policy: WaitPolicy) -> WaitError {
    if error == WaitError::TimedOut && policy.is_nonblocking() { Errno(libc::EAGAIN).into() } else { error }
}

/// A call that waits in the system, and takes the time that it does. It waits if the socket is not ready before.
#[cold]
#[inline(never)]
fn timed<T>(
    socket: &Socket,
    events: libc::c_short,
    call: &mut dyn FnMut(&Socket) -> Result<T, Errno>,
) -> Result<T, Errno> {
    if sys::poll(&mut [interest(socket.fd(), events)], Some(Duration::ZERO)) != Ok(0) {
        return call(socket);
    }
    let way = if events & libc::POLLIN != 0 { Way::In } else { Way::Out };
    let since = trace::waiting_for([socket.fd()].into_iter(), way);
    let outcome = call(socket);
    trace::waited(since);
    outcome
}
