//! TCP: one file for each concurrency, and what they share of a connection.

mod accept;
mod connection;
mod events;
mod exchange;
mod iterative;
mod last_call;
mod processes;
mod threads;

use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(fuzzing)]
pub(crate) use exchange::judge::judge as judge_exchange;

use super::features::Features;
use super::listen::Listeners;
use super::shared::Shared;
use crate::choices::Concurrency;
use crate::net::{Deadline, Errno, Socket, WaitOptions, wait_readable};

/// Bytes received at once; what a connection holds while it is served by a thread or process.
const CHUNK: usize = 256 * 1024;

/// Starts the engine. If this fails, what was started ends when the server is dropped.
pub(super) fn start(
    shared: &Arc<Shared>,
    concurrency: Concurrency,
    listeners: Vec<(Socket, SocketAddr)>,
    workers: usize,
) -> Result<(), Errno> {
    let blocks = shared.features().has(Features::BLOCKING_RECEIVE);
    if blocks {
        for (socket, _) in &listeners {
            // The connections have their limit from their listener.
            socket.set_recv_timeout(shared.limits.idle_timeout)?;
            // One thread waits at one listener, or looks after several.
            let alone = concurrency == Concurrency::Threads || listeners.len() == 1;
            socket.set_nonblocking(!alone)?;
        }
    }
    let sockets = listeners.into_iter().map(|(socket, _)| socket).collect();
    let listeners = Arc::new(Listeners::new(sockets));
    shared.listen_on(&listeners);
    if blocks {
        let listeners = Arc::clone(&listeners);
        shared.spawn("capsock-stop", move |shared| wake_at_stop(&listeners, shared))?;
    }
    match concurrency {
        Concurrency::Iterative => iterative::start(shared, listeners),
        Concurrency::Threads => threads::start(shared, &listeners),
        Concurrency::Processes => processes::start(shared, listeners),
        Concurrency::Events => events::start(shared, listeners, workers),
    }
}

/// Waits for a stop, and ends the accepts and the receives that wait. Whoever is let in later looks for the stop
/// before the first receive.
fn wake_at_stop(listeners: &Listeners, shared: &Shared) {
    let _ = wait_readable(shared.stop_waker().fd(), WaitOptions::until(Deadline::NEVER));
    listeners.close_the_door();
    shared.connections().end_waiting();
}
