//! The requests and replies of one connection: bytes in, bytes out, without a socket.

use std::collections::TryReserveError;
use std::time::{Duration, Instant};

use crate::choices::Framing;
use crate::framing::{Delimiter, Frame, FrameError, LengthPrefix, Newline, Splitter, Unframeable};
use crate::netc;
use crate::request_context::RequestContext;
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
    Line(Splitter<Newline>),
    /// A reply for each message, both with their length before them.
    Length(Splitter<LengthPrefix>),
    /// A reply for each message, both with the delimiter after them.
    Delimiter(Splitter<Delimiter>),
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
    pub(super) fn new(context: &Context) -> Exchange {
        match context.settings.framing {
            Framing::Stream => Exchange::Stream(UppercaseStream::new()),
            Framing::Line => Exchange::Line(Splitter::new(Newline)),
            Framing::Once => Exchange::Once,
            Framing::Length => Exchange::Length(Splitter::new(context.length_prefix())),
            Framing::Delimiter => Exchange::Delimiter(Splitter::new(context.delimiter.clone())),
        }
    }

    /// An exchange and a buffer for its replies with which the built-in service never allocates, for input of at
    /// most `chunk` bytes at once.
    pub(super) fn preallocated(
        context: &Context,
        chunk: usize,
    ) -> Result<(Exchange, Vec<u8>), TryReserveError> {
        let longest = context.settings.max_request;
        let exchange = match context.settings.framing {
            Framing::Line => Exchange::Line(Splitter::preallocated(Newline, longest)?),
            Framing::Length => Exchange::Length(Splitter::preallocated(context.length_prefix(), longest)?),
            Framing::Delimiter => {
                Exchange::Delimiter(Splitter::preallocated(context.delimiter.clone(), longest)?)
            }
            Framing::Stream | Framing::Once => Exchange::new(context),
        };
        let held = match &exchange {
            // The part of a character.
            Exchange::Stream(_) | Exchange::Once => 4,
            Exchange::Line(lines) => lines.frame().most_held(longest),
            Exchange::Length(messages) => messages.frame().most_held(longest),
            Exchange::Delimiter(messages) => messages.frame().most_held(longest),
        };
        let mut output = Vec::new();
        // What surrounds a reply has as many bytes as what surrounds its request.
        output.try_reserve_exact(held.saturating_add(chunk).saturating_mul(MAX_GROWTH))?;
        Ok((exchange, output))
    }

    /// Processes what one receive returned, and appends the replies to its complete requests to `output`. Returns the
    /// number of bytes consumed: with a handler it stops at a batch of replies that is sent first. `from` is the context
    /// of the connection's requests, if the handler takes it.
    pub(super) fn process(
        &mut self,
        input: &[u8],
        from: Option<&RequestContext>,
        context: &Context,
        output: &mut Vec<u8>,
    ) -> (usize, AfterReply) {
        let (consumed, after) = self.answer(input, from, context, output);
        context.counters().bytes_received.add(consumed as u64);
        (consumed, after)
    }

    fn answer(
        &mut self,
        input: &[u8],
        from: Option<&RequestContext>,
        context: &Context,
        output: &mut Vec<u8>,
    ) -> (usize, AfterReply) {
        match self {
            Exchange::Stream(stream) => {
                stream.push(input, output);
                context.counters().requests.add(1);
                (input.len(), AfterReply::Continue)
            }
            Exchange::Line(lines) => answer_messages(lines, input, from, context, output),
            Exchange::Length(messages) => answer_messages(messages, input, from, context, output),
            Exchange::Delimiter(messages) => answer_messages(messages, input, from, context, output),
            Exchange::Once if input.len() > context.settings.max_request => (input.len(), too_long(context)),
            Exchange::Once => {
                let replied = context.reply(input, from, output);
                context.counters().requests.add(u64::from(replied));
                (input.len(), AfterReply::Close)
            }
        }
    }

    /// Calls `begin` with the first request that `input` completes, for a handler that replies later. Returns the number
    /// of bytes consumed, and what happens to the connection after the reply.
    pub(super) fn begin_next(
        &mut self,
        input: &[u8],
        context: &Context,
        begin: impl FnOnce(&[u8]),
    ) -> (usize, AfterReply) {
        let (consumed, after) = match self {
            Exchange::Stream(_) => (input.len(), AfterReply::Continue),
            Exchange::Line(lines) => begin_message(lines, input, context, begin),
            Exchange::Length(messages) => begin_message(messages, input, context, begin),
            Exchange::Delimiter(messages) => begin_message(messages, input, context, begin),
            Exchange::Once if input.len() > context.settings.max_request => (input.len(), too_long(context)),
            Exchange::Once => {
                begin(input);
                (input.len(), AfterReply::Close)
            }
        };
        context.counters().bytes_received.add(consumed as u64);
        (consumed, after)
    }

    /// Calls `begin` with the request that the end of the input has ended, if there is one.
    pub(super) fn begin_last(&mut self, context: &Context, begin: impl FnOnce(&[u8])) {
        let ended = match self {
            Exchange::Stream(_) | Exchange::Once => return,
            Exchange::Line(lines) => lines.finish(|_, last| begin(last)),
            Exchange::Length(messages) => messages.finish(|_, last| begin(last)),
            Exchange::Delimiter(messages) => messages.finish(|_, last| begin(last)),
        };
        if let Err(error) = ended {
            not_accepted(error, context);
        }
    }

    /// Appends the later reply to a request, framed as the request was; `ended` is whether that had an end of its own.
    /// Returns `false` if it cannot be framed.
    pub(super) fn append_reply(
        &self,
        reply: &[u8],
        ended: bool,
        context: &Context,
        output: &mut Vec<u8>,
    ) -> bool {
        let appended = match self {
            Exchange::Stream(_) | Exchange::Once => {
                output.extend_from_slice(reply);
                true
            }
            Exchange::Line(lines) => append(lines.frame(), reply, ended, context, output),
            Exchange::Length(messages) => append(messages.frame(), reply, ended, context, output),
            Exchange::Delimiter(messages) => append(messages.frame(), reply, ended, context, output),
        };
        context.counters().requests.add(u64::from(appended));
        appended
    }

    /// Whether requests are parts of the stream, each with an end of its own.
    pub(super) fn has_messages(&self) -> bool {
        matches!(self, Exchange::Line(_) | Exchange::Length(_) | Exchange::Delimiter(_))
    }

    /// Whether it holds the beginning of a request.
    pub(super) fn has_partial_request(&self) -> bool {
        match self {
            Exchange::Line(lines) => lines.has_partial(),
            Exchange::Length(messages) => messages.has_partial(),
            Exchange::Delimiter(messages) => messages.has_partial(),
            Exchange::Stream(_) | Exchange::Once => false,
        }
    }

    /// The number of bytes of `input`, which is not processed yet, that belong to the request whose beginning is held.
    pub(super) fn rest_of_request(&self, input: &[u8]) -> usize {
        match self {
            Exchange::Line(lines) => lines.rest_of_message(input),
            Exchange::Length(messages) => messages.rest_of_message(input),
            Exchange::Delimiter(messages) => messages.rest_of_message(input),
            Exchange::Stream(_) | Exchange::Once => input.len(),
        }
    }

    /// Ends the exchange because the server closes the connection: the part of a character that a stream holds is
    /// appended to `output`, and an incomplete request is discarded.
    pub(super) fn abandon(&mut self, output: &mut Vec<u8>) {
        if let Exchange::Stream(stream) = self {
            stream.finish(output);
        }
    }

    /// Ends the exchange because the peer has ended its output (half-close): appends the last reply to `output`.
    pub(super) fn end(&mut self, from: Option<&RequestContext>, context: &Context, output: &mut Vec<u8>) {
        match self {
            Exchange::Stream(stream) => stream.finish(output),
            Exchange::Line(lines) => answer_last(lines, from, context, output),
            Exchange::Length(messages) => answer_last(messages, from, context, output),
            Exchange::Delimiter(messages) => answer_last(messages, from, context, output),
            Exchange::Once => {}
        }
    }
}

/// Answers the messages that `input` completes.
fn answer_messages<F: Frame>(
    messages: &mut Splitter<F>,
    input: &[u8],
    from: Option<&RequestContext>,
    context: &Context,
    output: &mut Vec<u8>,
) -> (usize, AfterReply) {
    let (mut answered, mut after) = (0, AfterReply::Continue);
    let started = context.has_handler().then(Instant::now);
    let several = started.is_some() && messages.completes_several(input);
    let mut push = || {
        messages.push(input, context.settings.max_request, |frame, request| {
            if reply(frame, request, true, from, context, output) {
                answered += 1;
            } else {
                after = AfterReply::Close;
            }
            // Without a handler replies are bounded by their requests, and fast.
            let enough =
                |since: Instant| output.len() >= MAX_BATCH_BYTES || since.elapsed() >= MAX_BATCH_TIME;
            after == AfterReply::Continue && !started.is_some_and(enough)
        })
    };
    let pushed = if several { context.batch(push) } else { Some(push()) };
    context.counters().requests.add(answered);
    match pushed {
        Some(Ok(consumed)) => (consumed, after),
        Some(Err(error)) => (input.len(), not_accepted(error, context)),
        None => (input.len(), AfterReply::Close),
    }
}

/// Begins with the first message that `input` completes.
fn begin_message<F: Frame>(
    messages: &mut Splitter<F>,
    input: &[u8],
    context: &Context,
    begin: impl FnOnce(&[u8]),
) -> (usize, AfterReply) {
    let mut begin = Some(begin);
    let pushed = messages.push(input, context.settings.max_request, |_, request| {
        begin.take().into_iter().for_each(|begin| begin(request));
        false
    });
    match pushed {
        Ok(consumed) => (consumed, AfterReply::Continue),
        Err(error) => (input.len(), not_accepted(error, context)),
    }
}

/// Answers the message that ended with the stream, if there is one.
fn answer_last<F: Frame>(
    messages: &mut Splitter<F>,
    from: Option<&RequestContext>,
    context: &Context,
    output: &mut Vec<u8>,
) {
    let ended = messages.finish(|frame, last| {
        context.counters().requests.add(u64::from(reply(frame, last, false, from, context, output)));
    });
    if let Err(error) = ended {
        not_accepted(error, context);
    }
}

/// Appends the reply to a request, framed as the request was; `ended` is whether that had an end of its own.
fn reply(
    frame: &impl Frame,
    request: &[u8],
    ended: bool,
    from: Option<&RequestContext>,
    context: &Context,
    output: &mut Vec<u8>,
) -> bool {
    let start = output.len();
    frame.begin(output);
    if !context.reply(request, from, output) {
        output.truncate(start);
        return false;
    }
    complete(frame, start, ended, context, output)
}

/// Appends a reply, framed as its request was.
fn append(frame: &impl Frame, reply: &[u8], ended: bool, context: &Context, output: &mut Vec<u8>) -> bool {
    let start = output.len();
    frame.begin(output);
    output.extend_from_slice(reply);
    complete(frame, start, ended, context, output)
}

/// Completes the frame of the reply that begins at `start`, or removes the reply.
#[inline(always)]
fn complete(frame: &impl Frame, start: usize, ended: bool, context: &Context, output: &mut Vec<u8>) -> bool {
    match frame.complete(output, start, ended) {
        Ok(()) => true,
        Err(Unframeable(why)) => {
            output.truncate(start);
            context.limit_reached(LimitEvent::ReplyUnframed(why));
            false
        }
    }
}

fn not_accepted(error: FrameError, context: &Context) -> AfterReply {
    match error {
        FrameError::TooLong => too_long(context),
        FrameError::Malformed => {
            context.limit_reached(LimitEvent::Malformed);
            AfterReply::Close
        }
    }
}

fn too_long(context: &Context) -> AfterReply {
    context.limit_reached(LimitEvent::Oversized);
    AfterReply::Close
}

#[cfg(any(test, fuzzing))]
pub(crate) mod reference_model;
