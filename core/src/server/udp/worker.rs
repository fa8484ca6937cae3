//! The loop of a thread or process that serves one UDP socket.

use super::buffers::Buffers;
use super::semaphore::Semaphore;
use crate::net::{Deadline, WaitOptions, wait_readable};
use crate::server::state::{BlockingThread, BoundSocket, Context, State};

/// Serves one socket until a stop is requested. With buffers for one datagram and without a handler it allocates
/// nothing, so that a forked child may call it, which is no `thread` of the server's.
pub(super) fn serve(
    (socket, address): &BoundSocket,
    buffers: &mut Buffers,
    semaphore: Option<&Semaphore>,
    thread: Option<&BlockingThread>,
    context: &Context,
) {
    while !context.stop.is_requested() {
        let received = match thread {
            Some(thread) => thread.block(|| buffers.receive(socket, context)),
            None => buffers.receive(socket, context),
        };
        if received > 0 {
            let _permit = semaphore.map(Semaphore::acquire);
            buffers.answer(received, socket, address, context);
        }
    }
}

/// Waits for a stop, and interrupts the receives that block.
pub(super) fn interrupt_receives_at_stop(state: &State) {
    let _ = wait_readable(state.context.stop.waker().fd(), WaitOptions::until(Deadline::NEVER));
    state.stop_receiving();
}
