//! UDP: receive, reply, next; by one thread, several threads, several processes or event loops.
//!
//! All of them run the same loop, each on one socket, where it waits in the receive itself; the kernel wakes
//! one of them for a datagram. They differ in how many there are and in how many datagrams each one takes
//! with a system call.

mod desk;
mod guard;
mod pace;
mod permits;
mod processes;

use std::net::SocketAddr;
use std::sync::Arc;

use self::desk::{Batch, Desk};
use self::permits::Permits;
use super::features::Features;
use super::shared::Shared;
use crate::choices::Concurrency;
use crate::net::{Deadline, Errno, Socket, WaitOptions, wait_readable};

/// What an event loop receives and sends with one system call at most.
const BATCH: Batch = Batch { received: 64, sent: 256 };

/// A socket and the address that it is bound to.
type Bound = (Socket, SocketAddr);

/// Starts the engine. If this fails, what was started ends when the server is dropped.
pub(super) fn start(
    shared: &Arc<Shared>,
    concurrency: Concurrency,
    sockets: Vec<Bound>,
    workers: usize,
) -> Result<(), Errno> {
    let blocks = shared.features().has(Features::BLOCKING_RECEIVE);
    for (socket, address) in &sockets {
        socket.set_nonblocking(!blocks)?;
        socket.set_hop_limit(address.is_ipv6(), guard::REPLY_HOPS)?;
    }
    let sockets = Arc::new(sockets);
    let (workers, batch) = match concurrency {
        Concurrency::Iterative => (1, Batch::OF_ONE),
        Concurrency::Threads => (workers, Batch::OF_ONE),
        // Replies leave with their batch's last one, which should not have to wait for handlers.
        Concurrency::Events if shared.has_handler() => (workers, Batch::OF_ONE),
        Concurrency::Events => (workers, BATCH),
        Concurrency::Processes => return processes::start(shared, sockets, workers),
    };
    if batch.sent > 1 && shared.features().has(Features::UDP_GRO) {
        for (socket, _) in sockets.iter() {
            socket.set_gro()?;
        }
    }
    // First, so that a start that fails half-way ends the workers that it has started.
    let to_wake = Arc::clone(&sockets);
    shared.spawn("capsock-stop", move |shared| wake_at_stop(&to_wake, shared))?;
    // As many answer at once as there are workers, however many addresses they listen on.
    let permits = (sockets.len() > 1).then(|| Arc::new(Permits::new(workers)));
    for index in (0..workers).flat_map(|_| 0..sockets.len()) {
        let (sockets, permits) = (Arc::clone(&sockets), permits.clone());
        shared.spawn("capsock-udp", move |shared| {
            serve(&sockets[index], &mut Desk::new(batch, shared), permits.as_deref(), shared);
        })?;
    }
    Ok(())
}

/// Serves one socket until a stop is asked for. With a desk for one datagram and without a handler it
/// allocates nothing, so a forked child may run it.
fn serve((socket, address): &Bound, desk: &mut Desk, permits: Option<&Permits>, shared: &Shared) {
    while !shared.stopping() {
        let received = desk.receive(socket, shared);
        if received > 0 {
            let _permit = permits.map(Permits::take);
            desk.answer(received, socket, address, shared);
        }
    }
}

/// Waits for a stop, and ends the receives that wait, in every process that has the sockets.
fn wake_at_stop(sockets: &[Bound], shared: &Shared) {
    let _ = wait_readable(shared.stop_waker().fd(), WaitOptions::until(Deadline::NEVER));
    for (socket, _) in sockets {
        // It is not connected, so this reports ENOTCONN; the receives end all the same.
        let _ = socket.shutdown_read();
    }
}
