//! The loop of a thread or process that serves one UDP socket.

use super::buffers::Buffers;
use super::semaphore::Semaphore;
use crate::net::{Deadline, Socket, WaitOptions, wait_readable};
use crate::server::state::{BlockingThread, BoundSocket, Context, State};

/// The most receives of what is queued when the server is paused. More arrives only while others are woken for it.
const MAX_LEFT: usize = 4096;

/// Serves one socket until a stop is requested, unless the server is paused. With buffers for one datagram and without a handler it allocates
/// nothing, so that a forked child may call it, which is no `thread` of the server's.
pub(super) fn serve(
    (socket, address): &BoundSocket,
    buffers: &mut Buffers,
    semaphore: Option<&Semaphore>,
    thread: Option<&BlockingThread>,
    context: &Context,
) {
    receive_all(socket, buffers, thread, context, |buffers, received| {
        let _permit = semaphore.map(Semaphore::acquire);
        buffers.answer(received, socket, address, context);
    });
}

/// Receives, and passes the number of messages that it has received to `answer`, until a stop is requested, unless the
/// server is paused.
#[inline(always)]
pub(super) fn receive_all(
    socket: &Socket,
    buffers: &mut Buffers,
    thread: Option<&BlockingThread>,
    context: &Context,
    answer: impl Fn(&mut Buffers, usize),
) {
    let gate = &context.gate;
    while !context.stop.is_requested() {
        let Some(taking) = gate.enter() else {
            let stop = WaitOptions::until(Deadline::NEVER).woken_by(context.stop.waker());
            let _ = wait_readable(gate.change_from(true).fd(), stop);
            continue;
        };
        let mut left = MAX_LEFT;
        loop {
            let received = if gate.is_closed() {
                // Another process that blocks in a receive was not woken for a datagram that has woken this thread.
                // A thread that waits until a call may be begun has not been woken for one.
                let is_full = context.calls().is_some_and(|calls| calls.is_full());
                if left == 0 || is_full {
                    break;
                }
                left -= 1;
                match buffers.receive_left(socket) {
                    0 => break,
                    received => received,
                }
            } else if context.stop.is_requested() {
                break;
            } else {
                match thread {
                    Some(thread) => thread.block(|| buffers.receive(socket, context)),
                    None => buffers.receive(socket, context),
                }
            };
            if received > 0 {
                answer(buffers, received);
            }
        }
        drop(taking);
    }
}

/// Waits for a stop, and interrupts the receives that block.
pub(super) fn interrupt_receives_at_stop(state: &State) {
    let _ = wait_readable(state.context.stop.waker().fd(), WaitOptions::until(Deadline::NEVER));
    state.stop_receiving();
}
