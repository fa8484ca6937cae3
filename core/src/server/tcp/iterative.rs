//! One client at a time: accept, serve to the end, next.

use std::sync::{Arc, Mutex, PoisonError};

use super::accept::{Acceptor, Next};
use super::connection::{Desk, serve};
use crate::net::Errno;
use crate::server::connections::Admitted;
use crate::server::features::Features;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

/// A thread waits at each listening socket, and they take turns with their clients.
pub(super) fn start(shared: &Arc<Shared>, listeners: &Arc<Listeners>) -> Result<(), Errno> {
    let blocks = shared.features().has(Features::BLOCKING_RECEIVE);
    let turns = Arc::<Mutex<()>>::default();
    for place in 0..listeners.len() {
        let (listeners, turns) = (Arc::clone(listeners), Arc::clone(&turns));
        shared.spawn("capsock-tcp", move |shared| {
            let mut acceptor = Acceptor::of_one(listeners, place, blocks);
            let mut desk = Desk::new(shared.limits.framing);
            while let Next::Connection(socket) = acceptor.next(shared, std::iter::empty()) {
                let _turn = turns.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(admitted) = Admitted::admit(socket, blocks, shared) {
                    serve(&admitted.open, &mut desk, shared);
                    desk = desk.cleared(shared.limits.framing);
                }
            }
        })?;
    }
    Ok(())
}
