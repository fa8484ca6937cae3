//! The socket: one method, one system call, with its trace point.
//!
//! Sockets that this module makes are non-blocking and close-on-exec. `wait` has waits and deadlines; `blocking` has
//! sockets in either mode. Every send has MSG_NOSIGNAL, so that the host never
//! gets SIGPIPE. Calls that are not recorded, such as those for options, are [`RawSocket`]'s.

use std::ffi::c_int;
use std::io::IoSliceMut;
use std::net::{Shutdown, SocketAddr};
use std::ops::Deref;

use socket2::{Domain, Protocol, Type};

use super::raw::RawSocket;
use super::sys::{Errno, Received};
use super::traced::{self, PendingConnect, Traced};
use crate::net::sys::fd::{AsFd, BorrowedFd, OwnedFd};
use crate::netc;
use crate::trace;

/// A TCP or UDP socket over IPv4 or IPv6. Dropping it closes the descriptor.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(super) raw: RawSocket,
}

type Sys<T> = Result<T, Errno>;

impl Socket {
    /// socket(2) for TCP, of the address's family.
    pub(crate) fn stream(address: &SocketAddr) -> Sys<Socket> {
        Socket::new(address, Type::STREAM, Protocol::TCP)
    }

    /// socket(2) for UDP, of the address's family.
    pub(crate) fn datagram(address: &SocketAddr) -> Sys<Socket> {
        Socket::new(address, Type::DGRAM, Protocol::UDP)
    }

    /// socket(2) with the system's defaults: an IPv6 socket also accepts IPv4 (ipv6(7)).
    pub(crate) fn plain(domain: Domain, kind: Type, nonblocking: bool) -> Sys<Socket> {
        Socket::make(domain, kind, None, nonblocking)
    }

    fn make(domain: Domain, kind: Type, protocol: Option<Protocol>, nonblocking: bool) -> Sys<Socket> {
        traced::socket(kind == Type::DGRAM, || RawSocket::new(domain, kind, protocol, nonblocking))
            .map(Socket::from)
    }

    fn new(address: &SocketAddr, kind: Type, protocol: Protocol) -> Sys<Socket> {
        let socket = Socket::make(Domain::for_address(*address), kind, Some(protocol), true)?;
        if kind == Type::DGRAM {
            socket.raw.take_long_datagrams()?;
        }
        if address.is_ipv6() {
            // IPv4 has a socket of its own, so that no peer's address looks like ::ffff:192.0.2.1.
            socket.set_only_v6()?;
        }
        Ok(socket)
    }

    /// bind(2).
    pub(crate) fn bind(&self, address: &SocketAddr) -> Sys<()> {
        traced::bind(self, address, move |address| self.raw.bind(address))
    }

    /// getsockname(2), with the port that the program asked for if a link has taken that.
    pub(crate) fn local_addr(&self) -> Sys<SocketAddr> {
        let mut local = self.raw.local_addr()?;
        if let Some(asked) = trace::asked_port(local.port(), || self.raw.is_datagram()) {
            local.set_port(asked);
        }
        Ok(local)
    }

    /// listen(2).
    pub(crate) fn listen(&self, backlog: u32) -> Sys<()> {
        let backlog = c_int::try_from(backlog).unwrap_or(c_int::MAX);
        traced::at_once(self, "listen", Some(backlog), move || self.raw.listen(backlog))
    }

    /// accept4(2). `nonblocking` is for the socket that it returns.
    pub(crate) fn accept_as(&self, nonblocking: bool) -> Sys<Socket> {
        self.raw.trace_accept((), move |raw, ()| raw.accept(nonblocking)).map(|(socket, _)| socket)
    }

    /// connect(2). After EINPROGRESS the socket becomes writable when the connect ends, see
    /// [`take_error`](RawSocket::take_error).
    pub(crate) fn connect(&self, address: &SocketAddr) -> Sys<()> {
        self.raw.trace_connect(address, (), |raw, address, ()| raw.connect(address))
    }

    /// connect(2), whose record the caller ends when the connect does.
    pub(super) fn begin_connect(&self, address: &SocketAddr) -> (Sys<()>, PendingConnect) {
        let record = PendingConnect::begin(self, address);
        (self.raw.connect(address), record)
    }

    /// recv(2) with MSG_DONTWAIT.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Sys<usize> {
        self.receive_with(buffer, netc::MSG_DONTWAIT)
    }

    /// recv(2), which blocks if the socket does.
    pub(crate) fn receive_waiting(&self, buffer: &mut [u8]) -> Sys<usize> {
        self.receive_with(buffer, 0)
    }

    /// recv(2) with flags.
    pub(crate) fn receive_with(&self, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
        self.raw.trace_receive("recv", buffer, flags, (), |raw, buffer, flags, ()| raw.receive(buffer, flags))
    }

    /// recvmsg(2) of a datagram.
    pub(crate) fn receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: c_int,
    ) -> Sys<Received> {
        self.raw.trace_receive("recvfrom", buffers, flags, (), |raw, buffers, flags, ()| {
            raw.receive_message(buffers, control, flags)
        })
    }

    /// send(2) with MSG_DONTWAIT: as many bytes as the send buffer has space for.
    pub(crate) fn send(&self, bytes: &[u8]) -> Sys<usize> {
        self.send_with(bytes, netc::MSG_DONTWAIT)
    }

    /// send(2) with flags.
    pub(crate) fn send_with(&self, bytes: &[u8], flags: c_int) -> Sys<usize> {
        self.raw.trace_send("send", bytes, flags, None, (), |raw, bytes, flags, ()| raw.send(bytes, flags))
    }

    /// sendto(2) with flags.
    pub(crate) fn send_to(&self, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
        self.raw.trace_send("sendto", bytes, flags, Some(address), (), move |raw, bytes, flags, ()| {
            raw.send_to(bytes, address, flags)
        })
    }

    /// The error of a send or receive on a socket with [`set_recverr`](RawSocket::set_recverr). As on a connected socket
    /// (udp(7)), an unreachable host or a datagram that is too long for the path is no error, since both may be
    /// transient (RFC 1122, 4.1.3.3); a refusal is one. The error queue is emptied: until then poll(2) reports POLLERR.
    pub(crate) fn icmp_error(&self, errno: Errno) -> Sys<()> {
        let mut reported = false;
        // Without an error queue the call would take a datagram.
        while netc::MSG_ERRQUEUE != 0 && self.raw.receive(&mut [0], netc::MSG_ERRQUEUE).is_ok() {
            reported = true;
        }
        match errno.of_datagram() {
            Errno(netc::EHOSTUNREACH | netc::ENETUNREACH | netc::EMSGSIZE) if reported => Ok(()),
            other => Err(other),
        }
    }

    /// shutdown(2).
    pub(crate) fn shutdown(&self, how: Shutdown) -> Sys<()> {
        traced::at_once(self, "shutdown", Some(number_of(how)), move || self.raw.shutdown(how))
    }

    /// shutdown(2) for its effect on blocked calls: without a peer (ENOTCONN) it is not recorded.
    fn unblock(&self, how: Shutdown) -> Sys<()> {
        let unconnected = Errno(netc::ENOTCONN);
        let shutdown = move || self.raw.shutdown(how);
        traced::at_once_unless(unconnected, self, "shutdown", Some(number_of(how)), shutdown)
    }

    /// shutdown(2) of this end's output: the half-close.
    pub(crate) fn shutdown_write(&self) -> Sys<()> {
        self.shutdown(Shutdown::Write)
    }

    /// shutdown(2) of this end's input: receives, blocked ones included, return what is queued, then 0.
    pub(crate) fn shutdown_read(&self) -> Sys<()> {
        self.unblock(Shutdown::Read)
    }

    /// shutdown(2) of a listening socket: an accept that blocks ends, and further connections are refused, if
    /// [`SHUTDOWN_REFUSES`](super::SHUTDOWN_REFUSES).
    pub(crate) fn stop_listening(&self) -> Sys<()> {
        self.unblock(Shutdown::Both)
    }

    /// Records the close that the system makes when a forked child exits.
    pub(crate) fn record_close_at_exit(&self) {
        let _ = traced::close(self, || None, || Ok(()));
    }
}

/// The argument of shutdown(2).
fn number_of(how: Shutdown) -> c_int {
    match how {
        Shutdown::Read => netc::SHUT_RD,
        Shutdown::Write => netc::SHUT_WR,
        Shutdown::Both => netc::SHUT_RDWR,
    }
}

impl Deref for Socket {
    type Target = RawSocket;

    fn deref(&self) -> &RawSocket {
        &self.raw
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The field closes the descriptor.
        let _ = traced::close(self, || None, || Ok(()));
    }
}

impl From<RawSocket> for Socket {
    fn from(raw: RawSocket) -> Socket {
        Socket { raw }
    }
}

impl From<OwnedFd> for Socket {
    fn from(fd: OwnedFd) -> Socket {
        Socket { raw: fd.into() }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.raw.as_fd()
    }
}
