//! A reference model of an exchange, which sees the whole input at once. A property test and a fuzz target compare the
//! two.

use std::sync::Arc;

use super::{AfterReply, Exchange};
use crate::choices::Framing;
use crate::net::Features;
use crate::server::config::ServerSettings;
use crate::server::state::Context;
use crate::service::{HandlerError, Service};
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
    closed: bool,
}

fn context(framing: Framing, longest: usize, handled: bool) -> Context {
    let settings = ServerSettings {
        framing,
        max_connections: 1,
        max_request: longest,
        max_amplification: 0,
        ..ServerSettings::default()
    };
    let handler = handled.then(|| Arc::new(Odd) as Arc<dyn Service>);
    Context::new(settings, Features::NONE, handler, Some(Arc::new(|_, _| {}))).expect("a server's state")
}

/// Passes the pieces of input to an exchange, and compares its replies and counts with those of the model. With
/// `preallocated` it must not allocate, as in a forked child.
pub(crate) fn check(framing: Framing, pieces: &[&[u8]], longest: usize, handled: bool, preallocated: bool) {
    let pieces: Vec<&[u8]> = pieces.iter().copied().filter(|piece| !piece.is_empty()).collect();
    let handled = handled && framing != Framing::Stream;
    let preallocated = preallocated && !handled;
    let context = context(framing, longest, handled);
    let chunk = pieces.iter().map(|piece| piece.len()).max().unwrap_or(0);
    let (mut exchange, mut output) = if preallocated {
        Exchange::preallocated(framing, longest, chunk).expect("memory")
    } else {
        (Exchange::new(framing), Vec::new())
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
            let (consumed, after) = exchange.process(rest, &context, &mut output);
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
        exchange.end(&context, &mut output);
        sent(&mut output, &mut now.replies);
    }
    let counters = context.counters();
    now.requests = counters.requests.get();
    now.failed = counters.handler_errors.get();
    now.oversized = counters.oversized_requests.get();
    // The connection is closed in any case after a last request without a newline, whether or not that failed.
    let expected = expected(framing, &pieces, longest, handled);
    assert_eq!(now, Outcome { closed: now.closed, ..expected }, "{framing:?} {longest} {pieces:?}");
    assert!(now.closed || !expected.closed, "{framing:?} {longest} {pieces:?}");
}

fn expected(framing: Framing, pieces: &[&[u8]], longest: usize, handled: bool) -> Outcome {
    let input = pieces.concat();
    let mut outcome = Outcome::default();
    let requests: Vec<&[u8]> = match framing {
        Framing::Stream => {
            return Outcome { replies: uppercase(&input), requests: pieces.len() as u64, ..outcome };
        }
        Framing::Line => input.split_inclusive(|byte| *byte == b'\n').collect(),
        Framing::Once => pieces.iter().copied().take(1).collect(),
    };
    for request in requests {
        if request.len() > longest {
            return Outcome { oversized: 1, closed: true, ..outcome };
        }
        let mut reply = Vec::new();
        if !handled {
            reply = uppercase(request);
        } else if Odd.reply(request, &mut reply).is_err() {
            let closed = framing == Framing::Once || request.ends_with(b"\n");
            return Outcome { failed: 1, closed, ..outcome };
        }
        if framing == Framing::Line && request.ends_with(b"\n") && !reply.ends_with(b"\n") {
            reply.push(b'\n');
        }
        outcome.replies.append(&mut reply);
        outcome.requests += 1;
        outcome.closed = framing == Framing::Once;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

        #[test]
        fn an_exchange_in_pieces_agrees_with_the_model(
            framing in prop_oneof![Just(Framing::Stream), Just(Framing::Line), Just(Framing::Once)],
            pieces in vec(vec(prop_oneof![8 => Just(b'\n'), 8 => Just(b'a'), 1 => Just(b'!'), 1 => Just(b'#'), 8 => any::<u8>()], 0..12), 0..6),
            longest in 1..24_usize,
            handled: bool,
            preallocated: bool,
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            check(framing, &pieces, longest, handled, preallocated);
        }
    }
}
