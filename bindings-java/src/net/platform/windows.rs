//! Windows, as the JDK has its sockets there (Net.c, net_util_md.c and `sun.nio.ch`).

use std::net::SocketAddr;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use capsock::net::{BlockingSocket, Errno, Family, Kind, WaitError, WaitPolicy};
use windows_sys::Win32::Networking::WinSock::{SIO_UDP_CONNRESET, SOCKET, WSAIoctl};

use super::super::int_options::{get_int, set_int};
use super::super::numbers::{
    EACCES, EADDRINUSE, EAGAIN, ECONNREFUSED, ECONNRESET, EINPROGRESS, IPPROTO_IPV6, IPV6_V6ONLY,
    SO_EXCLUSIVEADDRUSE, SO_REUSEADDR, SOL_SOCKET,
};

/// What the system does not keep of a socket.
pub(in super::super) struct Platform {
    /// SO_REUSEADDR as the program has set it, which the system was not told: [`OFF`] or [`ON`], or [`SYSTEM`] if the
    /// system has it.
    reuse_address: AtomicU8,
    /// A connect has begun that did not block, and its result has not been asked for.
    connects: AtomicBool,
}

const SYSTEM: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

impl Platform {
    pub(in super::super) fn new(kind: Kind) -> Platform {
        let kept = if kind == Kind::Stream { OFF } else { SYSTEM };
        Platform { reuse_address: AtomicU8::new(kept), connects: AtomicBool::new(false) }
    }

    /// What the JDK sets when it makes a socket. Closed connections keep no server from binding their address.
    pub(in super::super) fn prepare(
        &self,
        socket: &BlockingSocket,
        family: Family,
        _server: bool,
    ) -> Result<(), Errno> {
        if family == Family::V6 {
            set_int(socket, (IPPROTO_IPV6, IPV6_V6ONLY), 0)?;
        }
        if socket.kind() == Kind::Datagram {
            report_refusals(socket, false);
        }
        Ok(())
    }

    /// Binds, and keeps others from binding the address as well (SO_EXCLUSIVEADDRUSE), unless the program has set
    /// SO_REUSEADDR of a datagram socket.
    pub(in super::super) fn bind(&self, socket: &BlockingSocket, address: &SocketAddr) -> Result<(), Errno> {
        if socket.kind() == Kind::Stream || get_int(socket, REUSE)? == 0 {
            set_int(socket, EXCLUSIVE, 1)?;
        }
        socket.bind(address).map_err(|errno| match errno {
            // Another socket has the address for itself.
            Errno(EACCES) => Errno(EADDRINUSE),
            other => other,
        })
    }

    /// A connect that does not block is called again until its result is known: EINPROGRESS until then. The system would
    /// begin another one.
    pub(in super::super) fn connect(
        &self,
        socket: &BlockingSocket,
        address: &SocketAddr,
        policy: WaitPolicy,
    ) -> Result<(), WaitError> {
        if !self.connects.load(Ordering::Acquire) {
            return socket.connect(address, policy).map_err(|error| match error {
                WaitError::Os(Errno(EAGAIN)) => {
                    self.connects.store(true, Ordering::Release);
                    WaitError::Os(Errno(EINPROGRESS))
                }
                other => other,
            });
        }
        if policy.timeout != Some(Duration::ZERO) {
            socket.wait_writable(policy)?;
        }
        let ended = match socket.take_error() {
            Ok(()) if socket.peer_addr().is_err() => return Err(WaitError::Os(Errno(EINPROGRESS))),
            ended => ended,
        };
        self.connects.store(false, Ordering::Release);
        Ok(ended?)
    }

    /// After a datagram socket has got a peer, or lost it: refusals are reported of a peer alone.
    pub(in super::super) fn peer_changed(&self, socket: &BlockingSocket, has_peer: bool) {
        report_refusals(socket, has_peer);
    }

    /// The error of a call on a datagram socket; ECONNREFUSED is the refusal of an earlier datagram.
    pub(in super::super) fn datagram_error(&self, error: WaitError) -> WaitError {
        match error {
            WaitError::Os(Errno(ECONNRESET)) => WaitError::Os(Errno(ECONNREFUSED)),
            other => other,
        }
    }

    /// SO_REUSEADDR of Windows would let any program take the address. A stream socket keeps the value alone, and so does
    /// a datagram socket that is bound for itself.
    pub(in super::super) fn set_reuse_address(
        &self,
        socket: &BlockingSocket,
        value: i32,
    ) -> Result<(), Errno> {
        if socket.kind() == Kind::Datagram && get_int(socket, EXCLUSIVE)? == 0 {
            return set_int(socket, REUSE, value);
        }
        self.reuse_address.store(if value == 0 { OFF } else { ON }, Ordering::Relaxed);
        Ok(())
    }

    pub(in super::super) fn reuse_address(&self, socket: &BlockingSocket) -> Result<i32, Errno> {
        match self.reuse_address.load(Ordering::Relaxed) {
            SYSTEM => get_int(socket, REUSE),
            kept => Ok(i32::from(kept == ON)),
        }
    }
}

const REUSE: (i32, i32) = (SOL_SOCKET, SO_REUSEADDR);
const EXCLUSIVE: (i32, i32) = (SOL_SOCKET, SO_EXCLUSIVEADDRUSE);

/// Whether a receive fails with WSAECONNRESET after a datagram was refused (SIO_UDP_CONNRESET). A system that does not
/// know the request reports no refusals.
fn report_refusals(socket: &BlockingSocket, reports: bool) {
    let (reports, mut returned) = (u32::from(reports), 0u32);
    // SAFETY: the request reads one number. If the socket has just been closed, its number is that of no socket or of
    // another one of this process, which for a datagram socket costs a refusal.
    unsafe {
        WSAIoctl(
            socket.fd() as SOCKET,
            SIO_UDP_CONNRESET,
            (&raw const reports).cast(),
            size_of::<u32>() as u32,
            ptr::null_mut(),
            0,
            &raw mut returned,
            ptr::null_mut(),
            None,
        );
    }
}
