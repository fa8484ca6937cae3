//! UDP: receive, reply, next.
//!
//! Every concurrency runs the same loop (`worker`), each thread or process on one socket, where it blocks in the
//! receive; the kernel wakes one of them for a datagram. They differ in the number of workers, and in the number of
//! datagrams that a system call receives.

mod adaptive_batching;
mod buffers;
mod pending;
mod processes;
mod semaphore;
mod source_filter;
mod unix;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;

use self::buffers::{BatchSizes, Buffers};
use self::pending::Sender;
use self::processes::InetWork;
use self::semaphore::Semaphore;
use self::worker::{interrupt_receives_at_stop, serve};
use super::state::State;
use crate::choices::Concurrency;
use crate::net::{Errno, Features, Socket};

/// The most datagrams that an event loop receives and sends with one system call.
const BATCHES: BatchSizes = BatchSizes { receive: 64, send: 256 };

/// Starts the engine of a Unix domain socket, which is the only one.
pub(super) fn start_unix(state: &Arc<State>, sockets: Vec<(Socket, SocketAddr)>) -> Result<(), Errno> {
    unix::start(state, sockets)
}

/// Starts the engine. If this fails, dropping the server ends the threads that have been started.
pub(super) fn start(state: &Arc<State>, sockets: Vec<(Socket, SocketAddr)>) -> Result<(), Errno> {
    let context = &state.context;
    let blocks = context.features.has(Features::BLOCKING_RECEIVE);
    for (socket, address) in &sockets {
        // No receive or send relies on the mode of a socket that others have: each has MSG_DONTWAIT.
        if !state.sharing.has_begun() {
            socket.set_nonblocking(!blocks)?;
        } else if address.is_ipv6() && socket.is_dual_stack()? {
            socket.set_hop_limit(false, source_filter::REPLY_HOPS)?;
        }
        socket.set_hop_limit(address.is_ipv6(), source_filter::REPLY_HOPS)?;
    }
    let sockets = Arc::new(sockets);
    state.set_datagram_sockets(&sockets);
    let workers = context.settings.workers;
    let (workers, batches) = match context.settings.concurrency {
        Concurrency::Iterative => (1, BatchSizes::ONE),
        Concurrency::Threads => (workers, BatchSizes::ONE),
        // The replies of a batch are sent together: the first one would wait for the handler's last call.
        Concurrency::Events if context.has_handler() => (workers, BatchSizes::ONE),
        Concurrency::Events => (workers, BATCHES),
        Concurrency::Processes => {
            return processes::start(state, move |context| InetWork::new(sockets, context));
        }
    };
    if batches.send > 1 && context.features.has(Features::UDP_GRO) {
        for (socket, _) in sockets.iter() {
            socket.set_gro()?;
        }
    }
    // First, so that it ends the workers if one of them cannot be started.
    state.spawn("capsock-stop", |state| interrupt_receives_at_stop(state))?;
    if context.calls().is_some() {
        let mut sender = Sender::new(&sockets);
        state.start_dispatcher(move |call, state| sender.send(call, state))?;
        for index in (0..workers).flat_map(|_| 0..sockets.len()) {
            let sockets = Arc::clone(&sockets);
            state.spawn("capsock-udp", move |state| pending::serve(&sockets, index, state))?;
        }
        return Ok(());
    }
    // Each address has `workers` threads, and `workers` of all threads answer at the same time.
    let semaphore = (sockets.len() > 1).then(|| Arc::new(Semaphore::new(workers)));
    for index in (0..workers).flat_map(|_| 0..sockets.len()) {
        let (sockets, semaphore) = (Arc::clone(&sockets), semaphore.clone());
        state.spawn("capsock-udp", move |state| {
            let mut buffers = Buffers::new(batches, &state.context);
            let thread = blocks.then(|| state.blocking_threads.enter());
            serve(&sockets[index], &mut buffers, semaphore.as_deref(), thread.as_ref(), &state.context);
        })?;
    }
    Ok(())
}
