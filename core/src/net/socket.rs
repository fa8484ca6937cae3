//! The door: every call on a socket goes through here, and each one that can wait has a deadline
//! and can be woken.
//!
//! One method is one system call, or one system call behind a wait. The core's own sockets are
//! non-blocking and close-on-exec, so that no call can block beyond its wait; waiting is `wait`'s,
//! and that of sockets whose owner decides how they block is `blocking`'s. The host's SIGPIPE is
//! never raised: every send says MSG_NOSIGNAL.
//!
//! Each is a trace point: `bare` makes the call, and while a recording runs `traced` makes and records it.

use std::ffi::c_int;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockAddr, SockRef, Type};

use crate::trace;

use super::sys::{self, Errno};
use super::traced;
use super::wait::{Deadline, WaitError, WaitOptions, wait_readable, wait_writable};

/// A TCP or UDP socket over IPv4 or IPv6.
#[derive(Debug)]
pub(crate) struct Socket(pub(super) socket2::Socket);

type Sys<T> = Result<T, Errno>;

/// The states of `tcp_info` in which the peer has not ended its output: established, and the two in which this
/// end has (TCP_ESTABLISHED, TCP_FIN_WAIT1 and TCP_FIN_WAIT2 of the kernel's tcp_states.h).
const STILL_RECEIVING: [u8; 3] = [1, 4, 5];

impl Socket {
    /// socket(2) for TCP, of the address's family.
    pub(crate) fn stream(address: &SocketAddr) -> Sys<Socket> {
        Socket::new(address, Type::STREAM, Protocol::TCP)
    }

    /// socket(2) for UDP, of the address's family.
    pub(crate) fn datagram(address: &SocketAddr) -> Sys<Socket> {
        Socket::new(address, Type::DGRAM, Protocol::UDP)
    }

    /// socket(2), with the system's defaults: an IPv6 socket takes IPv4 as well (ipv6(7)).
    pub(crate) fn plain(domain: Domain, kind: Type, nonblocking: bool) -> Sys<Socket> {
        let kind = if nonblocking { kind.nonblocking() } else { kind };
        Socket::make(domain, kind, None)
    }

    fn make(domain: Domain, kind: Type, protocol: Option<Protocol>) -> Sys<Socket> {
        if trace::on() {
            return traced::socket(|| Socket::bare(domain, kind, protocol));
        }
        Socket::bare(domain, kind, protocol)
    }

    fn new(address: &SocketAddr, kind: Type, protocol: Protocol) -> Sys<Socket> {
        let socket = Socket::make(Domain::for_address(*address), kind.nonblocking(), Some(protocol))?;
        if address.is_ipv6() {
            // An IPv6 socket is for IPv6 alone: IPv4 has a socket of its own, and no peer's
            // address ever looks like ::ffff:192.0.2.1.
            socket.0.set_only_v6(true)?;
        }
        Ok(socket)
    }

    /// bind(2).
    pub(crate) fn bind(&self, address: &SocketAddr) -> Sys<()> {
        let bind = || Ok(self.0.bind(&SockAddr::from(*address))?);
        if trace::on() { traced::at_once(self, "bind", None, bind) } else { bind() }
    }

    /// listen(2).
    pub(crate) fn listen(&self, backlog: u32) -> Sys<()> {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        let listen = || Ok(self.0.listen(backlog)?);
        if trace::on() { traced::at_once(self, "listen", Some(backlog), listen) } else { listen() }
    }

    /// accept4(2). The calls of the socket that it returns may block if it is not to be `nonblocking`.
    pub(crate) fn accept_as(&self, nonblocking: bool) -> Sys<(Socket, SocketAddr)> {
        if trace::on() { self.accept_traced(nonblocking) } else { self.bare_accept(nonblocking) }
    }

    /// connect(2). EINPROGRESS means that writability will tell, see [`take_error`](Socket::take_error).
    pub(crate) fn connect(&self, address: &SocketAddr) -> Sys<()> {
        if trace::on() { self.connect_traced(address) } else { self.bare_connect(address) }
    }

    /// connect(2) to no address: the end of what connect did to a datagram socket.
    pub(crate) fn disconnect(&self) -> Sys<()> {
        sys::disconnect(self.0.as_fd())
    }

    /// The error that a connect ended with or that a datagram met (SO_ERROR), once.
    pub(crate) fn take_error(&self) -> Sys<()> {
        match self.0.take_error()? {
            Some(error) => Err(Errno::from(error)),
            None => Ok(()),
        }
    }

    /// recv(2), at once.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Sys<usize> {
        self.receive_with(buffer, libc::MSG_DONTWAIT)
    }

    /// recv(2) with flags.
    pub(crate) fn receive_with(&self, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
        if trace::on() { self.receive_traced(buffer, flags) } else { self.bare_receive(buffer, flags) }
    }

    /// recv(2) without taking the bytes, at once (MSG_PEEK).
    pub(crate) fn peek(&self, buffer: &mut [u8]) -> Sys<usize> {
        self.bare_receive(buffer, libc::MSG_PEEK | libc::MSG_DONTWAIT)
    }

    /// send(2), at once: as much as the socket takes now.
    pub(crate) fn send(&self, bytes: &[u8]) -> Sys<usize> {
        self.send_with(bytes, libc::MSG_DONTWAIT)
    }

    /// send(2) with flags, and MSG_NOSIGNAL.
    pub(crate) fn send_with(&self, bytes: &[u8], flags: c_int) -> Sys<usize> {
        if trace::on() { self.send_traced(bytes, flags) } else { self.bare_send(bytes, flags) }
    }

    /// sendto(2) with flags, and MSG_NOSIGNAL.
    pub(crate) fn send_to(&self, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
        if trace::on() {
            return self.send_to_traced(bytes, address, flags);
        }
        self.bare_send_to(bytes, address, flags)
    }

    /// shutdown(2).
    pub(crate) fn shutdown(&self, how: Shutdown) -> Sys<()> {
        let shutdown = || Ok(self.0.shutdown(how)?);
        if trace::on() {
            return traced::at_once(self, "shutdown", Some(traced::number_of(how)), shutdown);
        }
        shutdown()
    }

    /// shutdown(2) for what it does to the calls that wait. That there is no peer (ENOTCONN) is not told.
    fn shut(&self, how: Shutdown) -> Sys<()> {
        let shutdown = || Ok(self.0.shutdown(how)?);
        if trace::on() { traced::shut(self, how, shutdown) } else { shutdown() }
    }

    /// shutdown(2) of this end's output: the half-close.
    pub(crate) fn shutdown_write(&self) -> Sys<()> {
        self.shutdown(Shutdown::Write)
    }

    /// shutdown(2) of this end's input: receives return what is there, then nothing, also those that wait.
    pub(crate) fn shutdown_read(&self) -> Sys<()> {
        self.shut(Shutdown::Read)
    }

    /// shutdown(2) of a listening socket: connections are refused from now on.
    pub(crate) fn stop_listening(&self) -> Sys<()> {
        self.shut(Shutdown::Both)
    }

    /// getsockname(2).
    pub(crate) fn local_addr(&self) -> Sys<SocketAddr> {
        self.0.local_addr()?.as_socket().ok_or(Errno(libc::EAFNOSUPPORT))
    }

    /// getpeername(2).
    pub(crate) fn peer_addr(&self) -> Sys<SocketAddr> {
        self.0.peer_addr()?.as_socket().ok_or(Errno(libc::EAFNOSUPPORT))
    }

    /// getsockopt(2) of any option; returns how much of the buffer was filled.
    pub(crate) fn option(&self, level: c_int, name: c_int, value: &mut [u8]) -> Sys<usize> {
        sys::get_option_bytes(self.0.as_fd(), level, name, value)
    }

    /// setsockopt(2) of any option.
    pub(crate) fn set_option(&self, level: c_int, name: c_int, value: &[u8]) -> Sys<()> {
        sys::set_option_bytes(self.0.as_fd(), level, name, value)
    }

    /// Whether O_NONBLOCK is set (fcntl(2)).
    pub(crate) fn is_nonblocking(&self) -> Sys<bool> {
        Ok(self.0.nonblocking()?)
    }

    /// Sets or clears O_NONBLOCK (fcntl(2)).
    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> Sys<()> {
        Ok(self.0.set_nonblocking(nonblocking)?)
    }

    /// Bytes that can be received now (FIONREAD, tcp(7), udp(7)).
    pub(crate) fn available(&self) -> Sys<usize> {
        sys::available(self.0.as_fd())
    }

    /// A forked child leaves: the system closes its copy of the descriptor.
    pub(crate) fn ends_with_the_process(&self) {
        if trace::on() {
            traced::closing(self, None);
        }
    }

    /// Whether it would take something to send now (poll(2)).
    pub(crate) fn has_room(&self) -> bool {
        wait_writable(self.fd(), WaitOptions::until(Deadline::at(Instant::now()))).is_ok()
    }

    /// Bytes that the peer has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> Sys<usize> {
        sys::unacknowledged(self.0.as_fd())
    }

    /// Bytes that have not been sent once.
    pub(crate) fn unsent(&self) -> Sys<usize> {
        Ok(sys::tcp_info(self.0.as_fd())?.tcpi_notsent_bytes as usize)
    }

    /// Whether the peer may still send: it has neither ended its output nor broken the connection off. Tells
    /// where a receive cannot, this end's input having been shut down.
    pub(crate) fn peer_may_send(&self) -> bool {
        sys::tcp_info(self.0.as_fd()).is_ok_and(|info| STILL_RECEIVING.contains(&info.tcpi_state))
    }

    /// recv(2), which waits if the socket blocks.
    pub(crate) fn receive_waiting(&self, buffer: &mut [u8]) -> Sys<usize> {
        self.receive_with(buffer, 0)
    }

    /// recv(2) once there is something to receive, or the end.
    pub(crate) fn receive_within(
        &self,
        buffer: &mut [u8],
        waiting: WaitOptions<'_>,
    ) -> Result<usize, WaitError> {
        loop {
            match self.receive(buffer) {
                Err(errno) if errno.would_block() => {
                    wait_readable(self.fd(), waiting).map_err(|error| self.gives_up(error))?;
                }
                Err(Errno(libc::EINTR)) => {}
                other => return Ok(other?),
            }
        }
    }

    /// send(2) with flags, once the socket takes something.
    #[inline(always)]
    pub(crate) fn send_within(
        &self,
        bytes: &[u8],
        flags: c_int,
        waiting: WaitOptions<'_>,
    ) -> Result<usize, WaitError> {
        loop {
            match self.send_with(bytes, flags | libc::MSG_DONTWAIT) {
                Err(errno) if errno.would_block() => {
                    wait_writable(self.fd(), waiting).map_err(|error| self.gives_up(error))?;
                }
                Err(Errno(libc::EINTR)) => {}
                other => return Ok(other?),
            }
        }
    }

    /// What was tried or waited for is not any more; the error is why.
    #[cold]
    #[inline(never)]
    pub(crate) fn gives_up(&self, error: WaitError) -> WaitError {
        if trace::on() {
            traced::given_up(self, error);
        }
        error
    }

    /// A restarted server can take its port while old connections are in TIME_WAIT (SO_REUSEADDR, socket(7)).
    pub(crate) fn set_reuse_address(&self) -> Sys<()> {
        Ok(self.0.set_reuse_address(true)?)
    }

    /// Small replies leave at once (TCP_NODELAY, tcp(7)).
    pub(crate) fn set_nodelay(&self) -> Sys<()> {
        Ok(SockRef::from(&self.0).set_tcp_nodelay(true)?)
    }

    /// A receive or an accept that blocks fails with EAGAIN after so long (SO_RCVTIMEO, socket(7)).
    pub(crate) fn set_recv_timeout(&self, limit: Option<Duration>) -> Sys<()> {
        Ok(self.0.set_read_timeout(limit)?)
    }

    /// Datagrams of one size from one peer may arrive as one train (UDP_GRO, udp(7)).
    pub(crate) fn set_gro(&self) -> Sys<()> {
        sys::set_option(self.0.as_fd(), libc::SOL_UDP, libc::UDP_GRO, 1)
    }

    /// Breaks the connection off with a reset, at once and whoever else has the descriptor: what closing
    /// with a linger time of zero does for the last one who has it (connect(2) to AF_UNSPEC; RFC 9293,
    /// 3.10.5, ABORT).
    pub(crate) fn reset(&self) -> Sys<()> {
        sys::disconnect(self.0.as_fd())
    }

    /// Received datagrams tell what is left of their hop limit (IP_RECVTTL of ip(7), RFC 3542).
    pub(crate) fn set_recv_ttl(&self, ipv6: bool) -> Sys<()> {
        self.tell(ipv6, libc::IP_RECVTTL, libc::IPV6_RECVHOPLIMIT)
    }

    /// Received datagrams tell their destination (IP_PKTINFO of ip(7), RFC 3542).
    pub(crate) fn set_recv_pktinfo(&self, ipv6: bool) -> Sys<()> {
        self.tell(ipv6, libc::IP_PKTINFO, libc::IPV6_RECVPKTINFO)
    }

    /// The hop limit of what is sent (IP_TTL of ip(7), IPV6_UNICAST_HOPS of ipv6(7)).
    pub(crate) fn set_hop_limit(&self, ipv6: bool, hops: u8) -> Sys<()> {
        let (level, name) = if ipv6 {
            (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS)
        } else {
            (libc::IPPROTO_IP, libc::IP_TTL)
        };
        sys::set_option(self.0.as_fd(), level, name, hops.into())
    }

    fn tell(&self, ipv6: bool, ipv4_option: c_int, ipv6_option: c_int) -> Sys<()> {
        let (level, name) =
            if ipv6 { (libc::IPPROTO_IPV6, ipv6_option) } else { (libc::IPPROTO_IP, ipv4_option) };
        sys::set_option(self.0.as_fd(), level, name, 1)
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if trace::on() {
            traced::closing(self, None);
        }
    }
}

impl From<OwnedFd> for Socket {
    fn from(fd: OwnedFd) -> Socket {
        Socket(fd.into())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
