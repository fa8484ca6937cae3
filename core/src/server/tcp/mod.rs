//! TCP: one file for each concurrency, and what they share of a connection.

mod accept;
mod connection;
mod events;
mod exchange;
mod iterative;
mod processes;
mod threads;

use std::net::SocketAddr;
use std::sync::Arc;

use super::listen::Listeners;
use super::options::Concurrency;
use super::shared::Shared;
use crate::net::{Errno, Socket};

/// Bytes received at once; what a connection holds while it is served by a thread or process.
const CHUNK: usize = 64 * 1024;

/// Starts the engine. If this fails, what was started ends when the server is dropped.
pub(super) fn start(
    shared: &Arc<Shared>,
    concurrency: Concurrency,
    listeners: Vec<(Socket, SocketAddr)>,
    workers: usize,
) -> Result<(), Errno> {
    let sockets = listeners.into_iter().map(|(socket, _)| socket).collect();
    let listeners = Arc::new(Listeners::new(sockets));
    shared.listen_on(&listeners);
    match concurrency {
        Concurrency::Iterative => iterative::start(shared, listeners),
        Concurrency::Threads => threads::start(shared, listeners),
        Concurrency::Processes => processes::start(shared, listeners),
        Concurrency::Events => events::start(shared, listeners, workers),
    }
}
