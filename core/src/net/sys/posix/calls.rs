//! The calls of a socket that Windows makes in another way.

use socket2::Socket;

use crate::net::sys::errno::{Errno, Sys};
use crate::netc;

/// Whether a call blocks on a socket without O_NONBLOCK.
pub(crate) const CALLS_BLOCK: bool = true;

/// Whether a reset comes before the close of the socket.
pub(crate) const RESETS_AT_ONCE: bool = true;

/// How often a wait calls the host's hook although no signal has come: a signal interrupts the wait (EINTR).
pub(crate) const HOOK_INTERVAL: Option<std::time::Duration> = None;

/// Whether calls block: the system keeps it (O_NONBLOCK of fcntl(2)).
#[derive(Debug)]
pub(crate) struct Mode;

impl Mode {
    #[inline(always)]
    pub(crate) fn of_new(_nonblocking: bool) -> Mode {
        Mode
    }

    /// That of a socket of the host's.
    pub(crate) fn of_adopted(_socket: &Socket) -> Mode {
        Mode
    }

    pub(crate) fn is_nonblocking(&self, socket: &Socket) -> Sys<bool> {
        Ok(socket.nonblocking()?)
    }

    pub(crate) fn set(&self, socket: &Socket, nonblocking: bool) -> Sys<()> {
        Ok(socket.set_nonblocking(nonblocking)?)
    }

    /// Before the socket is the host's again.
    pub(crate) fn hand_over(&self, _socket: &Socket) {}
}

/// Whether its addresses are IPv6 (getsockname(2)).
pub(crate) fn is_ipv6(socket: &Socket) -> Sys<bool> {
    let address = socket.local_addr()?.as_socket().ok_or(Errno(netc::EAFNOSUPPORT))?;
    Ok(address.is_ipv6())
}

/// How a connect ended, whose socket is writable: what a second connect(2) reports, which is `again`. Unlike a read of
/// SO_ERROR, it leaves a refused socket ready for another attempt, as a blocking connect does.
pub(crate) fn connect_result(_socket: &Socket, again: impl FnOnce() -> Sys<()>) -> Sys<()> {
    again()
}

/// Lets a restarted server bind its port while old connections are in TIME_WAIT (SO_REUSEADDR of socket(7)).
pub(crate) fn reuse_address(socket: &Socket) -> Sys<()> {
    Ok(socket.set_reuse_address(true)?)
}

/// Before the bind of a server's UDP socket. The system reports no refusals to an unconnected one, and lets nobody else bind its port.
pub(crate) fn prepare_to_serve(_socket: &Socket) {}
