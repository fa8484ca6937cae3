//! The socket that threads share: making and closing it, and the use of its descriptor.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Type};

use super::blocked;
use super::socket_record::SocketRecord;
use super::uses::{Release, UseGeneration, Uses};
use crate::net::raw::RawSocket;
use crate::net::socket::Socket;
use crate::net::sys::fd::{FromRawFd, NO_FD, OwnedFd, RawFd};
use crate::net::sys::{self, Errno};
use crate::net::traced;
use crate::netc;

/// The family of a socket's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4 (`AF_INET`).
    V4,
    /// IPv6 (`AF_INET6`), and IPv4 in it unless `IPV6_V6ONLY` is set (ipv6(7)).
    V6,
}

impl Family {
    /// Whether the system supports sockets of this family. The attempt is not recorded.
    #[must_use]
    pub fn is_supported(self) -> bool {
        RawSocket::new(self.domain(), Type::DGRAM, None, false).is_ok()
    }

    fn domain(self) -> Domain {
        match self {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        }
    }
}

/// The type of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A byte stream: TCP (`SOCK_STREAM`).
    Stream,
    /// Datagrams: UDP (`SOCK_DGRAM`).
    Datagram,
}

/// A TCP or UDP socket that threads may share.
///
/// Each method is the system call of its name and fails with that call's errors, as a
/// [`WaitError`](crate::net::WaitError). Threads may make calls concurrently. Dropping the socket closes it.
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
    /// Open while it is `owned`, or until the owner of the detached descriptor closes that.
    socket: ManuallyDrop<Socket>,
    kind: Kind,
    uses: Uses,
    /// Whether closing the socket closes the descriptor; cleared by the thread that does.
    owned: AtomicBool,
    /// Set once the descriptor is closed.
    closed: AtomicBool,
    /// Whether SO_RCVLOWAT is more than 1, see `waits`.
    pub(super) low_water: AtomicU8,
    pub(super) record: SocketRecord,
}

/// The `low_water` of a socket whose SO_RCVLOWAT is not known.
pub(super) const UNKNOWN: u8 = 0;

/// The error of a call on a closed socket.
const CLOSED: Errno = Errno(netc::EBADF);

/// How long a close waits for the unblocked calls to release the descriptor. It waits in vain if it is called by a signal
/// handler that runs in one of them.
const RELEASE_LIMIT: Duration = Duration::from_millis(100);
/// How long it does not give up the processor for more than a turn.
const YIELD_LIMIT: Duration = Duration::from_millis(10);

/// A call in progress, which keeps the descriptor open.
#[derive(Debug)]
pub(in crate::net) struct InUse<'a> {
    pub(super) owner: &'a BlockingSocket,
    counted_in: Cell<UseGeneration>,
}

impl InUse<'_> {
    fn socket(&self) -> &Socket {
        &self.owner.socket
    }

    /// Counts the use in a child of fork(2) that continues the call.
    pub(super) fn recount(&self) {
        if self.owner.uses.is_uncounted_after_fork(self.counted_in.get()) {
            self.counted_in.set(self.owner.uses.enter().0);
        }
    }
}

impl Deref for InUse<'_> {
    type Target = RawSocket;

    fn deref(&self) -> &RawSocket {
        self.owner.raw()
    }
}

impl Drop for InUse<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.owner.uses.leave(self.counted_in.get()) == Release::Last {
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
        let kind_of = match kind {
            Kind::Stream => Type::STREAM,
            Kind::Datagram => Type::DGRAM,
        };
        Ok(BlockingSocket::of(Socket::plain(family.domain(), kind_of, nonblocking)?, kind))
    }

    /// Takes ownership of a descriptor, which must be a TCP or UDP socket's; that is not checked.
    #[must_use]
    pub fn from_fd(fd: OwnedFd, kind: Kind) -> BlockingSocket {
        BlockingSocket::of(Socket::from(fd), kind)
    }

    pub(super) fn of(socket: Socket, kind: Kind) -> BlockingSocket {
        BlockingSocket {
            socket: ManuallyDrop::new(socket),
            kind,
            uses: Uses::new(),
            owned: AtomicBool::new(true),
            closed: AtomicBool::new(false),
            low_water: AtomicU8::new(UNKNOWN),
            record: SocketRecord::default(),
        }
    }

    /// Stream or datagram.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The descriptor, for other system calls; -1 once closed, on Windows `INVALID_SOCKET`. When another thread closes the socket, the number may be
    /// reused at once.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        if self.is_closed() { NO_FD } else { self.socket.fd() }
    }

    /// Whether it is closed or detached.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.uses.is_closed()
    }

    /// close(2). It unblocks the pending calls of other threads, which fail with
    /// [`WaitError::Woken`](crate::net::WaitError::Woken). The last of them closes the descriptor; this waits for that,
    /// usually microseconds and at most 100 ms. Closing twice is no error.
    ///
    /// In a forked child, the parent's calls are not affected. If the host has blocked the library's signal in a thread
    /// since that thread's first call, or handles the signal itself, the call is unblocked by shutdown(2), which affects
    /// other processes that share the socket.
    ///
    /// # Errors
    /// What close(2) reports, if no call was in progress: EBADF if somebody else closed the descriptor.
    pub fn close(&self) -> Result<(), Errno> {
        let Some(release) = self.end() else { return Ok(()) };
        if release == Release::Last {
            return self.close_descriptor();
        }
        // The last call closes the descriptor after it has left.
        self.interrupt(|| self.closed.load(Ordering::SeqCst));
        Ok(())
    }

    /// Releases the descriptor without closing it, and unblocks the pending calls of other threads, as
    /// [`close`](BlockingSocket::close) does. `None` if the socket is closed.
    pub fn detach(&self) -> Option<OwnedFd> {
        self.note_closer();
        if self.uses.detach()? == Release::NotLast {
            self.interrupt(|| !self.uses.in_use());
        }
        self.raw().hand_over();
        // SAFETY: this owned the descriptor, and `Uses::detach` returns `Some` only once and to no close.
        Some(unsafe { OwnedFd::from_raw_fd(self.socket.fd()) })
    }

    fn note_closer(&self) {
        if !self.is_closed() {
            self.record.note_closer();
        }
    }

    /// No call begins from now on. `None` if the socket was closed before.
    fn end(&self) -> Option<Release> {
        if !self.is_closed() {
            traced::hold_close(self.raw());
        }
        self.note_closer();
        self.uses.close()
    }

    /// Unblocks the calls in progress, and waits until the descriptor is `released` by them.
    #[cold]
    fn interrupt(&self, released: impl Fn() -> bool) {
        blocked::interrupt(self.address(), || {
            let _ = self.raw().shutdown(std::net::Shutdown::Both);
        });
        let start = Instant::now();
        while !released() {
            match start.elapsed() {
                waited if waited < YIELD_LIMIT => thread::yield_now(),
                waited if waited < RELEASE_LIMIT => thread::sleep(Duration::from_millis(1)),
                _ => return,
            }
        }
    }

    /// The identity of this socket while calls are in progress.
    pub(super) fn address(&self) -> *const () {
        std::ptr::from_ref(self).cast()
    }

    /// Closes the descriptor, which no call uses or can use any more.
    fn close_descriptor(&self) -> Result<(), Errno> {
        if !self.owned.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let closer = || self.record.closer();
        // SAFETY: this owned the descriptor, and `owned` is cleared only once.
        let outcome = traced::close(self.raw(), closer, || unsafe { sys::close_number(self.socket.fd()) });
        self.closed.store(true, Ordering::SeqCst);
        outcome
    }

    /// The socket without its trace points.
    pub(super) fn raw(&self) -> &RawSocket {
        &self.socket.raw
    }

    /// The socket for the length of a call.
    #[inline]
    pub(super) fn in_use(&self) -> Result<InUse<'_>, Errno> {
        let (counted_in, open) = self.uses.enter();
        let in_use = InUse { owner: self, counted_in: Cell::new(counted_in) };
        if open { Ok(in_use) } else { Err(CLOSED) }
    }

    /// Makes a call that never blocks.
    pub(in crate::net) fn at_once<T>(
        &self,
        call: impl FnOnce(&Socket) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
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

#[cfg(unix)]
impl std::os::fd::AsRawFd for BlockingSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsRawSocket for BlockingSocket {
    fn as_raw_socket(&self) -> RawFd {
        self.fd()
    }
}
