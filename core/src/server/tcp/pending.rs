//! An asynchronous handler on a thread that serves one connection: the thread waits for the reply.

use std::sync::Arc;

use super::exchange::{AfterReply, Exchange};
use crate::request_context::RequestContext;
use crate::server::state::{OpenConnection, State, Target};

/// The server, if its handler is asynchronous.
pub(super) fn asynchronous(state: &Arc<State>) -> Option<&Arc<State>> {
    state.context.calls().map(|_| state)
}

/// As [`Exchange::process`], for the first request that `input` completes.
pub(super) fn process(
    exchange: &mut Exchange,
    input: &[u8],
    from: Option<&RequestContext>,
    state: &Arc<State>,
    output: &mut Vec<u8>,
) -> (usize, AfterReply) {
    let mut begun = None;
    let (consumed, after) = exchange.begin_next(input, &state.context, |request| {
        begun = Some(state.begin_call(request, from, None, Target::Thread));
    });
    let Some(call) = begun else { return (consumed, after) };
    let replied = call
        .and_then(|call| call.wait())
        .is_some_and(|reply| exchange.append_reply(&reply, true, &state.context, output));
    (consumed, if replied { after } else { AfterReply::Close })
}

/// As [`Exchange::end`].
pub(super) fn end(
    exchange: &mut Exchange,
    connection: &OpenConnection,
    from: Option<&RequestContext>,
    state: &Arc<State>,
    output: &mut Vec<u8>,
) {
    let mut call = None;
    connection.set_busy(true);
    exchange.begin_last(&state.context, |request| {
        call = state.begin_call(request, from, None, Target::Thread);
    });
    if let Some(reply) = call.and_then(|call| call.wait()) {
        exchange.append_reply(&reply, false, &state.context, output);
    }
    connection.set_busy(false);
}
