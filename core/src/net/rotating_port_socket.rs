//! A UDP socket that sends each request from another port.
//!
//! Replies are matched to requests by destination port, so requests cannot be one batch of sendmmsg(2), which sends
//! from one port. The socket is not connected, since a connect(2) for each port would cost as much as a send: it
//! filters datagrams by their source and reports the peer's refusal itself.

use crate::netc;
use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::RawFd;

use super::message::{control_space, read_controls};
use super::socket::Socket;
use super::sys::Errno;
use super::wait::{WaitOptions, interest, wait_for};
use super::wait_error::WaitError;

/// Where the port is in a sockaddr_in and in a sockaddr_in6.
const PORT: std::ops::Range<usize> = 2..4;

/// A UDP socket with one peer, whose port can be changed.
#[derive(Debug)]
pub(crate) struct RotatingPortSocket {
    socket: Socket,
    peer: SocketAddr,
    port: u16,
    /// The buffer for a datagram's original destination.
    control: Vec<u8>,
}

impl RotatingPortSocket {
    /// A socket on a port of the system's choice.
    pub(crate) fn open(peer: SocketAddr) -> Result<RotatingPortSocket, Errno> {
        let socket = Socket::datagram(&peer)?;
        socket.set_recv_original_destination(peer.is_ipv6())?;
        socket.set_recverr(peer.is_ipv6())?;
        let control = vec![0; control_space(size_of::<libc::sockaddr_in6>()).unwrap_or_default()];
        let mut rotating = RotatingPortSocket { socket, peer, port: 0, control };
        rotating.bind()?;
        Ok(rotating)
    }

    fn bind(&mut self) -> Result<(), Errno> {
        let any: IpAddr =
            if self.peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        self.socket.bind(&SocketAddr::new(any, 0))?;
        self.port = self.socket.local_addr()?.port();
        Ok(())
    }

    /// Binds another port of the system's choice. If this fails, the socket has none.
    pub(crate) fn change_port(&mut self) -> Result<(), Errno> {
        // Dissolving the association releases a port that the system chose.
        self.socket.disconnect()?;
        self.bind()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.socket.fd()
    }

    /// sendto(2), after a wait for space in the send buffer.
    pub(crate) fn send_within(&mut self, bytes: &[u8], wait: WaitOptions<'_>) -> Result<(), WaitError> {
        loop {
            match self.socket.send_to(bytes, &self.peer, 0) {
                Ok(_) => return Ok(()),
                Err(errno) if errno.would_block() => {
                    wait_for(&mut [interest(self.fd(), netc::POLLOUT), interest(-1, 0)], wait)?;
                }
                Err(Errno(netc::EINTR)) => {}
                Err(errno) => self.socket.icmp_error(errno)?,
            }
        }
    }

    /// recvmsg(2), without blocking, of a datagram that the peer sent to the current port. Others are discarded: the
    /// socket may have queued datagrams to an earlier port.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        loop {
            let mut buffers = [IoSliceMut::new(buffer)];
            match self.socket.receive_message(&mut buffers, &mut self.control, 0) {
                Ok(received) => {
                    let port = original_port(&self.control[..received.control]);
                    if port == Some(self.port) && received.source.is_some_and(|source| self.is_peer(source)) {
                        return Ok(received.length);
                    }
                }
                Err(errno) if errno.would_block() => return Err(errno),
                Err(Errno(netc::EINTR)) => {}
                Err(errno) => self.socket.icmp_error(errno)?,
            }
        }
    }

    fn is_peer(&self, source: SocketAddr) -> bool {
        let same_link = match (source, self.peer) {
            (SocketAddr::V6(source), SocketAddr::V6(peer)) if peer.ip().is_unicast_link_local() => {
                source.scope_id() == peer.scope_id()
            }
            _ => true,
        };
        source.ip() == self.peer.ip() && source.port() == self.peer.port() && same_link
    }
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

    use super::*;

    fn server_and_socket(host: &str) -> (UdpSocket, RotatingPortSocket) {
        let server = UdpSocket::bind((host, 0)).unwrap();
        let socket = RotatingPortSocket::open(server.local_addr().unwrap()).unwrap();
        (server, socket)
    }

    const EMPTY: Result<usize, Errno> = Err(Errno(netc::EAGAIN));

    #[test]
    fn datagrams_to_an_earlier_port_are_discarded() {
        for host in ["127.0.0.1", "::1"] {
            let (server, mut socket) = server_and_socket(host);
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

    #[test]
    fn datagrams_of_other_peers_are_discarded() {
        for host in ["127.0.0.1", "::1"] {
            let (_server, mut socket) = server_and_socket(host);
            UdpSocket::bind((host, 0)).unwrap().send_to(b"hello", (host, socket.port())).unwrap();
            assert_eq!(socket.receive(&mut [0; 16]), EMPTY);
        }
    }

    #[test]
    fn a_refusal_is_reported_once() {
        for host in ["127.0.0.1", "::1"] {
            let (server, mut socket) = server_and_socket(host);
            drop(server);
            socket.send_within(b"hello", WaitOptions::until(super::super::wait::Deadline::NEVER)).unwrap();
            assert_eq!(socket.receive(&mut [0; 16]), Err(Errno(netc::ECONNREFUSED)));
            assert_eq!(socket.receive(&mut [0; 16]), EMPTY);
        }
    }
}
