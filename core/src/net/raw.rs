//! The raw socket: one method, one system call, of which no record is made.
//!
//! Recorded calls have the same name in [`Socket`](super::socket::Socket) and are private to `net`. The others are public
//! through `Socket`'s `Deref`. All are inlined, so that a call with a trace point around it executes no more
//! instructions than without.

use std::ffi::{c_int, c_short};
use std::io::{IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Type};

use super::sys::{self, Errno, PollFd, Received};
use crate::net::sys::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use crate::netc;

/// A TCP or UDP socket over IPv4 or IPv6, whose calls are not recorded.
#[derive(Debug)]
pub(crate) struct RawSocket {
    socket: socket2::Socket,
    mode: sys::Mode,
}

type Sys<T> = Result<T, Errno>;

/// The calls that are recorded.
impl RawSocket {
    /// socket(2).
    #[inline(always)]
    pub(super) fn new(
        domain: Domain,
        kind: Type,
        protocol: Option<Protocol>,
        nonblocking: bool,
    ) -> Sys<RawSocket> {
        let socket = sys::open(domain, kind, protocol, nonblocking)?;
        Ok(RawSocket { socket, mode: sys::Mode::of_new(nonblocking) })
    }

    /// bind(2).
    #[inline(always)]
    pub(super) fn bind(&self, address: &SocketAddr) -> Sys<()> {
        Ok(self.socket.bind(&SockAddr::from(*address))?)
    }

    /// listen(2).
    #[inline(always)]
    pub(super) fn listen(&self, backlog: c_int) -> Sys<()> {
        Ok(self.socket.listen(backlog)?)
    }

    /// accept4(2) with SOCK_CLOEXEC. The peer's address is as the system wrote it: most callers do not read it.
    #[inline(always)]
    pub(super) fn accept<S: From<RawSocket>>(&self, nonblocking: bool) -> Sys<(S, SockAddr)> {
        let (socket, address) = sys::accept(&self.socket, nonblocking)?;
        Ok((S::from(RawSocket { socket, mode: sys::Mode::of_new(nonblocking) }), address))
    }

    /// connect(2).
    #[inline(always)]
    pub(super) fn connect(&self, address: &SocketAddr) -> Sys<()> {
        Ok(self.socket.connect(&SockAddr::from(*address))?)
    }

    /// recv(2).
    #[inline(always)]
    pub(super) fn receive(&self, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
        sys::receive(&self.socket, buffer, flags)
    }

    /// recvfrom(2). A connected stream has no sender's address.
    #[inline(always)]
    pub(super) fn receive_from(&self, buffer: &mut [u8], flags: c_int) -> Sys<(usize, Option<SocketAddr>)> {
        sys::receive_from(&self.socket, buffer, flags)
    }

    /// recvmsg(2).
    #[inline(always)]
    pub(super) fn receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: c_int,
    ) -> Sys<Received> {
        sys::receive_message(self.socket.as_fd(), buffers, control, flags)
    }

    /// send(2), without SIGPIPE.
    #[inline(always)]
    pub(super) fn send(&self, bytes: &[u8], flags: c_int) -> Sys<usize> {
        sys::send(&self.socket, bytes, flags)
    }

    /// sendto(2), with MSG_NOSIGNAL.
    #[inline(always)]
    pub(super) fn send_to(&self, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
        sys::send_to(&self.socket, bytes, address, flags)
    }

    /// sendmsg(2), with MSG_NOSIGNAL.
    #[inline(always)]
    pub(super) fn send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: c_int,
        to: Option<&SocketAddr>,
    ) -> Sys<usize> {
        sys::send_message(self.socket.as_fd(), buffers, control, flags, to)
    }

    /// shutdown(2).
    #[inline(always)]
    pub(super) fn shutdown(&self, how: Shutdown) -> Sys<()> {
        Ok(self.socket.shutdown(how)?)
    }
}

/// The calls with an address of any family, which are not recorded.
impl RawSocket {
    /// bind(2).
    pub(super) fn bind_any(&self, address: &SockAddr) -> Sys<()> {
        Ok(self.socket.bind(address)?)
    }

    /// connect(2).
    pub(super) fn connect_any(&self, address: &SockAddr) -> Sys<()> {
        Ok(self.socket.connect(address)?)
    }

    /// getsockname(2).
    pub(super) fn local_any(&self) -> Sys<SockAddr> {
        Ok(self.socket.local_addr()?)
    }

    /// getpeername(2).
    pub(super) fn peer_any(&self) -> Sys<SockAddr> {
        Ok(self.socket.peer_addr()?)
    }

    /// recvmsg(2): the length, the flags that it returns, and the source.
    pub(super) fn receive_any(&self, buffer: &mut [u8], flags: c_int) -> Sys<(usize, c_int, SockAddr)> {
        sys::receive_any(self.socket.as_fd(), buffer, flags)
    }

    /// sendto(2), with MSG_NOSIGNAL.
    pub(super) fn send_any(&self, bytes: &[u8], to: &SockAddr, flags: c_int) -> Sys<usize> {
        sys::send_any(&self.socket, bytes, to, flags)
    }

    /// Whether it is a Unix domain socket.
    #[cfg(unix)]
    pub(super) fn is_unix(&self) -> bool {
        self.socket.local_addr().is_ok_and(|address| address.is_unix())
    }

    /// There are none.
    #[cfg(windows)]
    pub(super) fn is_unix(&self) -> bool {
        false
    }

    /// Makes the send buffer this long, in bytes, or as long as the system permits (SO_SNDBUF of socket(7)).
    pub(crate) fn set_send_buffer(&self, bytes: usize) -> Sys<()> {
        Ok(self.socket.set_send_buffer_size(bytes)?)
    }
}

/// The calls that are not recorded: addresses, state and options.
impl RawSocket {
    /// recv(2) with MSG_PEEK and MSG_DONTWAIT.
    pub(crate) fn peek(&self, buffer: &mut [u8]) -> Sys<usize> {
        self.receive(buffer, netc::MSG_PEEK | netc::MSG_DONTWAIT)
    }

    /// connect(2) to AF_UNSPEC: dissolves the association of a datagram socket.
    pub(crate) fn disconnect(&self) -> Sys<()> {
        sys::disconnect(self.socket.as_fd())
    }

    /// Aborts the connection with a reset (RFC 9293, 3.10.5, ABORT): on Linux at once and for every process that has the
    /// descriptor, on other Unix systems once the other processes have closed it, on Windows at its close.
    pub(crate) fn reset(&self) -> Sys<()> {
        sys::reset(self.socket.as_fd())
    }

    /// The pending error (SO_ERROR of socket(7)): the result of a connect, or a pending ICMP error. Clears it.
    pub(crate) fn take_error(&self) -> Sys<()> {
        match self.socket.take_error()? {
            Some(error) => Err(Errno::from(error)),
            None => Ok(()),
        }
    }

    /// getsockname(2).
    pub(crate) fn local_addr(&self) -> Sys<SocketAddr> {
        self.socket.local_addr()?.as_socket().ok_or(Errno(netc::EAFNOSUPPORT))
    }

    /// getpeername(2).
    pub(crate) fn peer_addr(&self) -> Sys<SocketAddr> {
        match self.socket.peer_addr()?.as_socket() {
            // The association of a datagram socket was dissolved: other systems report that themselves.
            Some(nobody) if cfg!(windows) && nobody.port() == 0 => Err(Errno(netc::ENOTCONN)),
            address => address.ok_or(Errno(netc::EAFNOSUPPORT)),
        }
    }

    /// Whether its addresses are IPv6.
    pub(super) fn is_ipv6(&self) -> Sys<bool> {
        sys::is_ipv6(&self.socket)
    }

    /// Whether it is a datagram socket (SO_TYPE of socket(7)).
    pub(super) fn is_datagram(&self) -> bool {
        self.socket.r#type().is_ok_and(|kind| kind == Type::DGRAM)
    }

    /// Whether an error of it is pending, or the connection has ended in both directions (POLLERR and POLLHUP of poll(2)).
    pub(super) fn has_failed(&self) -> Sys<bool> {
        let mut fds = [PollFd { fd: self.fd() as _, events: 0, revents: 0 }];
        sys::poll(&mut fds, Some(Duration::ZERO)).map(|ready| ready > 0)
    }

    /// The type of the socket (SO_TYPE of socket(7)).
    pub(super) fn kind(&self) -> Sys<Type> {
        Ok(self.socket.r#type()?)
    }

    /// Whether it is a listening socket (SO_ACCEPTCONN of socket(7)).
    pub(super) fn is_listening(&self) -> Sys<bool> {
        let mut value = [0; size_of::<c_int>()];
        self.option(netc::SOL_SOCKET, netc::SO_ACCEPTCONN, &mut value)?;
        Ok(value != [0; size_of::<c_int>()])
    }

    /// Whether an IPv6 socket also has what is sent to IPv4 addresses (IPV6_V6ONLY of ipv6(7)).
    pub(crate) fn is_dual_stack(&self) -> Sys<bool> {
        Ok(!self.socket.only_v6()?)
    }

    /// Whether O_NONBLOCK is set (fcntl(2)).
    pub(crate) fn is_nonblocking(&self) -> Sys<bool> {
        self.mode.is_nonblocking(&self.socket)
    }

    /// Sets or clears O_NONBLOCK (fcntl(2)).
    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> Sys<()> {
        self.mode.set(&self.socket, nonblocking)
    }

    /// Before the descriptor is the host's again: sets its mode to that of this socket.
    pub(crate) fn hand_over(&self) {
        self.mode.hand_over(&self.socket);
    }

    /// The bytes that can be received now (FIONREAD of tcp(7) and udp(7)); for UDP, those of the next datagram.
    pub(crate) fn available(&self) -> Sys<usize> {
        sys::available(self.socket.as_fd())
    }

    /// The bytes sent that the peer has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> Sys<usize> {
        sys::unacknowledged(self.socket.as_fd())
    }

    /// The bytes in the send queue that have not been transmitted.
    pub(crate) fn unsent(&self) -> Sys<usize> {
        sys::unsent(self.socket.as_fd())
    }

    /// Whether the peer may still send: it has neither ended its output nor reset the connection. A receive cannot tell after this end's input was shut down.
    pub(crate) fn peer_may_send(&self) -> bool {
        sys::peer_may_send(self.socket.as_fd())
    }

    /// getsockopt(2) of any option; returns how many bytes of `value` it filled.
    pub(crate) fn option(&self, level: c_int, name: c_int, value: &mut [u8]) -> Sys<usize> {
        sys::get_option_bytes(self.socket.as_fd(), level, name, value)
    }

    /// setsockopt(2) of any option.
    pub(crate) fn set_option(&self, level: c_int, name: c_int, value: &[u8]) -> Sys<()> {
        sys::set_option_bytes(self.socket.as_fd(), level, name, value)
    }

    /// Makes the send buffer long enough for any datagram, where it is not by default.
    pub(super) fn take_long_datagrams(&self) -> Sys<()> {
        sys::take_long_datagrams(&self.socket)
    }

    /// Restricts an IPv6 socket to IPv6 (IPV6_V6ONLY of ipv6(7)).
    pub(super) fn set_only_v6(&self) -> Sys<()> {
        Ok(self.socket.set_only_v6(true)?)
    }

    /// Lets a restarted server bind its port while old connections are in TIME_WAIT (SO_REUSEADDR of socket(7)).
    pub(crate) fn set_reuse_address(&self) -> Sys<()> {
        sys::reuse_address(&self.socket)
    }

    /// Before the bind of a server's UDP socket: receives of it fail for no datagram that was sent, and nobody else binds its
    /// port, as is so on most systems.
    pub(crate) fn prepare_to_serve(&self) {
        sys::prepare_to_serve(&self.socket);
    }

    /// How a connect ended, whose socket is writable; `again` makes it once more.
    pub(super) fn connect_result(&self, again: impl FnOnce() -> Sys<()>) -> Sys<()> {
        sys::connect_result(&self.socket, again)
    }

    /// Sends small replies at once (TCP_NODELAY of tcp(7)).
    pub(crate) fn set_nodelay(&self) -> Sys<()> {
        Ok(self.socket.set_tcp_nodelay(true)?)
    }

    /// Limits how long a receive or an accept blocks, which then fails with EAGAIN (SO_RCVTIMEO of socket(7)).
    pub(crate) fn set_recv_timeout(&self, limit: Option<Duration>) -> Sys<()> {
        Ok(self.socket.set_read_timeout(limit)?)
    }

    /// How long a call that waits for `events` (poll(2)) may block, by the options SO_RCVTIMEO and SO_SNDTIMEO.
    pub(super) fn time_limit(&self, events: c_short) -> Sys<Duration> {
        let input = events & netc::POLLIN != 0;
        let limit = if input { self.socket.read_timeout() } else { self.socket.write_timeout() };
        Ok(limit?.unwrap_or(Duration::MAX))
    }

    /// Lets the kernel coalesce received datagrams of one size and one peer (UDP_GRO of udp(7)).
    pub(crate) fn set_gro(&self) -> Sys<()> {
        sys::set_option(self.socket.as_fd(), netc::SOL_UDP, netc::UDP_GRO, 1)
    }

    /// The contrary of [`set_gro`](RawSocket::set_gro).
    pub(crate) fn clear_gro(&self) -> Sys<()> {
        sys::set_option(self.socket.as_fd(), netc::SOL_UDP, netc::UDP_GRO, 0)
    }

    /// Received datagrams carry their remaining hop limit (IP_RECVTTL of ip(7); RFC 3542).
    pub(crate) fn set_recv_ttl(&self, ipv6: bool) -> Sys<()> {
        self.set_ip_option(ipv6, netc::IP_RECVTTL, netc::IPV6_RECVHOPLIMIT, 1)
    }

    /// Received datagrams carry their destination address (IP_PKTINFO of ip(7); RFC 3542).
    pub(crate) fn set_recv_pktinfo(&self, ipv6: bool) -> Sys<()> {
        self.set_ip_option(ipv6, netc::IP_PKTINFO, netc::IPV6_RECVPKTINFO, 1)
    }

    /// Received datagrams carry their original destination, port included (IP_RECVORIGDSTADDR of ip(7)).
    pub(super) fn set_recv_original_destination(&self, ipv6: bool) -> Sys<()> {
        self.set_ip_option(ipv6, netc::IP_RECVORIGDSTADDR, netc::IPV6_RECVORIGDSTADDR, 1)
    }

    /// Reports ICMP errors also on an unconnected socket (IP_RECVERR of ip(7) and ipv6(7)). Errors are then passed to
    /// [`icmp_error`](super::socket::Socket::icmp_error).
    pub(crate) fn set_recverr(&self, ipv6: bool) -> Sys<()> {
        self.set_ip_option(ipv6, netc::IP_RECVERR, netc::IPV6_RECVERR, 1)
    }

    /// The hop limit of what is sent (IP_TTL of ip(7), IPV6_UNICAST_HOPS of ipv6(7)).
    pub(crate) fn set_hop_limit(&self, ipv6: bool, hops: u8) -> Sys<()> {
        self.set_ip_option(ipv6, netc::IP_TTL, netc::IPV6_UNICAST_HOPS, hops.into())
    }

    fn set_ip_option(&self, ipv6: bool, ipv4_option: c_int, ipv6_option: c_int, value: c_int) -> Sys<()> {
        let (level, name) =
            if ipv6 { (netc::IPPROTO_IPV6, ipv6_option) } else { (netc::IPPROTO_IP, ipv4_option) };
        sys::set_option(self.socket.as_fd(), level, name, value)
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl From<OwnedFd> for RawSocket {
    fn from(fd: OwnedFd) -> RawSocket {
        let socket = fd.into();
        sys::prevent_sigpipe(&socket);
        let mode = sys::Mode::of_adopted(&socket);
        RawSocket { socket, mode }
    }
}

impl RawSocket {
    /// A socket of which only the addresses and options are read: nothing of it is changed.
    pub(super) fn borrow(fd: OwnedFd) -> RawSocket {
        RawSocket { socket: fd.into(), mode: sys::Mode::of_new(false) }
    }
}

impl AsFd for RawSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_reset_is_sent_while_the_descriptor_is_open() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let socket = RawSocket::from(OwnedFd::from(listener.accept().unwrap().0));
        socket.reset().unwrap();
        assert_eq!(peer.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(socket.peek(&mut [0]).is_err());
    }
}
