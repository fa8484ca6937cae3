//! A thread for each connection, up to a limit.
//!
//! Each listener has a pool of threads that accept. A thread serves the connection that it has accepted and then
//! accepts again, so that it serves many short connections and hands none to another thread. The last one of a pool
//! to accept a connection starts another thread first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::accept::{Acceptor, Wakeup};
use super::buffers::Buffers;
use super::connection::serve;
use super::pending::asynchronous;
use crate::net::{Errno, Features};
use crate::server::admission::Admitted;
use crate::server::state::{LimitEvent, Listeners, State};

/// The most threads of a pool that wait in accept(2); further ones end with their connection. Each of them costs a
/// descriptor: the kernel reserves that of the connection before it waits.
const MAX_ACCEPTING: usize = 16;

/// The threads of one listener.
struct Pool {
    /// The index of the listener.
    index: usize,
    blocks: bool,
    /// The number of threads that accept or are about to.
    accepting: AtomicUsize,
}

pub(super) fn start(state: &Arc<State>, listeners: &Listeners) -> Result<(), Errno> {
    let blocks = state.context.features.has(Features::BLOCKING_RECEIVE);
    for index in 0..listeners.len() {
        add_thread(&Arc::new(Pool { index, blocks, accepting: AtomicUsize::new(0) }), state)?;
    }
    Ok(())
}

fn add_thread(pool: &Arc<Pool>, state: &Arc<State>) -> Result<(), Errno> {
    let own = Arc::clone(pool);
    pool.accepting.fetch_add(1, Ordering::SeqCst);
    let started = state.spawn("capsock-tcp", move |state| run(&own, state));
    if started.is_err() {
        pool.accepting.fetch_sub(1, Ordering::SeqCst);
    }
    started
}

fn run(pool: &Arc<Pool>, state: &Arc<State>) {
    let context = &state.context;
    let mut acceptor = Acceptor::of_one(pool.index, pool.blocks);
    let mut buffers = Buffers::new(context);
    while let Wakeup::Connection(socket, taking) = acceptor.next(state, std::iter::empty()) {
        if pool.accepting.fetch_sub(1, Ordering::SeqCst) == 1 && add_thread(pool, state).is_err() {
            // While this connection was served, nobody would accept.
            pool.accepting.fetch_add(1, Ordering::SeqCst);
            context.limit_reached(LimitEvent::Refused("cannot create a thread (ulimit -u)"));
            continue;
        }
        let admitted = Admitted::admit(socket, pool.blocks, state);
        drop(taking);
        if let Some(mut admitted) = admitted
            && admitted.wait_for_header()
        {
            let from = admitted.request_context.as_deref();
            serve(&admitted.connection, from, &mut buffers, context, asynchronous(state));
            buffers = buffers.reset(context);
        }
        if pool.accepting.fetch_add(1, Ordering::SeqCst) >= MAX_ACCEPTING {
            pool.accepting.fetch_sub(1, Ordering::SeqCst);
            return;
        }
    }
}
