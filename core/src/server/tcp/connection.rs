//! One connection, served to its end by one thread or process.
//!
//! With preallocated buffers and without a handler nothing here allocates, so that a forked child may call it.

use std::sync::Arc;

use super::buffers::Buffers;
use super::drain_budget::DrainBudget;
use super::exchange::{AfterReply, Exchange};
use super::linger::linger;
use super::pending;
use crate::net::{Deadline, Errno, WaitError, WaitOptions};
use crate::netc;
use crate::request_context::RequestContext;
use crate::server::state::{Context, LimitEvent, OpenConnection, State};

/// Serves until the peer ends its output, a limit is reached, the framing ends the connection, or the server stops.
/// `from` is the context of the connection's requests, if the handler takes it; `asynchronous` is the server, if its
/// handler is: see [`asynchronous`](pending::asynchronous).
pub(super) fn serve(
    connection: &OpenConnection,
    from: Option<&RequestContext>,
    buffers: &mut Buffers,
    context: &Context,
    asynchronous: Option<&Arc<State>>,
) {
    let Buffers { exchange, received: buffer, replies, kept } = buffers;
    let mut budget = DrainBudget::default();
    loop {
        let received = match receive(connection, buffer, exchange, &mut budget, context) {
            Ok(received) => received,
            Err(NoInput::Close) => {
                replies.clear();
                exchange.abandon(replies);
                if !send_all(connection, replies, AfterReply::Close, context) {
                    return;
                }
                // The stop has shut the input down: once the output is ended as well, the system answers further
                // input with a reset (RFC 1122, 4.2.2.13). The replies have to arrive before that.
                let output_last = connection.blocks && context.stop.is_requested() && replies.is_empty();
                return linger(connection, buffer, output_last, context);
            }
            Err(NoInput::Broken) => return,
        };
        if received == 0 {
            replies.clear();
            match asynchronous {
                None => exchange.end(from, context, replies),
                Some(state) => pending::end(exchange, connection, from, state, replies),
            }
            if send_all(connection, replies, AfterReply::Close, context) {
                // close(2) would not end the connection if a process that the host forked has the socket as well.
                let _ = connection.socket.shutdown_write();
            }
            return;
        }
        let mut rest = &buffer[..received];
        let mut after = AfterReply::Continue;
        while after == AfterReply::Continue && !rest.is_empty() {
            replies.clear();
            let consumed;
            connection.set_busy(true);
            (consumed, after) = match asynchronous {
                None => exchange.process(rest, from, context, replies),
                Some(state) => pending::process(exchange, rest, from, state, replies),
            };
            connection.set_busy(false);
            rest = &rest[consumed..];
            if after == AfterReply::Close && context.has_handler() && context.stop.deadline_passed() {
                // The handler was not called any more.
                connection.cut(&context.stop);
                return;
            }
            if !send_all(connection, replies, after, context) {
                return;
            }
        }
        if received == buffer.len() {
            Buffers::grow(buffer);
        }
        replies.clear();
        replies.shrink_to(*kept);
        if after == AfterReply::Close {
            break;
        }
    }
    linger(connection, buffer, false, context);
}

/// Why nothing was received.
enum NoInput {
    /// No request is in progress, and the server closes the connection.
    Close,
    /// The connection is broken.
    Broken,
}

/// Waits for input as long as the limits allow. Once a stop is requested it receives what has arrived.
fn receive(
    connection: &OpenConnection,
    buffer: &mut [u8],
    exchange: &Exchange,
    budget: &mut DrainBudget,
    context: &Context,
) -> Result<usize, NoInput> {
    let socket = &connection.socket;
    if !context.stop.is_requested() {
        match wait_for_input(connection, buffer, context) {
            Ok(received) => return Ok(received),
            Err(WaitError::Woken) => {}
            Err(WaitError::TimedOut) => {
                context.limit_reached(LimitEvent::IdleTimeout);
                return Err(NoInput::Close);
            }
            Err(_) => return Err(NoInput::Broken),
        }
    }
    let length = budget.next_receive(socket, exchange, buffer);
    if length == 0 {
        return Err(NoInput::Close);
    }
    match socket.receive(&mut buffer[..length]) {
        // The stop has shut the input down; the peer has not ended its output.
        Ok(0) if connection.blocks && socket.peer_may_send() => Err(NoInput::Close),
        Ok(received) if received > 0 && context.stop.deadline_passed() => {
            connection.cut(&context.stop);
            Err(NoInput::Broken)
        }
        Ok(received) => {
            budget.spend(received);
            Ok(received)
        }
        Err(errno) if errno.would_block() => Err(NoInput::Close),
        Err(_) => Err(NoInput::Broken),
    }
}

/// Waits for input, the end of it, the idle timeout or a stop.
fn wait_for_input(
    connection: &OpenConnection,
    buffer: &mut [u8],
    context: &Context,
) -> Result<usize, WaitError> {
    let (socket, stop) = (&connection.socket, &context.stop);
    if !connection.blocks {
        let deadline = Deadline::after(context.settings.idle_timeout);
        return socket.receive_within(buffer, WaitOptions::until(deadline).woken_by(stop.waker()));
    }
    loop {
        let Some(received) = connection.receive_until_stop(stop, |socket| socket.receive_waiting(buffer))
        else {
            return Err(WaitError::Woken);
        };
        match received {
            Ok(0) if stop.is_requested() => return Err(WaitError::Woken),
            Ok(received) => return Ok(received),
            Err(errno) if errno.would_block() => return Err(WaitError::TimedOut),
            Err(Errno(netc::EINTR)) => {}
            Err(errno) => return Err(WaitError::Os(errno)),
        }
    }
}

/// Sends the replies; `false` if the peer does not receive them in time or has gone.
#[inline]
fn send_all(connection: &OpenConnection, replies: &[u8], after: AfterReply, context: &Context) -> bool {
    if replies.is_empty() {
        return true;
    }
    // A handler may have returned long after the server was stopped.
    if context.stop.deadline_passed() {
        connection.cut(&context.stop);
        return false;
    }
    // Most replies need no wait, and so no time limit.
    match connection.socket.send_with(replies, after.send_flags() | netc::MSG_DONTWAIT) {
        Ok(sent) => {
            context.counters().bytes_sent.add(sent as u64);
            sent == replies.len() || send_rest(connection, &replies[sent..], after, context)
        }
        Err(Errno(netc::EAGAIN | netc::EINTR)) => send_rest(connection, replies, after, context),
        Err(_) => false,
    }
}

/// [`send_all`], waiting until the socket accepts replies.
#[cold]
fn send_rest(connection: &OpenConnection, mut replies: &[u8], after: AfterReply, context: &Context) -> bool {
    let stop = &context.stop;
    let write_limit = || Deadline::after(context.settings.write_timeout);
    let mut limit = write_limit();
    while !replies.is_empty() {
        if stop.deadline_passed() {
            connection.cut(stop);
            return false;
        }
        let options = if stop.is_requested() {
            WaitOptions::until(limit.earlier(stop.deadline()).earlier(stop.next_deadline_check()))
        } else {
            WaitOptions::until(limit).woken_by(stop.waker())
        };
        match connection.socket.send_within(replies, after.send_flags(), options) {
            Ok(sent) => {
                context.counters().bytes_sent.add(sent as u64);
                replies = &replies[sent..];
                limit = write_limit();
            }
            Err(WaitError::TimedOut) if limit.passed() => {
                context.limit_reached(LimitEvent::WriteTimeout);
                connection.reset();
                return false;
            }
            // A stop was requested, or its deadline is to be read again.
            Err(WaitError::Woken | WaitError::TimedOut) => {}
            Err(_) => return false,
        }
    }
    true
}
