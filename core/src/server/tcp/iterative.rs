//! One client at a time: accept, serve to the end, next.

use std::sync::Arc;

use super::accept::{Acceptor, Next};
use super::connection::{Desk, serve};
use crate::net::Errno;
use crate::server::connections::Admitted;
use crate::server::features::Features;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

pub(super) fn start(shared: &Arc<Shared>, listeners: Arc<Listeners>) -> Result<(), Errno> {
    shared.spawn("capsock-tcp", move |shared| {
        let blocks = shared.features().has(Features::BLOCKING_RECEIVE);
        let mut acceptor = Acceptor::of_all(listeners, blocks);
        let mut desk = Desk::new(shared.limits.framing);
        while let Next::Connection(socket) = acceptor.next(shared, std::iter::empty()) {
            if let Some(admitted) = Admitted::admit(socket, blocks, shared) {
                serve(&admitted.open, &mut desk, shared);
                desk = desk.cleared(shared.limits.framing);
            }
        }
    })
}
