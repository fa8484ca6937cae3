//! The calls that give a socket its addresses and options: one method is one system call of that name, behind a
//! wait where it can wait.

use std::cell::Cell;
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::Ordering;

use super::waits::UNKNOWN;
use super::{BlockingSocket, Kind};
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::net::wait::{WaitError, WaitPolicy};
use crate::trace;

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

    /// accept(2): the new socket, close-on-exec and as `nonblocking` as is said, and the peer's address.
    ///
    /// A timeout is for descriptors with O_NONBLOCK: one without waits for a connection until then, and if another
    /// process takes that in between, for the next one without a limit, which a close ends all the same.
    ///
    /// # Errors
    /// EINVAL if it does not listen, EOPNOTSUPP of datagrams; EMFILE and ENFILE, with the connection left in the backlog;
    /// ECONNABORTED.
    pub fn accept(
        &self,
        nonblocking: bool,
        policy: WaitPolicy,
    ) -> Result<(BlockingSocket, SocketAddr), WaitError> {
        if trace::on() {
            return self.accept_traced(nonblocking, policy);
        }
        self.bare_accept(nonblocking, policy)
    }

    #[inline(always)]
    pub(super) fn bare_accept(
        &self,
        nonblocking: bool,
        policy: WaitPolicy,
    ) -> Result<(BlockingSocket, SocketAddr), WaitError> {
        let accept = |socket: &Socket| socket.bare_accept(nonblocking);
        let (socket, peer) = if policy.timeout.is_none() {
            self.as_it_is(libc::POLLIN, policy, accept)?
        } else {
            // accept(2) has no MSG_DONTWAIT. One of datagrams would wait for a datagram, and is refused at once.
            let blocks = |socket: &Socket| Ok(!socket.is_nonblocking()?);
            let ready_first =
                self.kind() == Kind::Stream && self.at_once(blocks).map_err(|errno| self.closed_or(errno))?;
            self.within(libc::POLLIN, policy, ready_first, accept)?
        };
        Ok((BlockingSocket::of(socket, self.kind()), peer))
    }

    /// connect(2). After a timeout the attempt goes on in the background, as a non-blocking one does; so it does
    /// after a signal that ends the call. With a timeout, a descriptor without O_NONBLOCK has it during the call.
    ///
    /// # Errors
    /// ECONNREFUSED, ENETUNREACH, ETIMEDOUT (the peer's silence), EISCONN; EINPROGRESS with a zero timeout.
    pub fn connect(&self, address: &SocketAddr, policy: WaitPolicy) -> Result<(), WaitError> {
        if trace::on() {
            return self.connect_traced(address, policy);
        }
        self.bare_connect(address, policy)
    }

    #[inline(always)]
    pub(super) fn bare_connect(&self, address: &SocketAddr, policy: WaitPolicy) -> Result<(), WaitError> {
        let connect = |socket: &Socket| socket.bare_connect(address);
        if policy.timeout.is_some() {
            return self.connect_within(policy, connect);
        }
        // The attempt that a signal interrupted goes on, and a second call would not wait for it (connect(2), EINTR).
        let interrupted = Cell::new(false);
        let first = self.as_it_is(libc::POLLOUT, policy, |socket| match connect(socket) {
            Err(Errno(libc::EALREADY)) if interrupted.get() => Ok(false),
            Err(Errno(libc::EINTR)) => {
                interrupted.set(true);
                Err(Errno(libc::EINTR))
            }
            other => other.map(|()| true),
        });
        match first? {
            true => Ok(()),
            false => self.finish_connecting(self.in_use().map_err(|_| WaitError::Woken)?, policy, connect),
        }
    }

    fn connect_within(
        &self,
        policy: WaitPolicy,
        connect: impl Fn(&Socket) -> Result<(), Errno>,
    ) -> Result<(), WaitError> {
        let in_use = self.in_use().map_err(|_| WaitError::Woken)?;
        let blocks = !in_use.socket().is_nonblocking()?;
        if blocks {
            in_use.socket().set_nonblocking(true)?;
        }
        let outcome = match connect(in_use.socket()) {
            Err(Errno(libc::EINPROGRESS | libc::EINTR)) if !policy.is_nonblocking() => {
                let again = self.in_use().map_err(|_| WaitError::Woken);
                again.and_then(|in_use| self.finish_connecting(in_use, policy, connect))
            }
            other => other.map_err(WaitError::Os),
        };
        if blocks {
            in_use.socket().set_nonblocking(false)?;
        }
        outcome
    }

    /// connect(2) to no address (AF_UNSPEC): a datagram socket has no peer any more. An address or port
    /// that it was not bound to by name is given back as well.
    ///
    /// # Errors
    /// EBADF.
    pub fn disconnect(&self) -> Result<(), Errno> {
        self.at_once(Socket::disconnect)
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
        self.at_once(Socket::local_addr)
    }

    /// getpeername(2).
    ///
    /// # Errors
    /// ENOTCONN.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        self.at_once(Socket::peer_addr)
    }

    /// getsockopt(2): how many bytes of `value` it filled.
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

    /// The error that waits on the socket (SO_ERROR), once: how a non-blocking connect ended.
    ///
    /// # Errors
    /// That error.
    pub fn take_error(&self) -> Result<(), Errno> {
        self.at_once(Socket::take_error)
    }

    /// Bytes that can be received now (FIONREAD); over UDP, those of the next datagram.
    ///
    /// # Errors
    /// EBADF; EINVAL of a listening socket.
    pub fn available(&self) -> Result<usize, Errno> {
        self.at_once(Socket::available)
    }

    /// Sets or clears O_NONBLOCK (fcntl(2)).
    ///
    /// # Errors
    /// EBADF.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Errno> {
        self.at_once(|socket| socket.set_nonblocking(nonblocking))
    }

    /// Waits until a receive, or an accept, has something to return (poll(2)); without a timeout there is no
    /// limit.
    ///
    /// # Errors
    /// The errors of a wait.
    pub fn wait_readable(&self, policy: WaitPolicy) -> Result<(), WaitError> {
        self.wait(libc::POLLIN, policy)
    }

    /// Waits until a send has room, or a connect has ended (poll(2)); without a timeout there is no limit.
    ///
    /// # Errors
    /// The errors of a wait.
    pub fn wait_writable(&self, policy: WaitPolicy) -> Result<(), WaitError> {
        self.wait(libc::POLLOUT, policy)
    }
}
