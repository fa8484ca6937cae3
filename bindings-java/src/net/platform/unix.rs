//! Linux, macOS and the BSDs.

use std::net::SocketAddr;

use capsock::net::{BlockingSocket, Errno, Family, Kind, WaitError, WaitPolicy};

use super::super::int_options::{get_int, set_int};
use super::super::numbers::{
    EADDRNOTAVAIL, IPPROTO_IPV6, IPV6_V6ONLY, SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET,
};

/// Nothing has to be kept of a socket.
pub(in super::super) struct Platform;

impl Platform {
    pub(in super::super) fn new(_kind: Kind) -> Platform {
        Platform
    }

    /// What the JDK sets when it makes a socket. A server's may bind an address that closed connections still have.
    pub(in super::super) fn prepare(
        &self,
        socket: &BlockingSocket,
        family: Family,
        server: bool,
    ) -> Result<(), Errno> {
        if family == Family::V6 {
            set_int(socket, (IPPROTO_IPV6, IPV6_V6ONLY), 0)?;
        }
        if socket.kind() == Kind::Datagram {
            prepare_datagrams(socket, family)?;
        }
        if server {
            self.set_reuse_address(socket, 1)?;
        }
        Ok(())
    }

    pub(in super::super) fn bind(&self, socket: &BlockingSocket, address: &SocketAddr) -> Result<(), Errno> {
        if is_refused_by_the_jdk(address) {
            return Err(Errno(EADDRNOTAVAIL));
        }
        socket.bind(address)
    }

    pub(in super::super) fn connect(
        &self,
        socket: &BlockingSocket,
        address: &SocketAddr,
        policy: WaitPolicy,
    ) -> Result<(), WaitError> {
        socket.connect(address, policy)
    }

    /// After a datagram socket has got a peer, or lost it.
    pub(in super::super) fn peer_changed(&self, _socket: &BlockingSocket, _has_peer: bool) {}

    /// The error of a call on a datagram socket; ECONNREFUSED is the refusal of an earlier datagram.
    #[inline]
    pub(in super::super) fn datagram_error(&self, error: WaitError) -> WaitError {
        error
    }

    pub(in super::super) fn set_reuse_address(
        &self,
        socket: &BlockingSocket,
        value: i32,
    ) -> Result<(), Errno> {
        // Elsewhere than on Linux, several datagram sockets can bind one address only if both are set.
        if let Some(reuse_port) =
            SO_REUSEPORT.filter(|_| cfg!(not(target_os = "linux")) && socket.kind() == Kind::Datagram)
        {
            set_int(socket, reuse_port, value)?;
        }
        set_int(socket, (SOL_SOCKET, SO_REUSEADDR), value)
    }

    pub(in super::super) fn reuse_address(&self, socket: &BlockingSocket) -> Result<i32, Errno> {
        get_int(socket, (SOL_SOCKET, SO_REUSEADDR))
    }
}

/// `NET_Bind` of the JDK refuses IPv4 sockets the broadcast addresses of the loopback network, which Linux
/// would bind.
fn is_refused_by_the_jdk(address: &SocketAddr) -> bool {
    const BITS: u32 = 0x7f00_00ff;
    cfg!(target_os = "linux") && matches!(address, SocketAddr::V4(v4) if v4.ip().to_bits() & BITS == BITS)
}

#[cfg(target_os = "linux")]
fn prepare_datagrams(socket: &BlockingSocket, family: Family) -> Result<(), Errno> {
    // A socket receives what the groups that it joined receive, and nothing of others' groups.
    let alone = |option| match set_int(socket, option, 0) {
        Err(errno) if errno != Errno(libc::ENOPROTOOPT) => Err(errno),
        _ => Ok(()),
    };
    alone((libc::IPPROTO_IP, libc::IP_MULTICAST_ALL))?;
    if family == Family::V6 {
        alone((libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_ALL))?;
        set_int(socket, (libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_HOPS), 1)?;
    }
    Ok(())
}

#[cfg(target_vendor = "apple")]
fn prepare_datagrams(socket: &BlockingSocket, family: Family) -> Result<(), Errno> {
    // The longest datagram is as long as this buffer, which has 9216 bytes by default.
    let longest = if family == Family::V6 { 65527 } else { 65507 };
    let buffer = (libc::SOL_SOCKET, libc::SO_SNDBUF);
    if get_int(socket, buffer)? < longest {
        // As in the JDK, a system with a lower limit keeps its own.
        let _ = set_int(socket, buffer, longest);
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn prepare_datagrams(_: &BlockingSocket, _: Family) -> Result<(), Errno> {
    Ok(())
}
