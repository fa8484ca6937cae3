//! TCP: one file for each concurrency, and what they share of accepting and of a connection.

mod accept;
mod buffers;
mod connection;
mod drain_budget;
mod events;
mod exchange;
mod iterative;
mod linger;
mod pending;
mod processes;
mod threads;

use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(fuzzing)]
pub(crate) use exchange::reference_model::check as check_exchange;

use super::state::{Listeners, State};
use crate::choices::Concurrency;
use crate::net::{Deadline, Errno, Features, Socket, WaitOptions, wait_readable};

/// Starts the engine. If this fails, dropping the server ends the threads that have been started.
pub(super) fn start(state: &Arc<State>, sockets: Vec<(Socket, SocketAddr)>) -> Result<(), Errno> {
    let context = &state.context;
    let concurrency = context.settings.concurrency;
    let blocks = context.features.has(Features::BLOCKING_RECEIVE);
    if blocks {
        for (socket, _) in &sockets {
            // Accepted connections inherit it.
            socket.set_recv_timeout(context.settings.idle_timeout)?;
            // A thread that has one listener blocks in its accept; one that has several polls them.
            let alone = concurrency == Concurrency::Threads || sockets.len() == 1;
            socket.set_nonblocking(!alone)?;
        }
    }
    let sockets = sockets.into_iter().map(|(socket, _)| socket).collect();
    let listeners = Arc::new(Listeners::new(sockets, state.sharing.clone()));
    state.set_listeners(&listeners);
    state.start_dispatcher(|_, _| {})?;
    if matches!(concurrency, Concurrency::Iterative | Concurrency::Threads) {
        state.spawn("capsock-stop", |state| interrupt_at_stop(state))?;
    }
    match concurrency {
        Concurrency::Iterative => iterative::start(state, &listeners),
        Concurrency::Threads => threads::start(state, &listeners),
        Concurrency::Processes => processes::start(state, &listeners),
        Concurrency::Events => events::start(state, listeners),
    }
}

/// Waits for a stop, refuses connections even if every thread that accepts is busy, and interrupts the accepts and the
/// receives that block. A connection that is admitted later checks for the stop before its first receive.
fn interrupt_at_stop(state: &State) {
    let _ = wait_readable(state.context.stop.waker().fd(), WaitOptions::until(Deadline::NEVER));
    state.stop_listening();
    state.connections.interrupt_receives();
    if state.sharing.has_begun() {
        state.blocking_threads.interrupt_until_left();
    }
}
