//! The lines that say that a call has begun: written for a call that has waited for [`BEGIN_AFTER`], so that one that never
//! returns is known.

use std::ffi::c_short;
use std::mem::ManuallyDrop;
use std::time::Duration;

use super::outcome::with_socket;
use crate::net::raw::RawSocket;
use crate::net::sys::fd::{FromRawFd, NO_FD, OwnedFd, RawFd};
use crate::net::sys::{self, Errno, KeptErrno, PollFd};
use crate::netc;
use crate::trace::{self, BEGIN_AFTER, CallRecord, Direction, Unreported};

/// Says that this thread's call, which waits, has begun.
pub(super) fn report_wait() {
    if let Some(call) = trace::unreported() {
        report(&call, true);
    }
}

/// Says that a call on the socket has begun, for which a poller waits in the thread's place.
#[cold]
#[inline(never)]
pub(in crate::net) fn report_parked(fd: RawFd, direction: Direction, since: u64) {
    report(&Unreported::parked(fd, direction, since), false);
}

fn report(call: &Unreported, thread: bool) {
    let _errno = KeptErrno::new();
    let wrote = call.fds.iter().filter(|fd| **fd != NO_FD).any(|fd| {
        borrowed(*fd, |socket| {
            // A wait may also be for a terminal or a pipe.
            if socket.local_addr().is_err() {
                return false;
            }
            let record = with_socket(socket, CallRecord::default());
            let name = call.name.unwrap_or_else(|| name_of(socket, call.direction, &record));
            call.write(name, *fd, thread, record);
            true
        })
    });
    debug_assert!(wrote || call.name.is_none(), "a call is on a socket");
}

/// The call that follows a wait on this socket.
fn name_of(socket: &RawSocket, direction: Direction, record: &CallRecord<'_>) -> &'static str {
    match (direction, record.datagrams) {
        (Direction::In, true) => "recvfrom",
        (Direction::Out, true) => "sendto",
        (Direction::In, false) if socket.is_listening().unwrap_or(false) => "accept",
        (Direction::In, false) => "recv",
        (Direction::Out, false) if record.peer.is_none() => "connect",
        (Direction::Out, false) => "send",
    }
}

/// The socket with this number, which stays its owner's.
pub(super) fn borrowed<T>(fd: RawFd, run: impl FnOnce(&RawSocket) -> T) -> T {
    // SAFETY: the caller waits for the descriptor, which is therefore open, and it is not closed here.
    let socket = ManuallyDrop::new(RawSocket::borrow(unsafe { OwnedFd::from_raw_fd(fd) }));
    run(&socket)
}

/// Before a call that blocks in the system until one of `events` (poll(2)): waits for them, and says that the call has
/// begun if they do not come.
///
/// # Errors
/// EINTR, after which the call is not made.
pub(super) fn report_if_it_blocks(socket: &RawSocket, events: c_short) -> Result<(), Errno> {
    // The option limits the call's wait, which is to be no longer for this one.
    if socket.time_limit(events) != Ok(Duration::MAX) {
        report_wait();
        return Ok(());
    }
    match sys::poll(&mut [PollFd { fd: socket.fd(), events, revents: 0 }], Some(BEGIN_AFTER)) {
        Err(Errno(netc::EINTR)) => Err(Errno(netc::EINTR)),
        Ok(0) => {
            report_wait();
            Ok(())
        }
        _ => Ok(()),
    }
}
