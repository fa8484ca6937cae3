//! The event loop with a handler: a pool of `workers` threads calls it, and one more thread does everything else.
//!
//! The threads of the pool (`pool`) wait on one selector for input. The thread that the kernel wakes receives, calls the
//! handler and sends, so that a request is not handed from thread to thread. It takes the input of several connections
//! at once if the handler is quick (`batch`).
//! While all of them are in the handler nobody receives: input stays in the kernel, whose flow control slows the peers
//! down.
//!
//! The acceptor (`acceptor`) never calls the handler, and depends on no thread that does. It accepts, sends replies
//! that a socket did not accept at once, checks the time limits, and stops the server.
//!
//! One thread at a time has a connection (`slot`), so that its replies keep their order.

mod acceptor;
mod batch;
mod pool;
mod slot;

use std::sync::Arc;

use self::pool::Pool;
use crate::net::Errno;
use crate::server::state::{Listeners, State};

pub(super) fn start(state: &Arc<State>, listeners: Arc<Listeners>) -> Result<(), Errno> {
    let pool = Arc::new(Pool::new(state)?);
    // First, so that it ends the threads of the pool if one of them cannot be started.
    acceptor::start(&pool, listeners, state)?;
    for thread in 0..state.context.settings.workers {
        let pool = Arc::clone(&pool);
        state.spawn("capsock-handler", move |_| pool.run(thread))?;
    }
    Ok(())
}
