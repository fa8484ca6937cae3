//! The sockets of the BSD call flow, for programs that make their own calls: one method is one system call.
//!
//! Without a timeout of the library's it is the system's call as it is, so that the descriptor's mode, its options
//! and the call's flags have their effect (`waits`). With one, the call is tried without waiting, behind a wait in
//! poll(2). Both are ended by closing the socket from another thread (`blocked`), and tell of a signal whoever wants
//! to know.
//!
//! This crate's servers and clients are not made of it.

mod blocked;
mod by_name;
mod call_error;
mod calls;
mod data;
mod numbers;
mod traced;
mod uses;
mod waits;

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Type};

pub use self::call_error::SocketCall;
pub use self::numbers::shutdown_from_number;
use self::uses::{Counted, Left, Uses};
use super::socket::Socket;
use super::sys::{self, Errno};
use super::traced as socket_trace;
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
/// Each call is the system call of its name and fails as that does, with a [`WaitError`](crate::net::WaitError). Calls of
/// several threads run at the same time. Dropping the socket closes it.
///
/// ```
/// use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};
///
/// let (server, client) = (BlockingSocket::new(Family::V4, Kind::Datagram, false)?, BlockingSocket::new(Family::V4, Kind::Datagram, false)?);
/// server.bind(&"127.0.0.1:0".parse()?)?;
/// client.send_to(b"hello", &server.local_addr()?, 0, WaitPolicy::default())?;
/// let mut message = [0; 2048];
/// let (length, sender) = server.receive_from(&mut message, 0, WaitPolicy::default())?;
/// assert_eq!((&message[..length], sender.map(|sender| sender.port())), (&b"hello"[..], Some(client.local_addr()?.port())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BlockingSocket {
    /// Open for as long as it is `owned`, or until whoever has the descriptor now closes it.
    socket: ManuallyDrop<Socket>,
    kind: Kind,
    uses: Uses,
    /// Whether closing the socket closes the descriptor; taken by whoever does.
    owned: AtomicBool,
    /// What is known of SO_RCVLOWAT, see `waits`.
    low_water: AtomicU8,
    /// For a recording: the thread that closed it, and when, while calls in progress keep it open.
    closer: OnceLock<(u32, u64)>,
    /// For a recording: since when a poller waits for input, and for room; 0 is not.
    watched: [AtomicU64; 2],
}

/// What the system says of a closed socket.
const CLOSED: Errno = Errno(libc::EBADF);

/// So long a close waits for the calls that it has ended to let go of the descriptor.
const LETTING_GO: Duration = Duration::from_millis(10);

/// A call in progress, which keeps the descriptor open.
#[derive(Debug)]
struct InUse<'a> {
    owner: &'a BlockingSocket,
    counted: Cell<Counted>,
}

impl InUse<'_> {
    fn socket(&self) -> &Socket {
        &self.owner.socket
    }

    /// Counts the use in a child of fork(2) that goes on with the call.
    fn recount(&self) {
        if self.owner.uses.lacks(self.counted.get()) {
            self.counted.set(self.owner.uses.enter().0);
        }
    }
}

impl Drop for InUse<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.owner.uses.leave(self.counted.get()) == Left::Last {
            self.owner.close_descriptor().unwrap_or_default();
        }
    }
}

impl BlockingSocket {
    /// socket(2), close-on-exec. `nonblocking` sets O_NONBLOCK, see [`WaitPolicy::timeout`](crate::net::WaitPolicy::timeout).
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
        BlockingSocket {
            socket: ManuallyDrop::new(socket),
            kind,
            uses: Uses::new(),
            owned: AtomicBool::new(true),
            low_water: AtomicU8::new(waits::UNKNOWN),
            closer: OnceLock::new(),
            watched: Default::default(),
        }
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
        if self.is_closed() { -1 } else { self.socket.fd() }
    }

    /// Whether it is closed or its descriptor was given up.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.uses.is_closed()
    }

    /// close(2). Calls that other threads are blocked in end with [`WaitError::Woken`](crate::net::WaitError::Woken), and the
    /// descriptor is closed when the last of them has left, which this waits for: microseconds, and a second at
    /// most. Closing twice is no error.
    ///
    /// In a process that was forked off, the parent's calls go on. Where the host has blocked the library's signal in
    /// a thread since its first call, or has a handler of its own for it, the call is ended by shutdown(2), which also
    /// ends what another process does with the socket.
    ///
    /// # Errors
    /// What close(2) reports, if no call was in progress: EBADF if somebody else closed the descriptor.
    pub fn close(&self) -> Result<(), Errno> {
        let Some(left) = self.end() else { return Ok(()) };
        if left == Left::Last {
            return self.close_descriptor();
        }
        self.interrupt();
        Ok(())
    }

    /// Gives the descriptor up without closing it, and ends the calls that other threads are blocked
    /// in, as [`close`](BlockingSocket::close) does. `None` if it is closed.
    pub fn detach(&self) -> Option<OwnedFd> {
        self.note_closer();
        if self.uses.detach()? == Left::Others {
            self.interrupt();
        }
        // SAFETY: this was the descriptor's owner, and nobody else closes it: `detach` has decided so.
        Some(unsafe { std::os::fd::FromRawFd::from_raw_fd(self.socket.fd()) })
    }

    fn note_closer(&self) {
        if trace::on() && !self.is_closed() {
            let _ = self.closer.set(trace::here_and_now());
        }
    }

    /// No call begins from now on. `None` if that was so before.
    fn end(&self) -> Option<Left> {
        self.note_closer();
        self.uses.close()
    }

    /// Ends the calls in progress.
    #[cold]
    fn interrupt(&self) {
        blocked::interrupt(self.place(), || {
            let _ = self.socket.0.shutdown(std::net::Shutdown::Both);
        });
        let start = Instant::now();
        while self.uses.are_any() && start.elapsed() < LETTING_GO {
            thread::yield_now();
        }
    }

    /// What tells this socket from others while calls are in progress.
    fn place(&self) -> *const () {
        std::ptr::from_ref(self).cast()
    }

    /// Nobody uses the descriptor any more, or can.
    fn close_descriptor(&self) -> Result<(), Errno> {
        if !self.owned.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        // SAFETY: the descriptor was this value's to close, and is not any more: `owned` says so.
        let close = || unsafe { sys::close_number(self.socket.fd()) };
        if trace::on() {
            socket_trace::close(&self.socket, self.closer.get().copied(), close)
        } else {
            close()
        }
    }

    /// The socket for a call that does not block.
    #[inline]
    fn in_use(&self) -> Result<InUse<'_>, Errno> {
        let (counted, open) = self.uses.enter();
        let in_use = InUse { owner: self, counted: Cell::new(counted) };
        if open { Ok(in_use) } else { Err(CLOSED) }
    }

    /// Runs a call that never waits.
    pub(super) fn at_once<T>(&self, call: impl FnOnce(&Socket) -> Result<T, Errno>) -> Result<T, Errno> {
        call(self.in_use()?.socket())
    }
}

impl Drop for BlockingSocket {
    fn drop(&mut self) {
        if self.end().is_some() {
            self.close_descriptor().unwrap_or_default();
        }
    }
}

impl AsRawFd for BlockingSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd()
    }
}
