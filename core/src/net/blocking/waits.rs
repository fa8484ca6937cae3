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
use crate::net::wait::{Deadline, Fault, OnInterrupt, Patience, Waiting, interest, wait_for};
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
    fn of(in_use: InUse<'a>) -> Result<Blocking<'a>, Fault> {
        let blocked = Blocked::on(in_use.owner.place());
        let blocking = Blocking { blocked, in_use };
        blocking.unless_closed().map(|()| blocking)
    }

    fn socket(&self) -> &Socket {
        self.in_use.socket()
    }

    fn unless_closed(&self) -> Result<(), Fault> {
        if self.in_use.owner.is_closed() { Err(Fault::Woken) } else { Ok(()) }
    }

    /// After EINTR.
    #[cold]
    fn after_a_signal(&self, patience: Patience) -> Result<(), Fault> {
        self.unless_closed()?;
        if patience.on_interrupt.is_some() {
            // The hook runs code of the host.
            let asked = self.blocked.except(|| patience.ask());
            self.in_use.recount();
            asked?;
            self.unless_closed()?;
        }
        Ok(())
    }

    /// Waits for `events` (poll(2)).
    fn wait(&self, events: libc::c_short, deadline: Deadline, patience: Patience) -> Result<(), Fault> {
        self.wait_for(interest(self.socket().fd(), events), deadline, patience)
    }

    fn wait_for(&self, what: libc::pollfd, deadline: Deadline, patience: Patience) -> Result<(), Fault> {
        let check = || self.after_a_signal(patience);
        let waiting = Waiting { deadline, waker: None, on_interrupt: OnInterrupt::Check(&check) };
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

    fn wait(&self, blocking: &Blocking<'_>, deadline: Deadline, patience: Patience) -> Result<(), Fault> {
        let Some(epoll) = &self.0 else {
            let step = deadline.earlier(Deadline::after(Some(TRY_AGAIN)));
            return match blocking.wait_for(interest(-1, 0), step, patience) {
                Err(Fault::TimedOut) if !deadline.passed() => Ok(()),
                other => other,
            };
        };
        blocking.wait_for(interest(epoll.fd(), libc::POLLIN), deadline, patience)?;
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
        patience: Patience,
        mut call: impl FnMut(&Socket) -> Result<T, Errno>,
    ) -> Result<T, Fault> {
        let blocking = Blocking::of(self.in_use().map_err(|_| Fault::Woken)?)?;
        loop {
            let socket = blocking.socket();
            let outcome = if trace::on() { timed(socket, events, &mut call) } else { call(socket) };
            match outcome {
                Err(Errno(libc::EINTR)) => blocking.after_a_signal(patience)?,
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
        patience: Patience,
        ready_first: bool,
        mut call: impl FnMut(&Socket) -> Result<T, Errno>,
    ) -> Result<T, Fault> {
        let in_use = self.in_use().map_err(|_| Fault::Woken)?;
        if !ready_first {
            match call(in_use.socket()) {
                Err(errno) if errno.would_block() && !patience.is_none() => {}
                Err(Errno(libc::EINTR)) => patience.ask()?,
                other => return Ok(other?),
            }
        }
        let deadline = Deadline::after(patience.timeout);
        let blocking = Blocking::of(in_use)?;
        blocking.wait(events, deadline, patience).map_err(|fault| would_wait(fault, patience))?;
        let mut changes = None;
        loop {
            match call(blocking.socket()) {
                Err(errno) if errno.would_block() && !patience.is_none() => {}
                Err(Errno(libc::EINTR)) => {
                    blocking.after_a_signal(patience)?;
                    continue;
                }
                other => return Ok(other?),
            }
            let changes = changes.get_or_insert_with(|| Events::of(blocking.socket(), events));
            changes.wait(&blocking, deadline, patience)?;
        }
    }

    /// What a call that failed so reports.
    pub(super) fn closed_or(&self, errno: Errno) -> Fault {
        if self.is_closed() { Fault::Woken } else { errno.into() }
    }

    /// Waits for `events` (poll(2)); without a timeout there is no limit.
    pub(super) fn wait(&self, events: libc::c_short, patience: Patience) -> Result<(), Fault> {
        let blocking = Blocking::of(self.in_use().map_err(|_| Fault::Woken)?)?;
        blocking.wait(events, Deadline::after(patience.timeout), patience)
    }

    /// Runs something that waits by `Waiting` in the name of a call on this socket, which a close ends.
    pub(super) fn while_open<T>(
        &self,
        deadline: Deadline,
        patience: Patience,
        call: impl FnOnce(Waiting<'_>) -> T,
    ) -> Result<T, Fault> {
        let blocking = Blocking::of(self.in_use().map_err(|_| Fault::Woken)?)?;
        let check = || blocking.after_a_signal(patience);
        Ok(call(Waiting { deadline, waker: None, on_interrupt: OnInterrupt::Check(&check) }))
    }

    /// The second connect(2) tells how the first one ended, and unlike SO_ERROR it leaves a socket
    /// that was refused fit for another attempt, as a connect that blocks does.
    pub(super) fn finish_connecting(
        &self,
        in_use: InUse<'_>,
        patience: Patience,
        connect: impl Fn(&Socket) -> Result<(), Errno>,
    ) -> Result<(), Fault> {
        let (blocking, deadline) = (Blocking::of(in_use)?, Deadline::after(patience.timeout));
        loop {
            blocking.wait(libc::POLLOUT, deadline, patience)?;
            match connect(blocking.socket()) {
                Err(Errno(libc::EALREADY | libc::EINTR)) => {}
                ended => return ended.map_err(Fault::Os),
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
fn would_wait(fault: Fault, patience: Patience) -> Fault {
    if fault == Fault::TimedOut && patience.is_none() { Errno(libc::EAGAIN).into() } else { fault }
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
