//! How a call has ended, and what a record says of its socket.

use std::ffi::{c_int, c_short};
use std::net::SocketAddr;
use std::time::Duration;

use crate::net::raw::RawSocket;
use crate::net::sys::{self, Errno, KeptErrno, PollFd};
use crate::netc;
use crate::trace::{self, CallRecord, Outcome};

/// Whether calls are recorded.
#[inline(always)]
pub(in crate::net) fn is_on() -> bool {
    trace::on()
}

/// The flags of calls that are not recorded.
const UNRECORDED: c_int = netc::MSG_PEEK | netc::MSG_OOB | netc::MSG_ERRQUEUE;

pub(in crate::net) fn is_recorded(flags: c_int) -> bool {
    flags & UNRECORDED == 0
}

impl From<Errno> for Outcome {
    fn from(Errno(errno): Errno) -> Outcome {
        Outcome::Errno(errno)
    }
}

pub(in crate::net) fn outcome_of<T, E: Copy + Into<Outcome>>(result: &Result<T, E>) -> Outcome {
    result.as_ref().map_or_else(|error| (*error).into(), |_| Outcome::Ok)
}

/// Adds the addresses and the type of the socket.
pub(in crate::net) fn with_socket<'a>(socket: &RawSocket, record: CallRecord<'a>) -> CallRecord<'a> {
    // Not every socket has a peer; errno stays the call's.
    let _errno = KeptErrno::new();
    let has_port = |address: &SocketAddr| address.port() != 0;
    CallRecord {
        datagrams: socket.is_datagram(),
        local: record.local.or_else(|| socket.local_addr().ok().filter(has_port)),
        peer: record.peer.or_else(|| socket.peer_addr().ok()),
        ..record
    }
}

/// Whether a call with these flags may block.
pub(in crate::net) fn may_block(socket: &RawSocket, flags: c_int) -> bool {
    flags & netc::MSG_DONTWAIT == 0 && socket.is_nonblocking() == Ok(false)
}

/// Whether a call that waits for one of `events` (poll(2)) would block now.
pub(super) fn would_block(socket: &RawSocket, events: c_short) -> bool {
    let fd = PollFd { fd: socket.fd(), events, revents: 0 };
    sys::poll(&mut [fd], Some(Duration::ZERO)) == Ok(0)
}
