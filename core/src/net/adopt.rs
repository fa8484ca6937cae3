//! Sockets that somebody else has bound: what a server needs them to be, and what it sets of them.
//!
//! What is set here belongs to the socket, which others may have as well, and stays set. O_NONBLOCK belongs to the open
//! file description (open(2)), which copies of the descriptor share: it is set for TCP, since no flag of accept(2) keeps
//! that from blocking if another process has taken the connection, and is left as it is for UDP.

use std::net::{IpAddr, SocketAddr};

use socket2::Type;

use super::socket::Socket;
use super::sys::{self, Errno};
use super::unix_domain::has_chosen_name;
use crate::choices::Transport;
use crate::error::{Error, ErrorKind, Result};
use crate::net::sys::fd::{OwnedFd, RawFd};
use crate::netc;
use crate::unix_address::UnixAddress;

/// A copy of the socket that another language names by its number, which stays the caller's.
///
/// # Errors
/// `InvalidArgument` for a number that is not open; `OutOfResources` for want of descriptors.
pub fn copy_of_number(number: i64) -> Result<OwnedFd> {
    let invalid = || Error::invalid(format!("use descriptor {number}"), "it is not open");
    let fd = RawFd::try_from(number).map_err(|_| invalid())?;
    sys::copy_number(fd).map_err(|errno| match errno.0 {
        netc::EBADF => invalid(),
        other => Error::os(other, format!("use descriptor {number}")),
    })
}

/// The error of a socket that is no use to the server: `which` and `why` make a sentence.
fn unusable(which: &str, why: &str) -> Error {
    Error::invalid("serve on the socket", format!("{which} {why}"))
}

/// Prepares a socket for a server, and returns it with the address that it is bound to. `which` names it in errors.
///
/// # Errors
/// `InvalidArgument` for what is no socket, or not one of the transport over IPv4 or IPv6, bound and unconnected;
/// `Unsupported` for a UDP socket of both IPv4 and IPv6 where the system does not say how far an IPv4 datagram has come;
/// the errors of the calls.
pub(crate) fn adopt(
    fd: OwnedFd,
    transport: Transport,
    backlog: u32,
    which: &str,
) -> Result<(Socket, SocketAddr)> {
    let socket = Socket::from(fd);
    let address = check(&socket, transport, which)?;
    let failed = |errno: Errno| Error::os(errno.0, "serve on the socket").at(address);
    match transport {
        Transport::Tcp => prepare_listener(&socket, backlog).map_err(failed)?,
        Transport::Udp => {
            let dual_stack = address.is_ipv6() && socket.is_dual_stack().map_err(failed)?;
            if dual_stack && cfg!(not(target_os = "linux")) {
                let why =
                    format!("{which} is a UDP socket of both IPv4 and IPv6, which this system cannot serve");
                let error = Error::new(ErrorKind::Unsupported, "serve on the socket", why).at(address);
                return Err(error.advise("give a socket for each, with IPV6_V6ONLY"));
            }
            prepare_datagrams(&socket, &address, dual_stack).map_err(failed)?;
        }
    }
    Ok((socket, address))
}

/// As [`adopt`], of the one Unix domain socket of a server. Its file stays when the server stops: it belongs to whoever bound
/// the socket.
///
/// # Errors
/// `InvalidArgument` for a socket that is not of the transport's kind, bound to a path or an abstract name, and unconnected;
/// the errors of the calls.
pub(crate) fn adopt_unix(
    socket: &Socket,
    transport: Transport,
    backlog: u32,
    which: &str,
) -> Result<UnixAddress> {
    let failed = |errno: Errno| Error::os(errno.0, "serve on the socket");
    let address = socket.local_unix().map_err(failed)?;
    let why = match (transport, kind(socket, which)?) {
        (Transport::Tcp, Type::STREAM) | (Transport::Udp, Type::DGRAM) => None,
        (Transport::Tcp, _) => Some("is a Unix domain socket for datagrams, and this is a TCP server"),
        (Transport::Udp, _) => Some("is a Unix domain socket for streams, and this is a UDP server"),
    };
    let why = why.or_else(|| socket.peer_unix().is_ok().then_some("is connected to a peer"));
    let why = why.or_else(|| address.is_unnamed().then_some("is not bound"));
    let why =
        why.or_else(|| has_chosen_name(&address).then_some("has a name that Linux chooses for clients"));
    if let Some(why) = why {
        return Err(unusable(which, why).at(&address));
    }
    let prepared = match transport {
        Transport::Tcp => listen(socket, backlog),
        Transport::Udp => Ok(()),
    };
    prepared.map_err(|errno| failed(errno).at(&address))?;
    Ok(address)
}

fn kind(socket: &Socket, which: &str) -> Result<Type> {
    // On Windows the two are one number.
    let is_none = |errno: Errno| errno.0 == netc::EBADF || errno.0 == netc::ENOTSOCK;
    socket.kind().map_err(|errno| match errno {
        errno if is_none(errno) => unusable(which, "is no socket"),
        errno => Error::os(errno.0, "serve on the socket"),
    })
}

fn check(socket: &Socket, transport: Transport, which: &str) -> Result<SocketAddr> {
    let kind = kind(socket, which)?;
    let address = socket.local_addr().map_err(|errno| match errno.0 {
        netc::EAFNOSUPPORT if socket.is_unix() => {
            unusable(which, "is a Unix domain socket, of which a server has one and no other socket")
        }
        netc::EAFNOSUPPORT => unusable(which, "is neither one of IPv4 nor one of IPv6"),
        // Windows has no local address of a socket that is not bound.
        netc::EINVAL => unusable(which, "is not bound"),
        other => Error::os(other, "serve on the socket"),
    })?;
    let why = match (transport, kind) {
        (Transport::Tcp, Type::STREAM) | (Transport::Udp, Type::DGRAM) => None,
        (Transport::Tcp, Type::DGRAM) => Some("is a UDP socket, and this is a TCP server"),
        (Transport::Udp, Type::STREAM) => Some("is a TCP socket, and this is a UDP server"),
        _ => Some("is a socket of neither TCP nor UDP"),
    };
    if let Some(why) = why {
        return Err(unusable(which, why).at(address));
    }
    if socket.peer_addr().is_ok() {
        return Err(unusable(which, "is connected to a peer").at(address));
    }
    if address.port() == 0 {
        return Err(unusable(which, "is not bound").at(address));
    }
    Ok(address)
}

fn prepare_listener(socket: &Socket, backlog: u32) -> std::result::Result<(), Errno> {
    // Accepted connections inherit it.
    socket.set_nodelay()?;
    listen(socket, backlog)
}

/// A listener keeps its backlog.
fn listen(socket: &Socket, backlog: u32) -> std::result::Result<(), Errno> {
    socket.set_nonblocking(true)?;
    if !socket.is_listening()? {
        socket.listen(backlog)?;
    }
    Ok(())
}

/// Received datagrams carry what the source filter and the replies need; those of IPv4 that an IPv6 socket receives, too.
fn prepare_datagrams(
    socket: &Socket,
    address: &SocketAddr,
    dual_stack: bool,
) -> std::result::Result<(), Errno> {
    socket.prepare_to_serve();
    socket.take_long_datagrams()?;
    let unspecified = address.ip().is_unspecified();
    for ipv6 in [address.is_ipv6(), false].into_iter().take(1 + usize::from(dual_stack)) {
        socket.set_recv_ttl(ipv6)?;
        if unspecified {
            socket.set_recv_pktinfo(ipv6)?;
        }
    }
    Ok(())
}

/// The address, as IPv4 if it is an IPv4-mapped address of IPv6: an IPv6 socket has that for an IPv4 peer.
#[inline(always)]
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    let SocketAddr::V6(v6) = address else { return address };
    match v6.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, v6.port()),
        IpAddr::V6(_) => address,
    }
}
