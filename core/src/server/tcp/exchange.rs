//! The conversation on one connection: bytes in, replies out. It knows no sockets.

use std::collections::TryReserveError;
use std::time::{Duration, Instant};

use crate::choices::Framing;
use crate::framing::{LineSplitter, LineTooLong};
use crate::server::limits::Met;
use crate::server::shared::Shared;
use crate::uppercase::{MAX_GROWTH, UppercaseStream};

/// So many bytes of replies are sent before the handler is asked for more: a peer that takes none makes
/// no more of them.
const ENOUGH: usize = 64 * 1024;

/// Replies that took so long are sent before the handler is asked for more.
const LONG_ENOUGH: Duration = Duration::from_millis(1);

/// Where one connection's requests begin and end.
pub(super) enum Exchange {
    /// Upper-cased as it comes.
    Stream(UppercaseStream),
    /// A reply for each line.
    Line(LineSplitter),
    /// A reply to what one receive returned.
    Once,
}

/// Whether the connection goes on once its replies are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Continue,
    Close,
}

impl Then {
    /// How the replies are sent: the last ones leave together with the end of the connection (MSG_MORE,
    /// send(2)), so that a client that has read them can know that no more requests are taken.
    pub(super) fn send_flags(self) -> i32 {
        match self {
            Then::Continue => 0,
            Then::Close => libc::MSG_MORE,
        }
    }
}

impl Exchange {
    pub(super) fn new(framing: Framing) -> Exchange {
        match framing {
            Framing::Stream => Exchange::Stream(UppercaseStream::new()),
            Framing::Line => Exchange::Line(LineSplitter::default()),
            Framing::Once => Exchange::Once,
        }
    }

    /// An exchange and a buffer for its replies with which the built-in service never allocates,
    /// for pieces of input of up to `chunk` bytes.
    pub(super) fn with_room(
        framing: Framing,
        longest: usize,
        chunk: usize,
    ) -> Result<(Exchange, Vec<u8>), TryReserveError> {
        let (exchange, held) = match framing {
            Framing::Line => (Exchange::Line(LineSplitter::with_room(longest)?), longest),
            other => (Exchange::new(other), 4),
        };
        let mut output = Vec::new();
        output.try_reserve_exact(held.saturating_add(chunk).saturating_mul(MAX_GROWTH))?;
        Ok((exchange, output))
    }

    /// Takes what one receive returned and appends the replies that are due to `output`. Returns how much
    /// of it was taken: with a handler, no more than what replies enough to be sent first.
    pub(super) fn take(&mut self, input: &[u8], shared: &Shared, output: &mut Vec<u8>) -> (usize, Then) {
        let (taken, then) = self.answer(input, shared, output);
        shared.counters().bytes_received.add(taken as u64);
        (taken, then)
    }

    fn answer(&mut self, input: &[u8], shared: &Shared, output: &mut Vec<u8>) -> (usize, Then) {
        let counters = shared.counters();
        let longest = shared.limits.max_request;
        match self {
            Exchange::Stream(stream) => {
                stream.push(input, output);
                counters.requests.add(1);
                (input.len(), Then::Continue)
            }
            Exchange::Line(lines) => {
                let (mut answered, mut then) = (0, Then::Continue);
                let policy = shared.has_handler().then(Instant::now);
                let mut push = || {
                    lines.push(input, longest, |line| {
                        if reply_line(line, shared, output) {
                            answered += 1;
                        } else {
                            then = Then::Close;
                        }
                        // The built-in service's replies are bounded by their requests, and quick.
                        let enough =
                            |since: Instant| output.len() >= ENOUGH || since.elapsed() >= LONG_ENOUGH;
                        then == Then::Continue && !policy.is_some_and(enough)
                    })
                };
                let several = policy.is_some() && memchr::memchr_iter(b'\n', input).nth(1).is_some();
                let pushed = if several { shared.batch(push) } else { Some(push()) };
                counters.requests.add(answered);
                match pushed {
                    Some(Ok(taken)) => (taken, then),
                    Some(Err(LineTooLong)) => (input.len(), too_long(shared)),
                    None => (input.len(), Then::Close),
                }
            }
            Exchange::Once if input.len() > longest => (input.len(), too_long(shared)),
            Exchange::Once => {
                counters.requests.add(u64::from(shared.reply(input, output)));
                (input.len(), Then::Close)
            }
        }
    }

    /// Whether what has been taken ends within a line.
    pub(super) fn is_within_a_line(&self) -> bool {
        matches!(self, Exchange::Line(lines) if lines.is_within_a_line())
    }

    /// The server ends the connection: what is held of a stream is passed on, while a line that was begun
    /// is no request.
    pub(super) fn abandon(&mut self, output: &mut Vec<u8>) {
        if let Exchange::Stream(stream) = self {
            stream.finish(output);
        }
    }

    /// Takes the end of the input (half-close) and appends what is still owed to `output`.
    pub(super) fn end(&mut self, shared: &Shared, output: &mut Vec<u8>) {
        match self {
            Exchange::Stream(stream) => stream.finish(output),
            Exchange::Line(lines) => lines.finish(|last| {
                shared.counters().requests.add(u64::from(reply_line(last, shared, output)));
            }),
            Exchange::Once => {}
        }
    }
}

/// A line's reply is a line: where the handler left out the newline, it is added.
fn reply_line(line: &[u8], shared: &Shared, output: &mut Vec<u8>) -> bool {
    let start = output.len();
    let replied = shared.reply(line, output);
    if replied && line.ends_with(b"\n") && !output[start..].ends_with(b"\n") {
        output.push(b'\n');
    }
    replied
}

fn too_long(shared: &Shared) -> Then {
    shared.met(Met::Oversized);
    Then::Close
}

#[cfg(any(test, fuzzing))]
pub(crate) mod judge;
