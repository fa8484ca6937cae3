//! One client at a time: accept, serve to the end, next.

use std::sync::Arc;

use super::accept::{Acceptor, Next};
use super::exchange::Exchange;
use super::{CHUNK, connection};
use crate::net::{Errno, Socket};
use crate::server::shared::{Active, Shared};

pub(super) fn start(shared: &Arc<Shared>, listeners: Vec<Socket>) -> Result<(), Errno> {
    shared.spawn("capsock-tcp", move |shared| {
        let mut acceptor = Acceptor::new(listeners);
        let (mut chunk, mut output) = (vec![0; CHUNK], Vec::new());
        while let Next::Connection(socket) = acceptor.next(shared, std::iter::empty()) {
            let active = Active::new(shared);
            let mut exchange = Exchange::new(shared.limits.framing);
            connection::serve(&socket, &mut exchange, &mut chunk, &mut output, shared);
            drop((socket, active));
            output.shrink_to(CHUNK);
        }
    })
}
