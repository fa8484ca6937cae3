//! A thread for each connection, up to a bound.

use std::sync::Arc;

use super::accept::{Acceptor, Next, refuse};
use super::exchange::Exchange;
use super::{CHUNK, connection};
use crate::net::{Errno, Socket};
use crate::server::shared::{Active, Shared};

pub(super) fn start(shared: &Arc<Shared>, listeners: Vec<Socket>) -> Result<(), Errno> {
    shared.spawn("capsock-accept", move |shared| {
        let mut acceptor = Acceptor::new(listeners);
        while let Next::Connection(socket) = acceptor.next(shared, std::iter::empty()) {
            if shared.counters().connections_active.get() >= shared.limits.max_connections as u64 {
                refuse(socket, shared, "max_connections is reached");
                continue;
            }
            let active = Active::new(shared);
            // The socket is shared with the thread so that it is still here if there is no thread to be had.
            let socket = Arc::new(socket);
            let served = Arc::clone(&socket);
            let spawned = shared.spawn("capsock-tcp", move |shared| {
                let mut exchange = Exchange::new(shared.limits.framing);
                let (mut chunk, mut output) = (vec![0; CHUNK], Vec::new());
                connection::serve(&served, &mut exchange, &mut chunk, &mut output, shared);
                drop((served, active));
            });
            if let (Err(_), Some(socket)) = (spawned, Arc::into_inner(socket)) {
                refuse(socket, shared, "no thread is to be had (ulimit -u)");
            }
        }
    })
}
