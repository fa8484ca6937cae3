//! The requests and replies of one connection: bytes in, bytes out, without a socket.

use std::collections::TryReserveError;
use std::time::{Duration, Instant};

use crate::choices::Framing;
use crate::framing::{LineSplitter, LineTooLong};
use crate::netc;
use crate::server::state::{Context, LimitEvent};
use crate::uppercase::{MAX_GROWTH, UppercaseStream};

/// Replies of so many bytes are sent before the handler is called again, so that a peer that receives none does not
/// cause more of them.
const MAX_BATCH_BYTES: usize = 64 * 1024;

/// Replies that took so long are sent before the handler is called again.
const MAX_BATCH_TIME: Duration = Duration::from_millis(1);

/// The framing of one connection, with what it holds of a request that is not complete.
pub(super) enum Exchange {
    /// Input is upper-cased as it arrives.
    Stream(UppercaseStream),
    /// A reply for each line.
    Line(LineSplitter),
    /// One reply, to what one receive returned.
    Once,
}

/// What happens to the connection once the replies are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterReply {
    Continue,
    Close,
}

impl AfterReply {
    /// The flags of the send. The last replies are sent in one segment with the end of the connection (MSG_MORE,
    /// send(2)), so that a client that has received them can tell that the server answers no further request.
    pub(super) fn send_flags(self) -> i32 {
        match self {
            AfterReply::Continue => 0,
            AfterReply::Close => netc::MSG_MORE,
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

    /// An exchange and a buffer for its replies with which the built-in service never allocates, for input of at
    /// most `chunk` bytes at once.
    pub(super) fn preallocated(
        framing: Framing,
        longest: usize,
        chunk: usize,
    ) -> Result<(Exchange, Vec<u8>), TryReserveError> {
        let (exchange, held) = match framing {
            Framing::Line => (Exchange::Line(LineSplitter::preallocated(longest)?), longest),
            other => (Exchange::new(other), 4),
        };
        let mut output = Vec::new();
        output.try_reserve_exact(held.saturating_add(chunk).saturating_mul(MAX_GROWTH))?;
        Ok((exchange, output))
    }

    /// Processes what one receive returned, and appends the replies to its complete requests to `output`. Returns the
    /// number of bytes consumed: with a handler it stops at a batch of replies that is sent first.
    pub(super) fn process(
        &mut self,
        input: &[u8],
        context: &Context,
        output: &mut Vec<u8>,
    ) -> (usize, AfterReply) {
        let (consumed, after) = self.answer(input, context, output);
        context.counters().bytes_received.add(consumed as u64);
        (consumed, after)
    }

    fn answer(&mut self, input: &[u8], context: &Context, output: &mut Vec<u8>) -> (usize, AfterReply) {
        let counters = context.counters();
        let longest = context.settings.max_request;
        match self {
            Exchange::Stream(stream) => {
                stream.push(input, output);
                counters.requests.add(1);
                (input.len(), AfterReply::Continue)
            }
            Exchange::Line(lines) => {
                let (mut answered, mut after) = (0, AfterReply::Continue);
                let started = context.has_handler().then(Instant::now);
                let mut push = || {
                    lines.push(input, longest, |line| {
                        if reply_line(line, context, output) {
                            answered += 1;
                        } else {
                            after = AfterReply::Close;
                        }
                        // Without a handler replies are bounded by their requests, and fast.
                        let enough = |since: Instant| {
                            output.len() >= MAX_BATCH_BYTES || since.elapsed() >= MAX_BATCH_TIME
                        };
                        after == AfterReply::Continue && !started.is_some_and(enough)
                    })
                };
                let several = started.is_some() && memchr::memchr_iter(b'\n', input).nth(1).is_some();
                let pushed = if several { context.batch(push) } else { Some(push()) };
                counters.requests.add(answered);
                match pushed {
                    Some(Ok(consumed)) => (consumed, after),
                    Some(Err(LineTooLong)) => (input.len(), too_long(context)),
                    None => (input.len(), AfterReply::Close),
                }
            }
            Exchange::Once if input.len() > longest => (input.len(), too_long(context)),
            Exchange::Once => {
                counters.requests.add(u64::from(context.reply(input, output)));
                (input.len(), AfterReply::Close)
            }
        }
    }

    /// Whether it holds the beginning of a line.
    pub(super) fn has_partial_line(&self) -> bool {
        matches!(self, Exchange::Line(lines) if lines.has_partial_line())
    }

    /// Ends the exchange because the server closes the connection: the part of a character that a stream holds is
    /// appended to `output`, and an incomplete line is discarded.
    pub(super) fn abandon(&mut self, output: &mut Vec<u8>) {
        if let Exchange::Stream(stream) = self {
            stream.finish(output);
        }
    }

    /// Ends the exchange because the peer has ended its output (half-close): appends the last reply to `output`.
    pub(super) fn end(&mut self, context: &Context, output: &mut Vec<u8>) {
        match self {
            Exchange::Stream(stream) => stream.finish(output),
            Exchange::Line(lines) => lines.finish(|last| {
                context.counters().requests.add(u64::from(reply_line(last, context, output)));
            }),
            Exchange::Once => {}
        }
    }
}

/// Appends the reply to a line; a newline that the handler left out is added.
fn reply_line(line: &[u8], context: &Context, output: &mut Vec<u8>) -> bool {
    let start = output.len();
    let replied = context.reply(line, output);
    if replied && line.ends_with(b"\n") && !output[start..].ends_with(b"\n") {
        output.push(b'\n');
    }
    replied
}

fn too_long(context: &Context) -> AfterReply {
    context.limit_reached(LimitEvent::Oversized);
    AfterReply::Close
}

#[cfg(any(test, fuzzing))]
pub(crate) mod reference_model;
