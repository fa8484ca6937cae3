//! One client at a time: accept, serve to the end, next.

use std::sync::Arc;

use super::accept::{Acceptor, Wakeup};
use super::buffers::Buffers;
use super::connection::serve;
use super::pending::asynchronous;
use crate::net::{Errno, Features};
use crate::server::admission::Admitted;
use crate::server::state::{Listeners, State};

pub(super) fn start(state: &Arc<State>, listeners: &Listeners) -> Result<(), Errno> {
    let blocks = state.context.features.has(Features::BLOCKING_RECEIVE);
    let mut acceptor = Acceptor::of_all(listeners, blocks);
    state.spawn("capsock-tcp", move |state| {
        let context = &state.context;
        let mut buffers = Buffers::new(context);
        while let Wakeup::Connection(socket, taking) = acceptor.next(state, std::iter::empty()) {
            let admitted = Admitted::admit(socket, blocks, state);
            drop(taking);
            if let Some(mut admitted) = admitted
                && admitted.wait_for_header()
            {
                let from = admitted.request_context.as_deref();
                serve(&admitted.connection, from, &mut buffers, context, asynchronous(state));
                buffers = buffers.reset(context);
            }
        }
    })
}
