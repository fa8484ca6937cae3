//! What a socket's call that failed has to say: what was tried, on which address, what to try.

use std::fmt::Display;
use std::net::SocketAddr;

use capsock::Error;
use capsock::net::{Errno, Family, WaitError};

use crate::socket::capsock_socket;

impl capsock_socket {
    /// A call that names an address failed. `tried` continues "could not".
    pub(crate) fn failed_at(&self, fault: impl Into<WaitError>, tried: &str, address: &SocketAddr) -> Error {
        let fault = fault.into();
        let error = fault.while_trying(tried).at(address);
        if matches!(fault, WaitError::Os(Errno(libc::EINVAL | libc::EAFNOSUPPORT)))
            && address.is_ipv6() != (self.family == Family::V6)
        {
            return error.advise("the socket and the address are of different families");
        }
        advised(error, fault, tried)
    }

    /// A call on the socket failed: it is named by its own address. `tried` continues "could not".
    pub(crate) fn failed(&self, fault: impl Into<WaitError>, tried: &str) -> Error {
        let fault = fault.into();
        let local = self.core.local_addr().ok().filter(|local| local.port() != 0);
        let address: &dyn Display = match &local {
            Some(local) => local,
            None => &"the socket",
        };
        advised(fault.while_trying(&format!("{tried} on")).at(address), fault, tried)
    }

    /// A call that meets the peer failed: both are named.
    pub(crate) fn failed_with_peer(
        &self,
        fault: impl Into<WaitError>,
        tried: &str,
        direction: &str,
    ) -> Error {
        let fault = fault.into();
        match self.core.peer_addr() {
            Ok(peer) => advised(fault.while_trying(&format!("{tried} {direction}")).at(peer), fault, tried),
            Err(_) => self.failed(fault, tried),
        }
    }
}

fn advised(error: Error, fault: WaitError, tried: &str) -> Error {
    let WaitError::Os(Errno(errno)) = fault else { return error };
    let advice = match (tried, errno) {
        ("bind to", libc::EINVAL) => "it has an address already",
        ("bind to", libc::EACCES) => "ports below 1024 are for privileged programs",
        ("accept", libc::EINVAL) => "call capsock_socket_listen first",
        ("accept" | "listen", libc::EOPNOTSUPP) => "only a SOCK_STREAM socket listens",
        ("send to", libc::EACCES) => "a broadcast needs the option SO_BROADCAST",
        ("send to", libc::EINVAL) => "nothing can be sent to port 0",
        ("connect to", libc::EINPROGRESS | libc::EALREADY) => {
            "wait for POLLOUT, then SO_ERROR tells how it ended"
        }
        (_, libc::EISCONN) => "it is connected already",
        (_, libc::ENOTCONN) => "connect it first, or use the socket that accept gave",
        (_, libc::EDESTADDRREQ) => "name the receiver with capsock_socket_sendto, or connect first",
        (_, libc::EPIPE | libc::ECONNRESET) => "the connection has ended",
        (_, libc::EMSGSIZE) => "a datagram holds 65,507 bytes at most over IPv4, 65,527 over IPv6",
        _ => return error,
    };
    error.advise(advice)
}
