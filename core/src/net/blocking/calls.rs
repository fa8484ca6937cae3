//! The calls for addresses, connections and options: one method is one system call of that name, behind a wait if it
//! can block.

use std::cell::Cell;
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::SockAddr;

use super::socket::{BlockingSocket, Kind, UNKNOWN};
use crate::net::raw::RawSocket;
use crate::net::socket::Socket;
use crate::net::sys::{CALLS_BLOCK, Errno};
use crate::net::traced::{self, Traced};
use crate::net::wait::WaitPolicy;
use crate::net::wait_error::WaitError;
use crate::netc;

impl BlockingSocket {
    /// bind(2).
    ///
    /// # Errors
    /// EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL (bound already); EBADF once closed, as all below.
    pub fn bind(&self, address: &SocketAddr) -> Result<(), Errno> {
        self.at_once(|socket| socket.bind(address))
    }

    /// listen(2).
    ///
    /// # Errors
    /// EADDRINUSE, EOPNOTSUPP.
    pub fn listen(&self, backlog: u32) -> Result<(), Errno> {
        self.at_once(|socket| socket.listen(backlog))
    }

    /// accept4(2) with SOCK_CLOEXEC: the new socket and the peer's address. `nonblocking` sets O_NONBLOCK on the new
    /// socket.
    ///
    /// A timeout is meant for descriptors with O_NONBLOCK. On one without, the call waits for a connection until the
    /// timeout; if another process then accepts that connection first, the call blocks without a limit, until
    /// [`close`](BlockingSocket::close) unblocks it.
    ///
    /// # Errors
    /// EINVAL if it does not listen, EOPNOTSUPP of datagrams; EMFILE and ENFILE, with the connection left in the backlog;
    /// ECONNABORTED.
    pub fn accept(
        &self,
        nonblocking: bool,
        policy: WaitPolicy,
    ) -> Result<(BlockingSocket, SocketAddr), WaitError> {
        let accepted = self.trace_accept(policy, move |this, policy| this.accept_raw(nonblocking, policy));
        let (socket, peer) = accepted?;
        let peer = peer.as_socket().ok_or(Errno(netc::EAFNOSUPPORT))?;
        Ok((BlockingSocket::of(socket, self.kind()), peer))
    }

    #[inline(always)]
    fn accept_raw(&self, nonblocking: bool, policy: WaitPolicy) -> Result<(Socket, SockAddr), WaitError> {
        let accept = |socket: &RawSocket| socket.accept(nonblocking);
        let policy = self.by_mode(policy, 0, netc::POLLIN)?;
        if policy.timeout.is_none() {
            return self.call_blocking(netc::POLLIN, 0, policy, accept);
        }
        // accept(2) has no MSG_DONTWAIT. On a datagram socket, for which poll(2) would wait for a datagram, it fails at
        // once.
        let blocks = |socket: &Socket| Ok(!socket.is_nonblocking()?);
        let ready_first = CALLS_BLOCK
            && self.kind() == Kind::Stream
            && self.at_once(blocks).map_err(|errno| self.closed_or(errno))?;
        self.call_with_timeout(netc::POLLIN, policy, ready_first, accept)
    }

    /// connect(2). After a timeout or a signal that ends the call, the connect continues in the background, as that of
    /// a non-blocking socket does. With a timeout, O_NONBLOCK is set during the call.
    ///
    /// # Errors
    /// ECONNREFUSED, ENETUNREACH, ETIMEDOUT (the peer did not answer), EISCONN; EINPROGRESS with a zero timeout.
    pub fn connect(&self, address: &SocketAddr, policy: WaitPolicy) -> Result<(), WaitError> {
        self.trace_connect(address, policy, BlockingSocket::connect_raw)
    }

    #[inline(always)]
    fn connect_raw(&self, address: &SocketAddr, policy: WaitPolicy) -> Result<(), WaitError> {
        let connect = |socket: &RawSocket| socket.connect(address);
        let policy = self.by_mode(policy, 0, netc::POLLOUT)?;
        if policy.timeout.is_some() {
            return self.connect_within(policy, connect);
        }
        if traced::is_on() && self.connect_blocks() {
            // The wait is the library's, so that it is known to a recording.
            return self.connect_within(WaitPolicy { timeout: Some(Duration::MAX), ..policy }, connect);
        }
        // An interrupted connect continues, and a second call would not wait for it (connect(2), EINTR).
        let interrupted = Cell::new(false);
        let first = self.call_blocking(netc::POLLOUT, 0, policy, |socket| match connect(socket) {
            Err(Errno(netc::EALREADY)) if interrupted.get() => Ok(false),
            Err(Errno(netc::EINTR)) => {
                interrupted.set(true);
                Err(Errno(netc::EINTR))
            }
            other => other.map(|()| true),
        });
        match first? {
            true => Ok(()),
            false => self.finish_connecting(self.in_use().map_err(|_| WaitError::Woken)?, policy, connect),
        }
    }

    /// Whether connect(2) blocks without a limit.
    #[cold]
    #[inline(never)]
    fn connect_blocks(&self) -> bool {
        let unlimited = |socket: &Socket| {
            Ok(!socket.is_nonblocking()? && socket.time_limit(netc::POLLOUT)? == Duration::MAX)
        };
        self.kind() == Kind::Stream && self.at_once(unlimited) == Ok(true)
    }

    fn connect_within(
        &self,
        policy: WaitPolicy,
        connect: impl Fn(&RawSocket) -> Result<(), Errno>,
    ) -> Result<(), WaitError> {
        let in_use = self.in_use().map_err(|_| WaitError::Woken)?;
        let blocks = !in_use.is_nonblocking()?;
        if blocks {
            in_use.set_nonblocking(true)?;
        }
        let outcome = match connect(&in_use) {
            Err(Errno(netc::EINPROGRESS | netc::EINTR)) if !policy.is_nonblocking() => {
                let again = self.in_use().map_err(|_| WaitError::Woken);
                again.and_then(|in_use| self.finish_connecting(in_use, policy, connect))
            }
            other => other.map_err(WaitError::Os),
        };
        if blocks {
            in_use.set_nonblocking(false)?;
        }
        outcome
    }

    /// connect(2) to AF_UNSPEC: removes the peer of a datagram socket, and releases an address or port that the system
    /// chose.
    ///
    /// # Errors
    /// EBADF.
    pub fn disconnect(&self) -> Result<(), Errno> {
        self.at_once(|socket| socket.disconnect())
    }

    /// shutdown(2).
    ///
    /// # Errors
    /// ENOTCONN.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        self.at_once(|socket| socket.shutdown(how))
    }

    /// getsockname(2).
    ///
    /// # Errors
    /// EBADF.
    pub fn local_addr(&self) -> Result<SocketAddr, Errno> {
        self.at_once(|socket| socket.local_addr())
    }

    /// getpeername(2).
    ///
    /// # Errors
    /// ENOTCONN.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        self.at_once(|socket| socket.peer_addr())
    }

    /// getsockopt(2): returns how many bytes of `value` it filled.
    ///
    /// # Errors
    /// ENOPROTOOPT, EINVAL.
    pub fn option(&self, level: i32, name: i32, value: &mut [u8]) -> Result<usize, Errno> {
        self.at_once(|socket| socket.option(level, name, value))
    }

    /// setsockopt(2).
    ///
    /// # Errors
    /// ENOPROTOOPT, EINVAL, EACCES.
    pub fn set_option(&self, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
        let set = self.at_once(|socket| socket.set_option(level, name, value));
        self.low_water.store(UNKNOWN, Ordering::Relaxed);
        set
    }

    /// The pending error (SO_ERROR), which this clears: how a non-blocking connect ended.
    ///
    /// # Errors
    /// That error.
    pub fn take_error(&self) -> Result<(), Errno> {
        self.at_once(|socket| socket.take_error())
    }

    /// The bytes that can be received now (FIONREAD); for UDP, those of the next datagram.
    ///
    /// # Errors
    /// EBADF; EINVAL of a listening socket.
    pub fn available(&self) -> Result<usize, Errno> {
        self.at_once(|socket| socket.available())
    }

    /// Sets or clears O_NONBLOCK (fcntl(2)).
    ///
    /// # Errors
    /// EBADF.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Errno> {
        self.at_once(|socket| socket.set_nonblocking(nonblocking))
    }

    /// Waits until the socket is readable (poll(2)): a receive or an accept does not block. Without a timeout there is no
    /// limit.
    ///
    /// # Errors
    /// Those of the wait.
    pub fn wait_readable(&self, policy: WaitPolicy) -> Result<(), WaitError> {
        self.wait(netc::POLLIN, policy)
    }

    /// Waits until the socket is writable (poll(2)): a send does not block, or a connect has ended. Without a timeout
    /// there is no limit.
    ///
    /// # Errors
    /// Those of the wait.
    pub fn wait_writable(&self, policy: WaitPolicy) -> Result<(), WaitError> {
        self.wait(netc::POLLOUT, policy)
    }
}
