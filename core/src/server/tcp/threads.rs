//! A thread for each connection, up to a bound.

use std::sync::Arc;

use super::accept::{Acceptor, Next};
use super::connection::{Desk, serve};
use crate::net::Errno;
use crate::server::connections::Admitted;
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

pub(super) fn start(shared: &Arc<Shared>, listeners: Arc<Listeners>) -> Result<(), Errno> {
    shared.spawn("capsock-accept", move |shared| {
        let mut acceptor = Acceptor::new(listeners);
        while let Next::Connection(socket) = acceptor.next(shared, std::iter::empty()) {
            let Some(admitted) = Admitted::admit(socket, shared) else { continue };
            // Without a thread, the closure that has the connection is dropped, which closes it.
            let spawned = shared.spawn("capsock-tcp", move |shared| {
                serve(&admitted.open, &mut Desk::new(shared.limits.framing), shared);
                drop(admitted);
            });
            if spawned.is_err() {
                shared.met(Met::Refused("no thread is to be had (ulimit -u)"));
            }
        }
    })
}
