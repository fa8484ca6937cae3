//! A UDP socket that asks each time from another port.
//!
//! Many requests make no batch for sendmmsg(2): it sends from one port, and the port is what a reply is
//! known by. Nor is the socket connected: connect(2) would cost as much as sending. So what
//! connecting stands for is done here: only the peer is heard, and its refusal is reported.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, RawFd};

use super::message::{control_space, read_controls};
use super::socket::Socket;
use super::sys::{self, Errno};
use super::wait::{WaitError, WaitOptions, interest, wait_for};

/// Where the port is in a sockaddr_in and in a sockaddr_in6.
const PORT: std::ops::Range<usize> = 2..4;

#[derive(Debug)]
pub(crate) struct RotatingPortSocket {
    socket: Socket,
    peer: SocketAddr,
    port: u16,
    /// Room for the address that a datagram was sent to.
    control: Vec<u8>,
}

impl RotatingPortSocket {
    /// A socket on a port of the system's choice.
    pub(crate) fn open(peer: SocketAddr) -> Result<RotatingPortSocket, Errno> {
        let socket = Socket::datagram(&peer)?;
        // Received datagrams tell the port that they were sent to (ip(7), ipv6(7)).
        let (level, name) = if peer.is_ipv4() {
            (libc::IPPROTO_IP, libc::IP_RECVORIGDSTADDR)
        } else {
            (libc::IPPROTO_IPV6, libc::IPV6_RECVORIGDSTADDR)
        };
        sys::set_option(socket.as_fd(), level, name, 1)?;
        socket.set_recverr(peer.is_ipv6())?;
        let control = vec![0; control_space(size_of::<libc::sockaddr_in6>()).unwrap_or_default()];
        let mut asking = RotatingPortSocket { socket, peer, port: 0, control };
        asking.bind()?;
        Ok(asking)
    }

    fn bind(&mut self) -> Result<(), Errno> {
        let any: IpAddr =
            if self.peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        self.socket.bind(&SocketAddr::new(any, 0))?;
        self.port = self.socket.local_addr()?.port();
        Ok(())
    }

    /// Takes another port of the system's choice. If this fails, the socket has none.
    pub(crate) fn change_port(&mut self) -> Result<(), Errno> {
        // To dissolve an association gives back a port that was not asked for by its number.
        self.socket.disconnect()?;
        self.bind()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.socket.fd()
    }

    /// sendto(2), once the socket takes it.
    pub(crate) fn send_within(&mut self, bytes: &[u8], waiting: WaitOptions<'_>) -> Result<(), WaitError> {
        loop {
            match self.socket.send_to(bytes, &self.peer, 0) {
                Ok(_) => return Ok(()),
                Err(errno) if errno.would_block() => {
                    wait_for(&mut [interest(self.fd(), libc::POLLOUT), interest(-1, 0)], waiting)?;
                }
                Err(Errno(libc::EINTR)) => {}
                Err(errno) => self.socket.judge(errno)?,
            }
        }
    }

    /// recvmsg(2), at once, of a datagram that the peer sent to the present port. Others are passed over:
    /// the socket may still hold some that came to an earlier port.
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
                Err(Errno(libc::EINTR)) => {}
                Err(errno) => self.socket.judge(errno)?,
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

impl Socket {
    /// What ICMP reports becomes an error of the socket's also without a connection (IP_RECVERR of ip(7),
    /// ipv6(7)). [`judge`](Socket::judge) has to be asked about errors then.
    pub(crate) fn set_recverr(&self, ipv6: bool) -> Result<(), Errno> {
        let (level, name) = if ipv6 {
            (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        } else {
            (libc::IPPROTO_IP, libc::IP_RECVERR)
        };
        sys::set_option(self.as_fd(), level, name, 1)
    }

    /// What ICMP reported: a refusal is one, and the rest may pass (RFC 1122, 4.1.3.3), as on a connected
    /// socket (udp(7)). The report's details are let go; as long as they are there, poll(2) tells of them.
    pub(crate) fn judge(&self, errno: Errno) -> Result<(), Errno> {
        let mut details = false;
        while self.receive_with(&mut [0], libc::MSG_ERRQUEUE).is_ok() {
            details = true;
        }
        match errno {
            Errno(libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EMSGSIZE) if details => Ok(()),
            other => Err(other),
        }
    }
}

/// The port that a datagram was sent to.
fn original_port(control: &[u8]) -> Option<u16> {
    let address = read_controls(control).find(|control| {
        matches!(
            (control.level, control.kind),
            (libc::IPPROTO_IP, libc::IP_ORIGDSTADDR) | (libc::IPPROTO_IPV6, libc::IPV6_ORIGDSTADDR)
        )
    })?;
    address.data.get(PORT).map(|port| u16::from_be_bytes([port[0], port[1]]))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    fn server_and_asking(host: &str) -> (UdpSocket, RotatingPortSocket) {
        let server = UdpSocket::bind((host, 0)).unwrap();
        let asking = RotatingPortSocket::open(server.local_addr().unwrap()).unwrap();
        (server, asking)
    }

    const EMPTY: Result<usize, Errno> = Err(Errno(libc::EAGAIN));

    #[test]
    fn what_came_to_an_earlier_port_is_not_received() {
        for host in ["127.0.0.1", "::1"] {
            let (server, mut asking) = server_and_asking(host);
            let mut buffer = [0; 16];
            for text in [&b"one"[..], b"two"] {
                let before = asking.port();
                server.send_to(b"for nobody", (host, before)).unwrap();
                server.send_to(b"for nobody", (host, before)).unwrap();
                asking.change_port().unwrap();
                assert_ne!(asking.port(), before);
                assert_eq!(asking.receive(&mut buffer), EMPTY);
                server.send_to(text, (host, asking.port())).unwrap();
                assert_eq!(asking.receive(&mut buffer), Ok(3));
                assert_eq!(&buffer[..3], text);
            }
        }
    }

    #[test]
    fn what_others_send_is_not_received() {
        for host in ["127.0.0.1", "::1"] {
            let (_server, mut asking) = server_and_asking(host);
            UdpSocket::bind((host, 0)).unwrap().send_to(b"hello", (host, asking.port())).unwrap();
            assert_eq!(asking.receive(&mut [0; 16]), EMPTY);
        }
    }

    #[test]
    fn a_refusal_is_reported_once() {
        for host in ["127.0.0.1", "::1"] {
            let (server, mut asking) = server_and_asking(host);
            drop(server);
            asking.send_within(b"hello", WaitOptions::until(super::super::Deadline::NEVER)).unwrap();
            assert_eq!(asking.receive(&mut [0; 16]), Err(Errno(libc::ECONNREFUSED)));
            assert_eq!(asking.receive(&mut [0; 16]), EMPTY);
        }
    }
}
