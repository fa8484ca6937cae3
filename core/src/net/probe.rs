//! Which optional calls the system has: each is tried on sockets of this module's own, on loopback.

use std::net::{Ipv4Addr, SocketAddr};

use super::datagram::{ReceiveBatch, SendBatch, SendMeta};
use super::socket::Socket;
use super::sys::Errno;
use crate::trace;

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) blocking_receive: bool,
    pub(crate) recvmmsg: bool,
    pub(crate) udp_segment: bool,
    pub(crate) udp_gro: bool,
}

impl Probe {
    /// Tries each call.
    ///
    /// # Errors
    /// There is nothing to try them on: no descriptors, for instance.
    pub(crate) fn run() -> Result<Probe, Errno> {
        // Nobody has asked for these calls.
        trace::quietly(Probe::try_all)
    }

    fn try_all() -> Result<Probe, Errno> {
        let socket = bound()?;
        Ok(Probe {
            recvmmsg: has_recvmmsg(&socket),
            udp_segment: has_udp_segment(&socket),
            udp_gro: socket.set_gro().is_ok(),
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

/// Nothing is there to receive, which is what a system that has the call says.
fn has_recvmmsg(socket: &Socket) -> bool {
    let nothing = socket.receive_some(&mut ReceiveBatch::new(1), libc::MSG_DONTWAIT);
    nothing.is_err_and(Errno::would_block)
}

/// Two datagrams to the socket itself, which nobody reads.
fn has_udp_segment(socket: &Socket) -> bool {
    let Ok(to) = socket.local_addr() else { return false };
    let mut outbox = SendBatch::new(2, 0, true, false);
    for _ in 0..2 {
        outbox.add(&SendMeta { to, from: None, hop_limit: None }, |bytes| {
            bytes.push(0);
            true
        });
    }
    socket.send_some(&mut outbox).is_ok_and(|departed| departed.datagrams == 2)
}

/// Whether a receive on a socket that was shut down returns at once, with nothing, instead of waiting.
fn shutdown_ends_receives(socket: &Socket) -> bool {
    let mut inbox = ReceiveBatch::new(1);
    while socket.receive_one(&mut inbox, libc::MSG_DONTWAIT).is_ok() {}
    let _ = socket.shutdown_read();
    // The time limit is for the system that would wait for ever.
    socket.set_recv_timeout(Some(SHORT)).is_ok()
        && socket.set_nonblocking(false).is_ok()
        && socket.receive_one(&mut inbox, 0) == Ok(0)
}

/// A time limit for receives that should not wait at all.
const SHORT: std::time::Duration = std::time::Duration::from_millis(1);
