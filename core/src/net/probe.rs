//! Which optional system calls are available: each is tried, those of sockets on loopback.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::datagram::{ReceiveBatch, SendBatch, SendMeta};
use super::rotating_port_socket::{RebindingSocket, RotatingPortSocket};
use super::socket::Socket;
use super::sys::{Errno, SEVERAL_MESSAGES, pidfds};
use super::wait::{Deadline, WaitOptions, wait_readable};
use crate::netc;
use crate::trace;

/// The calls that are available.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) blocking_receive: bool,
    pub(crate) recvmmsg: bool,
    pub(crate) udp_segment: bool,
    pub(crate) udp_gro: bool,
    pub(crate) pidfd: bool,
    pub(crate) original_destination: bool,
    pub(crate) loopback_addresses: bool,
}

impl Probe {
    /// Tries each call.
    ///
    /// # Errors
    /// There is nothing to try them on: no descriptors, for instance.
    pub(crate) fn run() -> Result<Probe, Errno> {
        // The program has not made these calls.
        trace::suspended(Probe::try_all)
    }

    fn try_all() -> Result<Probe, Errno> {
        let socket = bound()?;
        Ok(Probe {
            recvmmsg: SEVERAL_MESSAGES && has_recvmmsg(&socket),
            udp_segment: SEVERAL_MESSAGES && has_udp_segment(&socket),
            udp_gro: socket.set_gro().is_ok(),
            pidfd: pidfds()?,
            original_destination: is_available(rebinds_ports(&socket))?,
            loopback_addresses: is_available(binds_other_loopback_address())?,
            // The last one: the socket receives no more.
            blocking_receive: shutdown_ends_receives(&socket),
        })
    }
}

fn bound() -> Result<Socket, Errno> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let socket = Socket::datagram(&address)?;
    socket.bind(&address)?;
    Ok(socket)
}

/// Whether a call is available, by its result.
///
/// # Errors
/// There are no descriptors or buffers to try it.
fn is_available(result: Result<(), Errno>) -> Result<bool, Errno> {
    match result {
        Err(errno) if matches!(errno.0, netc::EMFILE | netc::ENFILE | netc::ENOMEM | netc::ENOBUFS) => {
            Err(errno)
        }
        result => Ok(result.is_ok()),
    }
}

/// A datagram from the socket arrives at the second port of a [`RebindingSocket`], and IPv6, if any, has the options too.
fn rebinds_ports(socket: &Socket) -> Result<(), Errno> {
    let peer = socket.local_addr()?;
    let mut rebinding = RebindingSocket::open(peer)?;
    rebinding.change_port()?;
    socket.send_to(&[0], &SocketAddr::new(peer.ip(), rebinding.port()), 0)?;
    let _ = wait_readable(rebinding.fd(), WaitOptions::until(Deadline::after(Some(DELIVERY))));
    rebinding.receive(&mut [0])?;
    match RebindingSocket::open(SocketAddr::from((Ipv6Addr::LOCALHOST, peer.port()))) {
        Err(Errno(netc::EAFNOSUPPORT | netc::EADDRNOTAVAIL)) => Ok(()),
        other => other.map(drop),
    }
}

/// How long a datagram to this machine may be on its way; on Linux it has arrived when its send returns.
const DELIVERY: Duration = Duration::from_millis(20);

/// macOS and the BSDs have 127.0.0.1 alone.
fn binds_other_loopback_address() -> Result<(), Errno> {
    let address = SocketAddr::from((Ipv4Addr::new(127, 1, 0, 1), 0));
    Socket::datagram(&address)?.bind(&address)
}

/// EAGAIN, since there is nothing to receive.
fn has_recvmmsg(socket: &Socket) -> bool {
    let nothing = socket.receive_some(&mut ReceiveBatch::new(1), netc::MSG_DONTWAIT);
    nothing.is_err_and(Errno::would_block)
}

/// Sends two datagrams to the socket itself.
fn has_udp_segment(socket: &Socket) -> bool {
    let Ok(to) = socket.local_addr() else { return false };
    let mut batch = SendBatch::new(2, 0, true, false);
    for _ in 0..2 {
        batch.add(&SendMeta { to, from: None, hop_limit: None }, |bytes| {
            bytes.push(0);
            true
        });
    }
    socket.send_some(&mut batch).is_ok_and(|sent| sent.datagrams == 2)
}

/// Whether a receive on a socket whose input was shut down returns 0 instead of blocking.
fn shutdown_ends_receives(socket: &Socket) -> bool {
    let mut batch = ReceiveBatch::new(1);
    while socket.receive_one(&mut batch, netc::MSG_DONTWAIT).is_ok() {}
    let _ = socket.shutdown_read();
    // Where it does not, the receive would block for ever.
    socket.set_recv_timeout(Some(SHORT)).is_ok()
        && socket.set_nonblocking(false).is_ok()
        && socket.receive_one(&mut batch, 0) == Ok(0)
}

/// The limit of a receive that is expected not to block.
const SHORT: Duration = Duration::from_millis(1);
