//! A reference model of an exchange, which sees the whole input at once. A property test and a fuzz target compare the
//! two.

use std::sync::Arc;

use super::{AfterReply, Exchange};
use crate::choices::{Endian, Framing};
use crate::framing::FrameError;
use crate::framing::reference_model::ModelFrame;
use crate::net::Features;
use crate::server::config::ServerSettings;
use crate::server::state::Context;
use crate::service::{Handler, HandlerError, Service};
use crate::uppercase::uppercase;

/// A handler that reverses a request, fails if it contains `!`, and gives a long reply if it contains `#`.
struct Odd;

impl Service for Odd {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        if request.contains(&b'!') {
            reply.extend_from_slice(b"what a failed handler wrote is not sent");
            return Err(HandlerError("a ! came".to_owned()));
        }
        let times = if request.contains(&b'#') { 9_000 } else { 1 };
        for _ in 0..times {
            reply.extend(request.iter().rev().filter(|byte| **byte != b'\n'));
        }
        Ok(())
    }
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    replies: Vec<u8>,
    requests: u64,
    failed: u64,
    oversized: u64,
    malformed: u64,
    unsent: u64,
    closed: bool,
}

/// The model of the framing, if its requests are messages.
fn model(framing: Framing, (number, delimiter): (u8, &[u8])) -> Option<ModelFrame> {
    match framing {
        Framing::Stream | Framing::Once => None,
        Framing::Line => Some(ModelFrame::Line),
        Framing::Length => Some(ModelFrame::chosen(3 * (number % 16) + 1, &[])),
        Framing::Delimiter => Some(ModelFrame::chosen(2, delimiter)),
    }
}

fn context(framing: Framing, model: Option<&ModelFrame>, longest: usize, handled: bool) -> Context {
    let mut settings = ServerSettings {
        framing,
        max_connections: 1,
        max_request: longest,
        max_amplification: 0,
        ..ServerSettings::default()
    };
    match model {
        Some(ModelFrame::Length(width, big, itself)) => {
            settings.length_bytes = *width as u32;
            settings.length_endian = if *big { Endian::Big } else { Endian::Little };
            settings.length_includes_itself = *itself;
        }
        Some(ModelFrame::Delimiter(delimiter)) => settings.delimiter.clone_from(delimiter),
        Some(ModelFrame::Line) | None => {}
    }
    let handler = handled.then(|| Handler::Plain(Arc::new(Odd)));
    Context::new(settings, None, Features::NONE, handler, 1, Some(Arc::new(|_, _| {})))
        .expect("a server's state")
}

/// Passes the pieces of input to an exchange, and compares its replies and counts with those of the model. `chosen`
/// has the options of the framing. With `preallocated` it must not allocate, as in a forked child.
pub(crate) fn check(
    framing: Framing,
    chosen: (u8, &[u8]),
    pieces: &[&[u8]],
    longest: usize,
    handled: bool,
    preallocated: bool,
) {
    let pieces: Vec<&[u8]> = pieces.iter().copied().filter(|piece| !piece.is_empty()).collect();
    let handled = handled && framing != Framing::Stream;
    let preallocated = preallocated && !handled;
    let model = model(framing, chosen);
    let context = context(framing, model.as_ref(), longest, handled);
    let chunk = pieces.iter().map(|piece| piece.len()).max().unwrap_or(0);
    let (mut exchange, mut output) = if preallocated {
        Exchange::preallocated(&context, chunk).expect("memory")
    } else {
        (Exchange::new(&context), Vec::new())
    };
    let memory = output.as_ptr();
    let mut now = Outcome::default();
    let sent = |output: &mut Vec<u8>, replies: &mut Vec<u8>| {
        assert!(!preallocated || output.as_ptr() == memory, "a preallocated exchange does not allocate");
        replies.append(output);
    };
    'input: for piece in &pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (consumed, after) = exchange.process(rest, None, &context, &mut output);
            sent(&mut output, &mut now.replies);
            if after == AfterReply::Close {
                now.closed = true;
                break 'input;
            }
            assert!(consumed > 0, "it makes progress");
            rest = &rest[consumed..];
        }
    }
    if !now.closed {
        exchange.end(None, &context, &mut output);
        sent(&mut output, &mut now.replies);
    }
    let counters = context.counters();
    now.requests = counters.requests.get();
    now.failed = counters.handler_errors.get();
    now.oversized = counters.oversized_requests.get();
    now.malformed = counters.malformed_requests.get();
    now.unsent = counters.replies_unsent.get();
    // The connection is closed in any case after a last request without an end, whether or not that failed.
    let expected = match &model {
        Some(model) => messages(model, &pieces.concat(), longest, handled),
        None => expected(framing, &pieces, longest, handled),
    };
    assert_eq!(now, Outcome { closed: now.closed, ..expected }, "{framing:?} {model:?} {longest} {pieces:?}");
    assert!(now.closed || !expected.closed, "{framing:?} {model:?} {longest} {pieces:?}");
}

fn answer(request: &[u8], handled: bool) -> Option<Vec<u8>> {
    if !handled {
        return Some(uppercase(request));
    }
    let mut reply = Vec::new();
    Odd.reply(request, &mut reply).ok().map(|()| reply)
}

/// Of a framing whose requests are messages.
fn messages(model: &ModelFrame, input: &[u8], longest: usize, handled: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let cut = model.cut(input, longest);
    for request in &cut.payloads {
        let Some(reply) = answer(request, handled) else {
            return Outcome { failed: 1, closed: true, ..outcome };
        };
        let Some(framed) = framed(model, reply) else {
            return Outcome { unsent: 1, closed: true, ..outcome };
        };
        outcome.replies.extend(framed);
        outcome.requests += 1;
    }
    match cut.rest.and_then(|rest| model.last(&rest)) {
        Err(FrameError::TooLong) => Outcome { oversized: 1, closed: true, ..outcome },
        // A stream that ends within a request has been closed by its peer.
        Err(FrameError::Malformed) => Outcome { malformed: 1, ..outcome },
        Ok(None) => outcome,
        Ok(Some(last)) => match answer(&last, handled) {
            None => Outcome { failed: 1, ..outcome },
            Some(reply) if framed(model, reply.clone()).is_none() => Outcome { unsent: 1, ..outcome },
            Some(reply) => {
                outcome.replies.extend(reply);
                outcome.requests += 1;
                outcome
            }
        },
    }
}

/// A reply with what surrounds it, if it is one message then.
fn framed(model: &ModelFrame, mut reply: Vec<u8>) -> Option<Vec<u8>> {
    match model {
        ModelFrame::Line => {
            if !reply.ends_with(b"\n") {
                reply.push(b'\n');
            }
            Some(reply)
        }
        ModelFrame::Length(width, big, itself) => {
            let number = (reply.len() + if *itself { *width } else { 0 }) as u64;
            let mut prefix = number.to_le_bytes()[..*width].to_vec();
            if *big {
                prefix.reverse();
            }
            (number < 1 << (8 * width)).then(|| [prefix, reply].concat())
        }
        ModelFrame::Delimiter(delimiter) => {
            let message = [reply.as_slice(), delimiter].concat();
            (model.cut(&message, usize::MAX).payloads == [reply]).then_some(message)
        }
    }
}

/// Of a framing whose requests are what was received.
fn expected(framing: Framing, pieces: &[&[u8]], longest: usize, handled: bool) -> Outcome {
    let mut outcome = Outcome::default();
    if framing == Framing::Stream {
        return Outcome { replies: uppercase(&pieces.concat()), requests: pieces.len() as u64, ..outcome };
    }
    let Some(request) = pieces.first() else { return outcome };
    outcome.closed = true;
    match answer(request, handled) {
        _ if request.len() > longest => Outcome { oversized: 1, ..outcome },
        None => Outcome { failed: 1, ..outcome },
        Some(replies) => Outcome { replies, requests: 1, ..outcome },
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

        #[test]
        fn an_exchange_in_pieces_agrees_with_the_model(
            framing in (0..Framing::ALL.len()).prop_map(|index| Framing::ALL[index]),
            number: u8,
            delimiter in prop_oneof![Just(b"\r\n".to_vec()), Just(b"A".to_vec()), vec(prop_oneof![Just(b'a'), Just(b'\n')], 1..4)],
            pieces in vec(vec(prop_oneof![8 => Just(b'\n'), 8 => Just(b'a'), 8 => 0..4_u8, 1 => Just(b'!'), 1 => Just(b'#'), 8 => any::<u8>()], 0..12), 0..6),
            longest in 1..24_usize,
            handled: bool,
            preallocated: bool,
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            check(framing, (number, &delimiter), &pieces, longest, handled, preallocated);
        }
    }
}
