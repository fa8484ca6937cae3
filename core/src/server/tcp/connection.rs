//! One connection, served to its end by one thread or process.
//!
//! Nothing here allocates with a desk that has room, so a forked child may run it.

use std::collections::TryReserveError;
use std::time::Duration;

use super::CHUNK;
use super::exchange::{Exchange, Then};
use super::last_call::LastCall;
use crate::choices::Framing;
use crate::net::{Deadline, Errno, Socket, WaitError, WaitOptions, wait_readable};
use crate::server::connections::Open;
use crate::server::limits::{Limits, Met};
use crate::server::shared::Shared;

/// How long a peer that still sends when the server has said its last is listened to at most.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// How often such a peer is looked at.
pub(super) const LINGER_STEP: Duration = Duration::from_millis(10);

/// What a connection is served with.
pub(super) struct Desk {
    exchange: Exchange,
    chunk: Vec<u8>,
    output: Vec<u8>,
    /// How much memory is kept for replies.
    kept: usize,
}

impl Desk {
    pub(super) fn new(framing: Framing) -> Desk {
        Desk { exchange: Exchange::new(framing), chunk: vec![0; CHUNK], output: Vec::new(), kept: CHUNK }
    }

    /// One with which the built-in service neither allocates nor frees, so that a forked child may.
    pub(super) fn with_room(limits: &Limits) -> Result<Desk, TryReserveError> {
        let (exchange, output) = Exchange::with_room(limits.framing, limits.max_request, CHUNK)?;
        let kept = output.capacity();
        Ok(Desk { exchange, chunk: vec![0; CHUNK], output, kept })
    }

    /// The desk for the next connection, with the memory of the last one.
    pub(super) fn cleared(self, framing: Framing) -> Desk {
        let mut output = self.output;
        output.clear();
        output.shrink_to(self.kept);
        Desk { exchange: Exchange::new(framing), output, ..self }
    }
}

/// Serves until the peer ends its input, a limit is met, the framing says so, or the server stops.
pub(super) fn serve(open: &Open, desk: &mut Desk, shared: &Shared) {
    let Desk { exchange, chunk, output, kept } = desk;
    let mut last_call = LastCall::default();
    loop {
        let received = match next_chunk(open, chunk, exchange, &mut last_call, shared) {
            Ok(received) => received,
            Err(End::Quiet) => {
                output.clear();
                exchange.abandon(output);
                if !send_all(open, output, Then::Close, shared) {
                    return;
                }
                // With its input shut down by the stop, a connection whose output has ended is reset by whatever
                // still comes (RFC 1122, 4.2.2.13): what was sent has to arrive first.
                let first = open.blocks && shared.stopping() && output.is_empty();
                return part(open, chunk, first, shared);
            }
            Err(End::Gone) => return,
        };
        if received == 0 {
            output.clear();
            exchange.end(shared, output);
            if send_all(open, output, Then::Close, shared) {
                // Said to the peer even if a process that the host forked off has the socket as well.
                let _ = open.socket.shutdown_write();
            }
            return;
        }
        let mut rest = &chunk[..received];
        let mut then = Then::Continue;
        while then == Then::Continue && !rest.is_empty() {
            output.clear();
            let taken;
            open.set_busy(true);
            (taken, then) = exchange.take(rest, shared, output);
            open.set_busy(false);
            rest = &rest[taken..];
            if then == Then::Close && shared.has_handler() && shared.time_is_up() {
                // The handler was not called any more.
                open.cut(shared);
                return;
            }
            if !send_all(open, output, then, shared) {
                return;
            }
        }
        output.clear();
        output.shrink_to(*kept);
        if then == Then::Close {
            break;
        }
    }
    part(open, chunk, false, shared);
}

/// Why there is no further chunk.
enum End {
    /// Nothing is in hand: part as friends.
    Quiet,
    /// The connection is broken.
    Gone,
}

/// Waits for input as long as the limits allow; once a stop is asked for, takes what is there.
fn next_chunk(
    open: &Open,
    chunk: &mut [u8],
    exchange: &Exchange,
    last_call: &mut LastCall,
    shared: &Shared,
) -> Result<usize, End> {
    let socket = &open.socket;
    if !shared.stopping() {
        match wait_for_input(open, chunk, shared) {
            Ok(received) => return Ok(received),
            Err(WaitError::Woken) => {}
            Err(WaitError::TimedOut) => {
                shared.met(Met::Idle);
                return Err(End::Quiet);
            }
            Err(_) => return Err(End::Gone),
        }
    }
    let room = last_call.room(socket, exchange, chunk);
    if room == 0 {
        return Err(End::Quiet);
    }
    match socket.receive(&mut chunk[..room]) {
        // The stop has shut the input down: this is no end of the peer's.
        Ok(0) if open.blocks && socket.peer_may_send() => Err(End::Quiet),
        Ok(received) if received > 0 && shared.time_is_up() => {
            open.cut(shared);
            Err(End::Gone)
        }
        Ok(received) => {
            last_call.took(received);
            Ok(received)
        }
        Err(errno) if errno.would_block() => Err(End::Quiet),
        Err(_) => Err(End::Gone),
    }
}

/// Waits for input, the end of it, the idle limit or a stop.
fn wait_for_input(open: &Open, chunk: &mut [u8], shared: &Shared) -> Result<usize, WaitError> {
    let socket = &open.socket;
    if !open.blocks {
        let deadline = Deadline::after(shared.limits.idle_timeout);
        return socket.receive_within(chunk, WaitOptions::until(deadline).woken_by(shared.stop_waker()));
    }
    loop {
        let Some(received) = open.wait_in(shared, |socket| socket.receive_waiting(chunk)) else {
            return Err(WaitError::Woken);
        };
        match received {
            Ok(0) if shared.stopping() => return Err(WaitError::Woken),
            Ok(received) => return Ok(received),
            Err(errno) if errno.would_block() => return Err(WaitError::TimedOut),
            Err(Errno(libc::EINTR)) => {}
            Err(errno) => return Err(WaitError::Os(errno)),
        }
    }
}

/// Sends the replies; `false` if the peer does not take them in time or has gone.
fn send_all(open: &Open, mut output: &[u8], then: Then, shared: &Shared) -> bool {
    let write_limit = || Deadline::after(shared.limits.write_timeout);
    let mut limit = write_limit();
    while !output.is_empty() {
        // A handler may have come back long after the server was stopped.
        if shared.time_is_up() {
            open.cut(shared);
            return false;
        }
        let waiting = if shared.stopping() {
            WaitOptions::until(limit.earlier(shared.stop_deadline()).earlier(shared.look_again()))
        } else {
            WaitOptions::until(limit).woken_by(shared.stop_waker())
        };
        match open.socket.send_within(output, then.send_flags(), waiting) {
            Ok(sent) => {
                shared.counters().bytes_sent.add(sent as u64);
                output = &output[sent..];
                limit = write_limit();
            }
            Err(WaitError::TimedOut) if limit.passed() => {
                shared.met(Met::Unread);
                open.reset();
                return false;
            }
            // A stop was asked for, or it is time to look at its deadline.
            Err(WaitError::Woken | WaitError::TimedOut) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Ends the connection from this side so that the peer gets all that was sent.
///
/// Closing a socket with unread input resets the connection (RFC 2525, 2.17), which can destroy
/// replies on their way; so the output is ended first, and a peer that goes on sending is
/// listened to for a moment.
///
/// With `arrive` the output is ended only when all has arrived, or time is up.
fn part(open: &Open, chunk: &mut [u8], arrive: bool, shared: &Shared) {
    let socket = &open.socket;
    if !arrive && socket.shutdown_write().is_err() {
        return;
    }
    let limit = Deadline::after(Some(LINGER));
    let mut talkative = arrive;
    loop {
        match parting_step(socket, chunk, &mut talkative) {
            Parting::Done if arrive => {
                let _ = socket.shutdown_write();
                return;
            }
            Parting::Done => return,
            _ if shared.time_is_up() => {
                cut_if_owed(open, shared);
                return;
            }
            _ if limit.passed() => return,
            Parting::Again => {}
            Parting::Later => {
                let step = WaitOptions::until(Deadline::after(Some(LINGER_STEP)).earlier(limit));
                // An input that a stop has shut down is always readable.
                let fd = if shared.stopping() { -1 } else { socket.fd() };
                let _ = wait_readable(fd, step);
            }
        }
    }
}

/// A stop's deadline finds a peer that has not taken all that it was sent.
pub(super) fn cut_if_owed(open: &Open, shared: &Shared) {
    if open.socket.unacknowledged().is_ok_and(|bytes| bytes > 0) {
        open.cut(shared);
    }
}

/// How far the end of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// It can be closed without loss.
    Done,
    /// There may be more to throw away at once.
    Again,
    /// Replies are still on their way: look again in a moment.
    Later,
}

/// Throws input away and looks whether the peer has all that it is owed.
pub(super) fn parting_step(socket: &Socket, chunk: &mut [u8], talkative: &mut bool) -> Parting {
    match socket.receive(chunk) {
        Ok(0) if !socket.peer_may_send() => Parting::Done,
        Ok(received) if received > 0 => {
            *talkative = true;
            Parting::Again
        }
        // Nothing has come; or the stop has shut the input down, and nothing more is seen of it.
        Ok(_) | Err(Errno(libc::EAGAIN)) => {
            // A quiet peer meets no reset, so the kernel may finish alone what it has begun to send.
            let owed = if *talkative { socket.unacknowledged() } else { socket.unsent() };
            if owed.unwrap_or(0) == 0 { Parting::Done } else { Parting::Later }
        }
        Err(_) => Parting::Done,
    }
}
