//! The sockets of the BSD call flow, for programs that make their own calls: one method is one
//! system call, which waits as long as its caller allows, can be ended by closing the socket from
//! another thread, and reports a signal to whoever wants to know.
//!
//! It is not what this crate's servers and clients are made of; those never block in a call.

mod by_name;
mod calls;
mod place;
mod traced;

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwapOption, Guard};
use socket2::{Domain, Type};

use self::place::Place;
use super::socket::Socket;
use super::sys::{self, Errno, process_id};
use super::traced as socket_trace;
use super::wait::{Deadline, Fault, Patience, Waker};
use crate::trace;

/// The family of a socket's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4 (`AF_INET`).
    V4,
    /// IPv6 (`AF_INET6`), and IPv4 in it unless `IPV6_V6ONLY` is set (ipv6(7)).
    V6,
}

impl Family {
    /// Whether the system makes sockets of this family. A recording tells nothing of the attempt.
    #[must_use]
    pub fn is_supported(self) -> bool {
        trace::quietly(|| BlockingSocket::new(self, Kind::Datagram, true).is_ok())
    }
}

/// What a socket carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A byte stream: TCP (`SOCK_STREAM`).
    Stream,
    /// Datagrams: UDP (`SOCK_DGRAM`).
    Datagram,
}

/// A TCP or UDP socket that threads may share.
///
/// Each call is the system call of its name and fails as that does, with a [`Fault`]. Calls of
/// several threads run at the same time. Dropping the socket closes it.
///
/// ```
/// use capsock::net::{BlockingSocket, Family, Kind, Patience};
///
/// let (server, client) = (BlockingSocket::new(Family::V4, Kind::Datagram, true)?, BlockingSocket::new(Family::V4, Kind::Datagram, true)?);
/// server.bind(&"127.0.0.1:0".parse()?)?;
/// client.send_to(b"hello", &server.local_addr()?, 0, Patience::default())?;
/// let mut message = [0; 2048];
/// let (length, sender) = server.receive_from(&mut message, 0, Patience::default())?;
/// assert_eq!((&message[..length], sender.map(|sender| sender.port())), (&b"hello"[..], Some(client.local_addr()?.port())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BlockingSocket {
    open: ArcSwapOption<Open>,
    /// What wakes the calls that wait.
    waiters: Mutex<Vec<Arc<Waker>>>,
    kind: Kind,
}

/// The descriptor, shared by the socket and the calls in progress: a call that another thread's
/// close overtakes never meets a descriptor that is somebody else's by now.
#[derive(Debug)]
struct Open {
    /// `Some` until it is dropped.
    socket: Option<Socket>,
    /// Whether dropping it closes the descriptor.
    owned: AtomicBool,
    /// The process that it belongs to.
    process: i32,
    /// For a recording: the thread that closed it, and when, while calls in progress keep it open.
    closer: OnceLock<(u32, u64)>,
    /// For a recording: since when a poller waits for input, and for room; 0 is not.
    watched: [AtomicU64; 2],
}

impl Open {
    fn socket(&self) -> &Socket {
        self.socket.as_ref().expect("only its drop takes it")
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        if !*self.owned.get_mut() {
            // Somebody else's now.
            let _ = std::os::fd::IntoRawFd::into_raw_fd(socket.into_fd());
        } else if trace::on() {
            let _ = socket_trace::close(socket, self.closer.get().copied());
        }
    }
}

/// What the system says of a closed socket.
const CLOSED: Errno = Errno(libc::EBADF);

impl BlockingSocket {
    /// socket(2), close-on-exec. `nonblocking` sets O_NONBLOCK, which matters to those alone who use
    /// the descriptor by itself: the calls here wait as they are told to either way.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOBUFS, EAFNOSUPPORT.
    pub fn new(family: Family, kind: Kind, nonblocking: bool) -> Result<BlockingSocket, Errno> {
        let domain = match family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let kind_of = match kind {
            Kind::Stream => Type::STREAM,
            Kind::Datagram => Type::DGRAM,
        };
        Ok(BlockingSocket::of(Socket::plain(domain, kind_of, nonblocking)?, kind))
    }

    /// Takes a descriptor over: a TCP or UDP socket's, which is not checked.
    #[must_use]
    pub fn from_fd(fd: OwnedFd, kind: Kind) -> BlockingSocket {
        BlockingSocket::of(Socket::from(fd), kind)
    }

    fn of(socket: Socket, kind: Kind) -> BlockingSocket {
        let open = Open {
            socket: Some(socket),
            owned: AtomicBool::new(true),
            process: process_id(),
            closer: OnceLock::new(),
            watched: Default::default(),
        };
        BlockingSocket { open: ArcSwapOption::from_pointee(open), waiters: Mutex::default(), kind }
    }

    /// Stream or datagram.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The descriptor, for calls that are not here; -1 once closed. It may be closed, and its number
    /// be another's, as soon as another thread closes the socket.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.open.load().as_ref().map_or(-1, |open| open.socket().fd())
    }

    /// Whether it is closed or its descriptor was given up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.open.load().is_none()
    }

    /// close(2). Calls that other threads are blocked in end with [`Fault::Woken`], and the
    /// descriptor is closed when the last of them has left. Closing twice is no error.
    ///
    /// In a process that was forked off, the parent's calls go on.
    ///
    /// # Errors
    /// What close(2) reports, if no call was in progress: EBADF if somebody else closed the descriptor.
    pub fn close(&self) -> Result<(), Errno> {
        let Some(open) = self.open.swap(None) else { return Ok(()) };
        if open.process != process_id() {
            // Shares that calls had when the process was forked off stay here for ever.
            if open.owned.swap(false, Ordering::Relaxed) {
                if trace::on() {
                    socket_trace::closing(open.socket(), None);
                }
                // SAFETY: the descriptor was this value's to close, and is not any more.
                return unsafe { sys::close_number(open.socket().fd()) };
            }
            return Ok(());
        }
        if trace::on() {
            let _ = open.closer.set(trace::here_and_now());
        }
        self.wake_all();
        let Some(mut open) = Arc::into_inner(open) else { return Ok(()) };
        match open.socket.take() {
            Some(socket) => socket.close(),
            None => Ok(()),
        }
    }

    /// Gives the descriptor up without closing it, and ends the calls that other threads are blocked
    /// in, as [`close`](BlockingSocket::close) does. `None` if it is closed.
    pub fn detach(&self) -> Option<OwnedFd> {
        let open = self.open.swap(None)?;
        let owned = open.owned.swap(false, Ordering::AcqRel);
        self.wake_all();
        // SAFETY: this was the descriptor's owner, and nobody else closes it: `owned` says so.
        owned.then(|| unsafe { std::os::fd::FromRawFd::from_raw_fd(open.socket().fd()) })
    }

    fn waiters(&self) -> MutexGuard<'_, Vec<Arc<Waker>>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        self.waiters().iter().for_each(|waker| waker.notify());
    }

    fn open(&self) -> Result<Guard<Option<Arc<Open>>>, Errno> {
        let open = self.open.load();
        if open.is_some() { Ok(open) } else { Err(CLOSED) }
    }

    /// Runs a call that never waits.
    pub(super) fn at_once<T>(&self, call: impl FnOnce(&Socket) -> Result<T, Errno>) -> Result<T, Errno> {
        let open = self.open()?;
        call(open.as_ref().ok_or(CLOSED)?.socket())
    }

    /// Runs a call again and again, waiting for `events` (poll(2)) in between, until it does not
    /// have to wait.
    fn when_ready<T>(
        &self,
        events: libc::c_short,
        patience: Patience,
        mut call: impl FnMut(&Socket) -> Result<T, Errno>,
    ) -> Result<T, Fault> {
        let open = self.open().map_err(|_| Fault::Woken)?;
        let socket = open.as_ref().ok_or(Fault::Woken)?.socket();
        match call(socket) {
            Err(errno) if errno.would_block() && !patience.is_none() => {}
            Err(Errno(libc::EINTR)) => patience.ask()?,
            other => return Ok(other?),
        }
        let deadline = Deadline::after(patience.timeout);
        let place = Place::take(self);
        loop {
            place.wait(socket, events, deadline, patience)?;
            match call(socket) {
                Err(errno) if errno.would_block() => {}
                Err(Errno(libc::EINTR)) => patience.ask()?,
                other => return Ok(other?),
            }
        }
    }
}

impl AsRawFd for BlockingSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd()
    }
}
