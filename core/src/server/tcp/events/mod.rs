//! Event loops (on Linux over epoll(7)).
//!
//! Without a handler each worker runs a loop of its own (`worker`): it accepts, and answers its connections. With a
//! handler, a pool of threads calls it, and one more loop does everything else (`handlers`). Both kinds are an
//! [`EventLoop`](event_loop::EventLoop) over a set of connections.

mod balance;
mod busy_poll;
mod connection;
mod event_loop;
mod handlers;
mod listeners;
mod send_queue;
mod timer;
mod worker;

use std::sync::Arc;

use crate::net::Errno;
use crate::server::state::{Listeners, State};

pub(super) fn start(state: &Arc<State>, listeners: Arc<Listeners>) -> Result<(), Errno> {
    if state.context.has_handler() {
        handlers::start(state, listeners)
    } else {
        worker::start(state, &listeners)
    }
}
