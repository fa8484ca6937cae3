//! The calls: one method is one system call of that name, behind a wait where it can wait.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use super::place::Place;
use super::{BlockingSocket, Kind};
use crate::net::message::Received;
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::net::wait::{Deadline, Fault, Patience};
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
    /// # Errors
    /// EINVAL if it does not listen, EOPNOTSUPP of datagrams; EMFILE and ENFILE, with the connection left in the backlog; ECONNABORTED.
    pub fn accept(
        &self,
        nonblocking: bool,
        patience: Patience,
    ) -> Result<(BlockingSocket, SocketAddr), Fault> {
        if trace::on() {
            return self.accept_traced(nonblocking, patience);
        }
        self.bare_accept(nonblocking, patience)
    }

    #[inline(always)]
    pub(super) fn bare_accept(
        &self,
        nonblocking: bool,
        patience: Patience,
    ) -> Result<(BlockingSocket, SocketAddr), Fault> {
        // accept(2) has no MSG_DONTWAIT: on a descriptor that blocks, a connection is waited for first. One of
        // datagrams would wait for a datagram, and is refused at once.
        if self.kind == Kind::Stream && !self.at_once(Socket::is_nonblocking)? {
            match self.wait(libc::POLLIN, patience) {
                Err(Fault::TimedOut) if patience.is_none() => return Err(Errno(libc::EAGAIN).into()),
                waited => waited?,
            }
        }
        let (socket, peer) =
            self.when_ready(libc::POLLIN, patience, |socket| socket.bare_accept(nonblocking))?;
        Ok((BlockingSocket::of(socket, self.kind), peer))
    }

    /// connect(2). After a timeout the attempt goes on in the background, as a non-blocking one does.
    ///
    /// # Errors
    /// ECONNREFUSED, ENETUNREACH, ETIMEDOUT (the peer's silence), EISCONN; EINPROGRESS without patience.
    pub fn connect(&self, address: &SocketAddr, patience: Patience) -> Result<(), Fault> {
        if trace::on() {
            return self.connect_traced(address, patience);
        }
        self.bare_connect(address, patience)
    }

    #[inline(always)]
    pub(super) fn bare_connect(&self, address: &SocketAddr, patience: Patience) -> Result<(), Fault> {
        let open = self.open().map_err(|_| Fault::Woken)?;
        let socket = open.as_ref().ok_or(Fault::Woken)?.socket();
        // A descriptor that blocks would block here beyond every deadline.
        let blocks = !patience.is_none() && !socket.is_nonblocking()?;
        if blocks {
            socket.set_nonblocking(true)?;
        }
        let outcome = match socket.bare_connect(address) {
            Err(Errno(libc::EINPROGRESS | libc::EINTR)) if !patience.is_none() => {
                self.finish_connecting(socket, address, patience)
            }
            other => other.map_err(Fault::Os),
        };
        if blocks {
            socket.set_nonblocking(false)?;
        }
        outcome
    }

    /// The second connect(2) tells how the first one ended, and unlike SO_ERROR it leaves a socket
    /// that was refused fit for another attempt, as a connect that blocks does.
    fn finish_connecting(
        &self,
        socket: &Socket,
        address: &SocketAddr,
        patience: Patience,
    ) -> Result<(), Fault> {
        let (place, deadline) = (Place::take(self), Deadline::after(patience.timeout));
        loop {
            place.wait(socket, libc::POLLOUT, deadline, patience)?;
            match socket.bare_connect(address) {
                Err(Errno(libc::EALREADY | libc::EINTR)) => {}
                ended => return ended.map_err(Fault::Os),
            }
        }
    }

    /// connect(2) to no address (AF_UNSPEC): a datagram socket has no peer any more. An address or port
    /// that it was not bound to by name is given back as well.
    ///
    /// # Errors
    /// EBADF.
    pub fn disconnect(&self) -> Result<(), Errno> {
        self.at_once(Socket::disconnect)
    }

    /// recv(2): what has arrived, up to the buffer's length; 0 is the end of a stream.
    ///
    /// Of a datagram that is longer than the buffer the rest is lost; with `MSG_TRUNC` in `flags` its
    /// whole length is returned. `MSG_WAITALL` waits for all if no time is set.
    ///
    /// # Errors
    /// ECONNRESET, ENOTCONN, ECONNREFUSED (of an earlier datagram).
    pub fn receive(&self, buffer: &mut [u8], flags: i32, patience: Patience) -> Result<usize, Fault> {
        if trace::on() {
            return self.receive_traced(buffer, flags, patience);
        }
        self.bare_receive(buffer, flags, patience)
    }

    #[inline(always)]
    pub(super) fn bare_receive(
        &self,
        buffer: &mut [u8],
        flags: i32,
        patience: Patience,
    ) -> Result<usize, Fault> {
        let patience = patience.with_flags(flags);
        let all = flags & libc::MSG_WAITALL != 0
            && flags & (libc::MSG_PEEK | libc::MSG_OOB) == 0
            && self.kind == Kind::Stream
            && patience.timeout.is_none();
        let mut filled = 0;
        loop {
            let rest = &mut buffer[filled..];
            let received = self.when_ready(libc::POLLIN, patience, |socket| {
                socket.bare_receive(rest, flags | libc::MSG_DONTWAIT)
            });
            match received {
                Ok(count) => {
                    filled += count;
                    if !all || count == 0 || filled >= buffer.len() {
                        return Ok(filled);
                    }
                }
                Err(_) if filled > 0 => return Ok(filled),
                Err(fault) => return Err(fault),
            }
        }
    }

    /// recvfrom(2), as [`receive`](BlockingSocket::receive), with the sender; a connected stream names none.
    ///
    /// # Errors
    /// As for [`receive`](BlockingSocket::receive).
    pub fn receive_from(
        &self,
        buffer: &mut [u8],
        flags: i32,
        patience: Patience,
    ) -> Result<(usize, Option<SocketAddr>), Fault> {
        if trace::on() {
            return self.receive_from_traced(buffer, flags, patience);
        }
        self.bare_receive_from(buffer, flags, patience)
    }

    #[inline(always)]
    pub(super) fn bare_receive_from(
        &self,
        buffer: &mut [u8],
        flags: i32,
        patience: Patience,
    ) -> Result<(usize, Option<SocketAddr>), Fault> {
        self.when_ready(libc::POLLIN, patience.with_flags(flags), |socket| {
            socket.bare_receive_from(buffer, flags | libc::MSG_DONTWAIT)
        })
    }

    /// recvmsg(2): into several buffers, with control data, which
    /// [`read_controls`](crate::net::read_controls) reads.
    ///
    /// # Errors
    /// As for [`receive`](BlockingSocket::receive).
    pub fn receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: i32,
        patience: Patience,
    ) -> Result<Received, Fault> {
        if trace::on() {
            return self.receive_message_traced(buffers, control, flags, patience);
        }
        self.bare_receive_message(buffers, control, flags, patience)
    }

    #[inline(always)]
    pub(super) fn bare_receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: i32,
        patience: Patience,
    ) -> Result<Received, Fault> {
        self.when_ready(libc::POLLIN, patience.with_flags(flags), |socket| {
            socket.bare_receive_message(buffers, control, flags | libc::MSG_DONTWAIT)
        })
    }

    /// send(2): how much of it the system took. On a stream without a time limit that is all, unless a
    /// signal, a close or an error comes when a part has been taken. SIGPIPE is never raised.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET, ENOTCONN, EDESTADDRREQ, EMSGSIZE (too long for a datagram), ECONNREFUSED (of
    /// an earlier datagram).
    pub fn send(&self, bytes: &[u8], flags: i32, patience: Patience) -> Result<usize, Fault> {
        if trace::on() {
            return self.send_traced(bytes, flags, patience);
        }
        self.bare_send(bytes, flags, patience)
    }

    #[inline(always)]
    pub(super) fn bare_send(&self, bytes: &[u8], flags: i32, patience: Patience) -> Result<usize, Fault> {
        self.send_by(bytes, flags, patience, |socket, rest| {
            socket.bare_send(rest, flags | libc::MSG_DONTWAIT)
        })
    }

    /// sendto(2), as [`send`](BlockingSocket::send).
    ///
    /// # Errors
    /// As for [`send`](BlockingSocket::send), and EISCONN, ENETUNREACH, EAFNOSUPPORT, EINVAL (port 0).
    pub fn send_to(
        &self,
        bytes: &[u8],
        address: &SocketAddr,
        flags: i32,
        patience: Patience,
    ) -> Result<usize, Fault> {
        if trace::on() {
            return self.send_to_traced(bytes, address, flags, patience);
        }
        self.bare_send_to(bytes, address, flags, patience)
    }

    #[inline(always)]
    pub(super) fn bare_send_to(
        &self,
        bytes: &[u8],
        address: &SocketAddr,
        flags: i32,
        patience: Patience,
    ) -> Result<usize, Fault> {
        self.send_by(bytes, flags, patience, |socket, rest| {
            socket.bare_send_to(rest, address, flags | libc::MSG_DONTWAIT)
        })
    }

    fn send_by(
        &self,
        bytes: &[u8],
        flags: i32,
        patience: Patience,
        mut send: impl FnMut(&Socket, &[u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Fault> {
        let patience = patience.with_flags(flags);
        let all = self.kind == Kind::Stream && patience.timeout.is_none();
        let mut sent = 0;
        loop {
            match self.when_ready(libc::POLLOUT, patience, |socket| send(socket, &bytes[sent..])) {
                Ok(count) => {
                    sent += count;
                    if !all || sent >= bytes.len() {
                        return Ok(sent);
                    }
                }
                Err(_) if sent > 0 => return Ok(sent),
                Err(fault) => return Err(fault),
            }
        }
    }

    /// send(2) again and again until all of it is taken, within one time limit.
    ///
    /// # Errors
    /// As for [`send`](BlockingSocket::send); how much was taken before is not known.
    pub fn send_all(&self, bytes: &[u8], flags: i32, patience: Patience) -> Result<(), Fault> {
        if trace::on() {
            return self.send_all_traced(bytes, flags, patience);
        }
        self.bare_send_all(bytes, flags, patience, &mut 0)
    }

    /// `sent` becomes how much was taken.
    #[inline(always)]
    pub(super) fn bare_send_all(
        &self,
        bytes: &[u8],
        flags: i32,
        patience: Patience,
        sent: &mut usize,
    ) -> Result<(), Fault> {
        let deadline = Deadline::after(patience.timeout);
        while *sent < bytes.len() {
            let timeout = deadline.remaining();
            // What is left of a limit is never the zero that stands for no waiting.
            if timeout == Some(Duration::ZERO) && !patience.is_none() {
                return Err(Fault::TimedOut);
            }
            // Not `send`, which has a part that was taken go before what ended the rest.
            let patience = Patience { timeout, ..patience }.with_flags(flags);
            *sent += self.when_ready(libc::POLLOUT, patience, |socket| {
                socket.bare_send(&bytes[*sent..], flags | libc::MSG_DONTWAIT)
            })?;
            if *sent < bytes.len() && patience.on_interrupt.is_some_and(|hook| hook()) {
                return Err(Fault::Interrupted);
            }
        }
        Ok(())
    }

    /// sendmsg(2): out of several buffers, with control data that
    /// [`write_controls`](crate::net::write_controls) wrote.
    ///
    /// # Errors
    /// As for [`send_to`](BlockingSocket::send_to); EINVAL for control data that is none.
    pub fn send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: i32,
        to: Option<&SocketAddr>,
        patience: Patience,
    ) -> Result<usize, Fault> {
        if trace::on() {
            return self.send_message_traced(buffers, control, flags, to, patience);
        }
        self.bare_send_message(buffers, control, flags, to, patience)
    }

    #[inline(always)]
    pub(super) fn bare_send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: i32,
        to: Option<&SocketAddr>,
        patience: Patience,
    ) -> Result<usize, Fault> {
        let patience = patience.with_flags(flags);
        let all = self.kind == Kind::Stream && patience.timeout.is_none();
        let sent = self.when_ready(libc::POLLOUT, patience, |socket| {
            socket.bare_send_message(buffers, control, flags | libc::MSG_DONTWAIT, to)
        })?;
        if !all {
            return Ok(sent);
        }
        // What the first call left over goes without the control data, which it took.
        let mut total = sent;
        let mut skip = sent;
        for buffer in buffers {
            let rest = buffer.get(skip.min(buffer.len())..).unwrap_or_default();
            skip -= buffer.len() - rest.len();
            if rest.is_empty() {
                continue;
            }
            match self.bare_send(rest, flags, patience) {
                Ok(count) => total += count,
                Err(_) => return Ok(total),
            }
        }
        Ok(total)
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
        self.at_once(|socket| socket.set_option(level, name, value))
    }

    /// The error that waits on the socket (SO_ERROR), once: how a connect without patience ended.
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

    /// Waits until a receive, or an accept, has something to return (poll(2)).
    ///
    /// # Errors
    /// The faults of a wait.
    pub fn wait_readable(&self, patience: Patience) -> Result<(), Fault> {
        self.wait(libc::POLLIN, patience)
    }

    /// Waits until a send has room, or a connect has ended (poll(2)).
    ///
    /// # Errors
    /// The faults of a wait.
    pub fn wait_writable(&self, patience: Patience) -> Result<(), Fault> {
        self.wait(libc::POLLOUT, patience)
    }

    /// Runs `call`, a call of this socket without patience ([`Patience::NONE`]), each time that the
    /// socket is readable, until it does not fail with EAGAIN.
    ///
    /// It is for a caller that has made the call once and in vain, and that has to do something
    /// before it waits: to let go of a lock of its language.
    ///
    /// # Errors
    /// The faults of a wait, and those of `call`.
    pub fn once_readable<T>(
        &self,
        patience: Patience,
        call: impl FnMut() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.once(libc::POLLIN, patience, call)
    }

    /// As [`once_readable`](BlockingSocket::once_readable), each time that there is room to send.
    ///
    /// # Errors
    /// The faults of a wait, and those of `call`.
    pub fn once_writable<T>(
        &self,
        patience: Patience,
        call: impl FnMut() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.once(libc::POLLOUT, patience, call)
    }

    fn once<T>(
        &self,
        events: libc::c_short,
        patience: Patience,
        mut call: impl FnMut() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let open = self.open().map_err(|_| Fault::Woken)?;
        let socket = open.as_ref().ok_or(Fault::Woken)?.socket();
        let (place, deadline) = (Place::take(self), Deadline::after(patience.timeout));
        loop {
            place.wait(socket, events, deadline, patience).map_err(|fault| socket.gives_up(fault))?;
            match call() {
                Err(Fault::Os(errno)) if errno.would_block() => {}
                ended => return ended,
            }
        }
    }

    fn wait(&self, events: libc::c_short, patience: Patience) -> Result<(), Fault> {
        let open = self.open().map_err(|_| Fault::Woken)?;
        let socket = open.as_ref().ok_or(Fault::Woken)?.socket();
        Place::take(self).wait(socket, events, Deadline::after(patience.timeout), patience)
    }
}
