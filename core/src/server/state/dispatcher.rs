//! The thread of a server with an asynchronous handler that does what a completion or a cancellation leaves to do: it
//! sends replies to datagrams, tells the handler which replies are not wanted any more, and cancels what is pending at a
//! stop's deadline. It ends as the last thread of the server.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::calls::{Call, Calls, Work};
use super::server_state::State;
use crate::net::{Deadline, Errno, WaitOptions, wait_readable};

impl State {
    /// Starts the dispatcher, if the handler is asynchronous. `send` sends the reply of a call to a datagram.
    pub(in crate::server) fn start_dispatcher(
        self: &Arc<Self>,
        send: impl FnMut(&Call, &State) + Send + 'static,
    ) -> Result<(), Errno> {
        let Some(calls) = self.context.calls().map(Arc::clone) else { return Ok(()) };
        self.spawn("capsock-replies", move |state| run(state, &calls, send))
    }
}

fn run(state: &State, calls: &Calls, mut send: impl FnMut(&Call, &State)) {
    let stop = &state.context.stop;
    // A callback that panics has lost its own call alone.
    let tell = |callback: &mut dyn FnMut()| drop(catch_unwind(AssertUnwindSafe(callback)));
    loop {
        // Another thread has ended: its end is a wake-up as well.
        let options = if !stop.is_requested() {
            WaitOptions::until(Deadline::NEVER).woken_by(stop.waker())
        } else if stop.deadline_passed() {
            WaitOptions::until(stop.next_deadline_check())
        } else {
            WaitOptions::until(stop.deadline().earlier(stop.next_deadline_check()))
        };
        let _ = wait_readable(calls.work.fd(), options);
        if stop.deadline_passed() {
            calls.cancel_all();
        }
        for work in calls.take_work() {
            match work {
                Work::Send(call) => send(&call, state),
                Work::Tell(callback) => {
                    let mut callback = Some(callback);
                    tell(&mut || callback.take().into_iter().for_each(|callback| callback()));
                }
            }
        }
        if stop.is_requested() && state.runs_one_thread() && calls.is_idle() {
            break;
        }
    }
    tell(&mut || calls.service.stopped());
}
