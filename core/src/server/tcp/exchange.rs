//! The conversation on one connection: bytes in, replies out. It knows no sockets.

use std::collections::TryReserveError;

use crate::framing::{Framing, LineSplitter};
use crate::server::limits::Met;
use crate::server::shared::Shared;
use crate::uppercase::{MAX_GROWTH, UppercaseStream};

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

    /// Takes what one receive returned and appends the replies that are due to `output`.
    pub(super) fn take(&mut self, input: &[u8], shared: &Shared, output: &mut Vec<u8>) -> Then {
        let counters = shared.counters();
        counters.bytes_received.add(input.len() as u64);
        let longest = shared.limits.max_request;
        match self {
            Exchange::Stream(stream) => {
                stream.push(input, output);
                counters.requests.add(1);
                Then::Continue
            }
            Exchange::Line(lines) => {
                let (mut answered, mut then) = (0, Then::Continue);
                let fits = lines.push(input, longest, |line| {
                    if reply_line(line, shared, output) {
                        answered += 1;
                    } else {
                        then = Then::Close;
                    }
                    then == Then::Continue
                });
                counters.requests.add(answered);
                if fits.is_err() {
                    return too_long(shared);
                }
                then
            }
            Exchange::Once if input.len() > longest => too_long(shared),
            Exchange::Once => {
                counters.requests.add(u64::from(shared.reply(input, output)));
                Then::Close
            }
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
