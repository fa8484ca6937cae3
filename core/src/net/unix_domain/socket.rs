//! The calls of a Unix domain socket.

use socket2::{Domain, SockAddr, Type};

use crate::net::raw::RawSocket;
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::netc;
use crate::unix_address::UnixAddress;

type Sys<T> = Result<T, Errno>;

/// Whether an abstract name is one that Linux chooses for a socket that is bound without one: five hexadecimal digits
/// (autobind of unix(7)).
#[cfg(unix)]
fn is_chosen_name(name: &[u8]) -> bool {
    name.len() == 5 && name.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the address has a name that Linux chooses for clients: replies to it are sent without regard to loops of servers.
#[cfg(unix)]
pub(crate) fn has_chosen_name(address: &UnixAddress) -> bool {
    address.as_abstract_name().is_some_and(is_chosen_name)
}

/// There are no such names.
#[cfg(windows)]
pub(crate) fn has_chosen_name(_: &UnixAddress) -> bool {
    false
}

/// The source of a datagram, as the system has written it: a copy of it allocates nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnixSource(SockAddr);

impl UnixSource {
    /// Whether the sender is bound, so that it can be sent a reply.
    pub(crate) fn has_name(&self) -> bool {
        !self.address_is_empty()
    }

    #[cfg(unix)]
    fn address_is_empty(&self) -> bool {
        // A system writes no address, or one without a name.
        !self.0.is_unix() || self.0.is_unnamed()
    }

    /// There are no such sockets.
    #[cfg(windows)]
    fn address_is_empty(&self) -> bool {
        true
    }

    /// Whether the sender has a name that Linux chose for it, which a server of capsock cannot have.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_chosen(&self) -> bool {
        self.0.as_abstract_namespace().is_some_and(is_chosen_name)
    }

    /// There are no such names.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn is_chosen(&self) -> bool {
        false
    }

    pub(crate) fn address(&self) -> UnixAddress {
        UnixAddress::from_system(&self.0)
    }
}

/// A Unix domain socket, stream or datagram. Its calls are not recorded.
impl Socket {
    /// socket(2), non-blocking.
    pub(crate) fn unix(kind: Type) -> Sys<Socket> {
        RawSocket::new(Domain::UNIX, kind, None, true).map(Socket::from)
    }

    /// bind(2).
    pub(crate) fn bind_unix(&self, address: &SockAddr) -> Sys<()> {
        self.raw.bind_any(address)
    }

    /// connect(2).
    pub(crate) fn connect_unix(&self, address: &SockAddr) -> Sys<()> {
        self.raw.connect_any(address)
    }

    /// Whether it is one.
    pub(crate) fn is_unix(&self) -> bool {
        self.raw.is_unix()
    }

    /// getsockname(2).
    pub(crate) fn local_unix(&self) -> Sys<UnixAddress> {
        self.raw.local_any().map(|address| UnixAddress::from_system(&address))
    }

    /// getsockname(2), as it is the source of what the socket sends.
    pub(crate) fn as_source(&self) -> Sys<UnixSource> {
        self.raw.local_any().map(UnixSource)
    }

    /// getpeername(2).
    pub(crate) fn peer_unix(&self) -> Sys<UnixAddress> {
        self.raw.peer_any().map(|address| UnixAddress::from_system(&address))
    }

    /// recvmsg(2): the length, whether the datagram was longer than the buffer, and its source.
    pub(crate) fn receive_unix(&self, buffer: &mut [u8], flags: i32) -> Sys<(usize, bool, UnixSource)> {
        let (length, received, source) = self.raw.receive_any(buffer, flags)?;
        Ok((length, received & netc::MSG_TRUNC != 0, UnixSource(source)))
    }

    /// sendto(2) with MSG_DONTWAIT, to the source of a datagram.
    pub(crate) fn send_unix(&self, bytes: &[u8], to: &UnixSource) -> Sys<usize> {
        self.raw.send_any(bytes, &to.0, netc::MSG_DONTWAIT)
    }
}
