//! An asynchronous handler over UDP: a thread passes one datagram after another to it, and the dispatcher sends each reply
//! once it is completed.

use std::sync::Arc;

use super::buffers::{
    BatchSizes, BatchTotals, Buffers, GROWTH, longest_reply, reply_meta, request_context, send_all,
};
use super::worker::receive_all;
use crate::net::{Added, Features, SendBatch};
use crate::server::proxy_header::split_datagram;
use crate::server::state::{BoundSocket, Call, DatagramPeer, Destination, LimitEvent, State, Target};

/// Serves the socket of this index until a stop is requested, unless the server is paused.
pub(super) fn serve(sockets: &[BoundSocket], index: usize, state: &Arc<State>) {
    let context = &state.context;
    let mut buffers = Buffers::new(BatchSizes::ONE, context);
    let blocks = context.features.has(Features::BLOCKING_RECEIVE);
    let thread = blocks.then(|| state.blocking_threads.enter());
    receive_all(&sockets[index].0, &mut buffers, thread.as_ref(), context, |buffers, received| {
        begin_calls(buffers, received, &sockets[index], index, state);
    });
}

/// Calls the handler with the datagrams of the last receive.
fn begin_calls(buffers: &Buffers, count: usize, (_, bound): &BoundSocket, socket: usize, state: &Arc<State>) {
    let context = &state.context;
    let Some(calls) = context.calls() else { return };
    let mut totals = BatchTotals::default();
    for index in 0..count {
        let message = buffers.requests.message(index);
        let answered = message.meta.and_then(|received| Some((received, reply_meta(&received, bound)?)));
        for datagram in message.datagrams() {
            totals.datagrams += 1;
            totals.bytes += datagram.len() as u64;
            let Some((received, meta)) = answered else {
                context.limit_reached(LimitEvent::Filtered);
                continue;
            };
            let mut request = datagram;
            let mut from = request_context(&received, bound);
            if let Some(proxies) = &context.proxies {
                let source = meta.to.ip();
                let Some((proxied, payload)) = split_datagram(datagram, source, proxies, context) else {
                    continue;
                };
                totals.bytes -= (datagram.len() - payload.len()) as u64;
                request = payload;
                from.set_proxied(proxied);
            }
            if request.len() > context.settings.max_request {
                context.limit_reached(LimitEvent::Oversized);
                continue;
            }
            let Some(permit) = calls.acquire(|| context.stop.deadline_passed()) else { continue };
            let longest = longest_reply(request, context.settings.max_amplification);
            let peer = DatagramPeer::Inet(meta, socket);
            let target = Target::Datagram(Destination { peer, longest });
            state.begin_call(request, Some(&from), Some(permit), target);
        }
    }
    totals.add_to(context);
}

/// Sends replies, for the dispatcher.
pub(super) struct Sender {
    sockets: Arc<Vec<BoundSocket>>,
    replies: SendBatch,
}

impl Sender {
    pub(super) fn new(sockets: &Arc<Vec<BoundSocket>>) -> Sender {
        Sender { sockets: Arc::clone(sockets), replies: SendBatch::new(1, GROWTH, false, false) }
    }

    /// Sends the reply of a completed call, unless the handler failed.
    pub(super) fn send(&mut self, call: &Call, state: &State) {
        let context = &state.context;
        let Target::Datagram(Destination { peer: DatagramPeer::Inet(meta, socket), longest }) = &call.target
        else {
            return;
        };
        let Some(Some(reply)) = call.take() else { return };
        if reply.len() > *longest {
            context.limit_reached(LimitEvent::Amplified);
            return;
        }
        let added = self.replies.add(meta, |bytes| {
            bytes.extend_from_slice(&reply);
            true
        });
        match added {
            Added::Reply => context.counters().requests.add(1),
            Added::TooLong => context.limit_reached(LimitEvent::ReplyTooLong),
            Added::Nothing => {}
        }
        send_all(&self.sockets[*socket].0, &mut self.replies, context);
    }
}
