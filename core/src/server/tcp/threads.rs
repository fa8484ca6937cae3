//! A thread for each connection, up to a bound.
//!
//! Threads wait at the door themselves: one that gets a connection serves it, and comes back when it is over. So
//! a thread serves many short connections, and none is handed from thread to thread. The last one at the
//! door sends for another before it leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::accept::{Acceptor, Next};
use super::connection::{Desk, serve};
use crate::net::Errno;
use crate::server::connections::Admitted;
use crate::server::features::Features;
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

/// Threads that wait for the next connection at most; others end with theirs. Each has the descriptor of the
/// connection that it waits for already: the kernel takes it first.
const WAITING: usize = 16;

/// The threads of one listening socket.
struct Crew {
    listeners: Arc<Listeners>,
    place: usize,
    blocks: bool,
    /// How many are at the door or on their way to it.
    waiting: AtomicUsize,
}

pub(super) fn start(shared: &Arc<Shared>, listeners: &Arc<Listeners>) -> Result<(), Errno> {
    let blocks = shared.features().has(Features::BLOCKING_RECEIVE);
    for place in 0..listeners.len() {
        let listeners = Arc::clone(listeners);
        send_for_one(&Arc::new(Crew { listeners, place, blocks, waiting: AtomicUsize::new(0) }), shared)?;
    }
    Ok(())
}

fn send_for_one(crew: &Arc<Crew>, shared: &Arc<Shared>) -> Result<(), Errno> {
    let one = Arc::clone(crew);
    crew.waiting.fetch_add(1, Ordering::SeqCst);
    let sent = shared.spawn("capsock-tcp", move |shared| work(&one, shared));
    if sent.is_err() {
        crew.waiting.fetch_sub(1, Ordering::SeqCst);
    }
    sent
}

fn work(crew: &Arc<Crew>, shared: &Arc<Shared>) {
    let mut acceptor = Acceptor::of_one(Arc::clone(&crew.listeners), crew.place, crew.blocks);
    let mut desk = Desk::new(shared.limits.framing);
    while let Next::Connection(socket) = acceptor.next(shared, std::iter::empty()) {
        if crew.waiting.fetch_sub(1, Ordering::SeqCst) == 1 && send_for_one(crew, shared).is_err() {
            // Whoever comes next would stand at a closed door for as long as this connection lasts.
            crew.waiting.fetch_add(1, Ordering::SeqCst);
            shared.met(Met::Refused("no thread is to be had (ulimit -u)"));
            continue;
        }
        if let Some(admitted) = Admitted::admit(socket, crew.blocks, shared) {
            serve(&admitted.open, &mut desk, shared);
            desk = desk.cleared(shared.limits.framing);
        }
        if crew.waiting.fetch_add(1, Ordering::SeqCst) >= WAITING {
            crew.waiting.fetch_sub(1, Ordering::SeqCst);
            return;
        }
    }
}
