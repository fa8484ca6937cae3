//! A UDP socket that sends each request from another port.
//!
//! Replies are matched to requests by destination port, so requests cannot be one batch of sendmmsg(2), which sends
//! from one port. [`RebindingSocket`] is one unconnected socket, since a connect(2) for each port would cost as much as
//! a send: it filters datagrams by their source and reports the peer's refusal itself. [`ReplacingSocket`] is for a
//! system that refuses the options that this takes.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::message::{control_space, read_controls};
use super::socket::Socket;
use super::sys::Errno;
use super::wait::{WaitOptions, interest, no_interest, wait_for};
use super::wait_error::WaitError;
use crate::net::sys::fd::{NO_FD, RawFd};
use crate::netc;

/// Where the port is in a sockaddr_in and in a sockaddr_in6.
const PORT: std::ops::Range<usize> = 2..4;

/// A UDP socket with one peer, whose port can be changed.
pub(crate) trait RotatingPortSocket: Sized {
    /// A socket on a port of the system's choice.
    fn open(peer: SocketAddr) -> Result<Self, Errno>;

    /// Changes to another port of the system's choice. If this fails, the socket has none.
    fn change_port(&mut self) -> Result<(), Errno>;

    fn port(&self) -> u16;

    fn fd(&self) -> RawFd;

    /// Sends a datagram to the peer, after a wait for space in the send buffer.
    fn send_within(&mut self, bytes: &[u8], wait: WaitOptions<'_>) -> Result<(), WaitError>;

    /// Receives, without blocking, a datagram that the peer sent to the current port. Others are discarded.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Errno>;
}

/// A socket that binds one port after another (IP_RECVORIGDSTADDR and IP_RECVERR of ip(7)).
#[derive(Debug)]
pub(crate) struct RebindingSocket {
    socket: Socket,
    peer: SocketAddr,
    port: u16,
    /// The buffer for a datagram's original destination.
    control: Vec<u8>,
}

impl RebindingSocket {
    fn bind(&mut self) -> Result<(), Errno> {
        let any: IpAddr =
            if self.peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        self.socket.bind(&SocketAddr::new(any, 0))?;
        self.port = self.socket.local_addr()?.port();
        Ok(())
    }
}

impl RotatingPortSocket for RebindingSocket {
    fn open(peer: SocketAddr) -> Result<RebindingSocket, Errno> {
        let socket = Socket::datagram(&peer)?;
        socket.set_recv_original_destination(peer.is_ipv6())?;
        socket.set_recverr(peer.is_ipv6())?;
        let control = vec![0; control_space(size_of::<netc::sockaddr_in6>()).unwrap_or_default()];
        let mut rebinding = RebindingSocket { socket, peer, port: 0, control };
        rebinding.bind()?;
        Ok(rebinding)
    }

    fn change_port(&mut self) -> Result<(), Errno> {
        // Dissolving the association releases a port that the system chose.
        self.socket.disconnect()?;
        self.bind()
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn fd(&self) -> RawFd {
        self.socket.fd()
    }

    fn send_within(&mut self, bytes: &[u8], wait: WaitOptions<'_>) -> Result<(), WaitError> {
        loop {
            match self.socket.send_to(bytes, &self.peer, 0) {
                Ok(_) => return Ok(()),
                Err(errno) if errno.would_block() => {
                    wait_for(&mut [interest(self.fd(), netc::POLLOUT), no_interest()], wait)?;
                }
                Err(Errno(netc::EINTR)) => {}
                Err(errno) => self.socket.icmp_error(errno)?,
            }
        }
    }

    /// The socket may have queued datagrams to an earlier port.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        loop {
            let mut buffers = [IoSliceMut::new(buffer)];
            match self.socket.receive_message(&mut buffers, &mut self.control, 0) {
                Ok(received) => {
                    let port = original_port(&self.control[..received.control]);
                    if port == Some(self.port)
                        && received.source.is_some_and(|source| is_same(source, self.peer))
                    {
                        return Ok(received.length);
                    }
                }
                Err(errno) if errno.would_block() => return Err(errno),
                Err(Errno(netc::EINTR)) => {}
                Err(errno) => self.socket.icmp_error(errno)?,
            }
        }
    }
}

/// A connected socket for each port. The system filters by the source and reports refusals; datagrams to an earlier port
/// are lost with its socket.
#[derive(Debug)]
pub(crate) struct ReplacingSocket {
    /// `None` after a change that failed.
    socket: Option<Socket>,
    peer: SocketAddr,
    port: u16,
}

impl ReplacingSocket {
    fn socket(&self) -> Result<&Socket, Errno> {
        self.socket.as_ref().ok_or(Errno(netc::ENOTCONN))
    }
}

impl RotatingPortSocket for ReplacingSocket {
    fn open(peer: SocketAddr) -> Result<ReplacingSocket, Errno> {
        let mut replacing = ReplacingSocket { socket: None, peer, port: 0 };
        replacing.change_port()?;
        Ok(replacing)
    }

    fn change_port(&mut self) -> Result<(), Errno> {
        // Closed first: the process may have no other descriptor.
        self.socket = None;
        let socket = Socket::datagram(&self.peer)?;
        socket.connect(&self.peer)?;
        self.port = socket.local_addr()?.port();
        self.socket = Some(socket);
        Ok(())
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn fd(&self) -> RawFd {
        self.socket.as_ref().map_or(NO_FD, |socket| socket.fd())
    }

    fn send_within(&mut self, bytes: &[u8], wait: WaitOptions<'_>) -> Result<(), WaitError> {
        self.socket()?.send_within(bytes, 0, wait).map(drop)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        let socket = self.socket()?;
        loop {
            match socket.receive_message(&mut [IoSliceMut::new(buffer)], &mut [], netc::MSG_DONTWAIT) {
                // Of another source is what arrived before the socket was connected.
                Ok(received) if received.source.is_some_and(|source| is_same(source, self.peer)) => {
                    return Ok(received.length);
                }
                // A request that is too long for the path may get there by another one, see `Socket::icmp_error`.
                Ok(_) | Err(Errno(netc::EINTR | netc::EMSGSIZE)) => {}
                Err(errno) => return Err(errno.of_datagram()),
            }
        }
    }
}

/// Whether a datagram's source is the peer.
fn is_same(source: SocketAddr, peer: SocketAddr) -> bool {
    let same_link = match (source, peer) {
        (SocketAddr::V6(source), SocketAddr::V6(peer)) if peer.ip().is_unicast_link_local() => {
            source.scope_id() == peer.scope_id()
        }
        _ => true,
    };
    source.ip() == peer.ip() && source.port() == peer.port() && same_link
}

/// The port that a datagram was sent to.
fn original_port(control: &[u8]) -> Option<u16> {
    let address = read_controls(control).find(|control| {
        matches!(
            (control.level, control.kind),
            (netc::IPPROTO_IP, netc::IP_ORIGDSTADDR) | (netc::IPPROTO_IPV6, netc::IPV6_ORIGDSTADDR)
        )
    })?;
    address.data.get(PORT).map(|port| u16::from_be_bytes([port[0], port[1]]))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::super::features::Features;
    use super::super::wait::Deadline;
    use super::*;

    const EMPTY: Result<usize, Errno> = Err(Errno(netc::EAGAIN));

    /// Runs a test with a server and a socket of either kind, over IPv4 and IPv6.
    fn for_each_kind(test: impl Test) {
        for host in ["127.0.0.1", "::1"] {
            if Features::of_this_machine().has(Features::ORIG_DST) {
                run::<RebindingSocket>(host, &test);
            }
            run::<ReplacingSocket>(host, &test);
        }
    }

    fn run<S: RotatingPortSocket>(host: &str, test: &impl Test) {
        let server = UdpSocket::bind((host, 0)).unwrap();
        match S::open(server.local_addr().unwrap()) {
            Err(Errno(netc::ENOPROTOOPT)) => eprintln!("skipped: the system refuses the options"),
            socket => test.run(host, server, socket.unwrap()),
        }
    }

    trait Test {
        fn run<S: RotatingPortSocket>(&self, host: &str, server: UdpSocket, socket: S);
    }

    #[test]
    fn datagrams_to_an_earlier_port_are_discarded() {
        struct Earlier;
        impl Test for Earlier {
            fn run<S: RotatingPortSocket>(&self, host: &str, server: UdpSocket, mut socket: S) {
                let mut buffer = [0; 16];
                for text in [&b"one"[..], b"two"] {
                    let before = socket.port();
                    server.send_to(b"for nobody", (host, before)).unwrap();
                    server.send_to(b"for nobody", (host, before)).unwrap();
                    socket.change_port().unwrap();
                    assert_ne!(socket.port(), before);
                    assert_eq!(socket.receive(&mut buffer), EMPTY);
                    server.send_to(text, (host, socket.port())).unwrap();
                    assert_eq!(socket.receive(&mut buffer), Ok(3));
                    assert_eq!(&buffer[..3], text);
                }
            }
        }
        for_each_kind(Earlier);
    }

    #[test]
    fn datagrams_of_other_peers_are_discarded() {
        struct Other;
        impl Test for Other {
            fn run<S: RotatingPortSocket>(&self, host: &str, server: UdpSocket, mut socket: S) {
                let other = UdpSocket::bind((host, 0)).unwrap();
                other.send_to(b"hello", (host, socket.port())).unwrap_or_default();
                assert_eq!(socket.receive(&mut [0; 16]), EMPTY);
                server.send_to(b"hello", (host, socket.port())).unwrap();
                assert_eq!(socket.receive(&mut [0; 16]), Ok(5));
            }
        }
        for_each_kind(Other);
    }

    #[test]
    #[cfg_attr(windows, ignore = "wine reports no refusal")]
    fn a_refusal_is_reported_once() {
        struct Refused;
        impl Test for Refused {
            fn run<S: RotatingPortSocket>(&self, _: &str, server: UdpSocket, mut socket: S) {
                drop(server);
                socket.send_within(b"hello", WaitOptions::until(Deadline::NEVER)).unwrap();
                assert_eq!(socket.receive(&mut [0; 16]), Err(Errno(netc::ECONNREFUSED)));
                assert_eq!(socket.receive(&mut [0; 16]), EMPTY);
                // It is of this port.
                socket.change_port().unwrap();
                assert_eq!(socket.receive(&mut [0; 16]), EMPTY);
            }
        }
        for_each_kind(Refused);
    }

    #[test]
    fn datagrams_are_sent_from_the_current_port() {
        struct CurrentPort;
        impl Test for CurrentPort {
            fn run<S: RotatingPortSocket>(&self, host: &str, server: UdpSocket, mut socket: S) {
                let mut buffer = [0; 16];
                for _ in 0..3 {
                    socket.send_within(b"hello", WaitOptions::until(Deadline::NEVER)).unwrap();
                    let (length, source) = server.recv_from(&mut buffer).unwrap();
                    assert_eq!((length, source.port()), (5, socket.port()), "{host}");
                    socket.change_port().unwrap();
                    assert_ne!(socket.fd(), NO_FD);
                }
            }
        }
        for_each_kind(CurrentPort);
    }
}
