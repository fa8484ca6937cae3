//! The loop of a thread or process that serves one UDP socket.

use std::net::SocketAddr;

use super::buffers::Buffers;
use super::semaphore::Semaphore;
use crate::net::{Deadline, Socket, WaitOptions, wait_readable};
use crate::server::state::{Context, Stop};

/// A socket and the address that it is bound to.
pub(super) type BoundSocket = (Socket, SocketAddr);

/// Serves one socket until a stop is requested. With buffers for one datagram and without a handler it allocates
/// nothing, so that a forked child may call it.
pub(super) fn serve(
    (socket, address): &BoundSocket,
    buffers: &mut Buffers,
    semaphore: Option<&Semaphore>,
    context: &Context,
) {
    while !context.stop.is_requested() {
        let received = buffers.receive(socket, context);
        if received > 0 {
            let _permit = semaphore.map(Semaphore::acquire);
            buffers.answer(received, socket, address, context);
        }
    }
}

/// Waits for a stop, and interrupts the receives that block, in every process that has the sockets.
pub(super) fn interrupt_receives_at_stop(sockets: &[BoundSocket], stop: &Stop) {
    let _ = wait_readable(stop.waker().fd(), WaitOptions::until(Deadline::NEVER));
    interrupt_receives(sockets);
}

/// Interrupts the receives that block, in every process that has the sockets.
pub(super) fn interrupt_receives(sockets: &[BoundSocket]) {
    for (socket, _) in sockets {
        // The socket is not connected, so this fails with ENOTCONN; it ends the receives nevertheless.
        let _ = socket.shutdown_read();
    }
}
