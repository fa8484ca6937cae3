//! Where a message ends in a byte stream, and what surrounds its payload.
//!
//! [`Frame`] is a way to tell the end of a message: `line`, `length` and `delimiter` have one each. [`Splitter`] cuts a
//! stream into messages by one of them. Servers cut requests out of what they receive and frame their replies; clients
//! do the opposite.

mod any;
mod delimiter;
mod length;
mod line;
mod splitter;

pub(crate) use any::AnyFrame;
pub(crate) use delimiter::{Delimiter, check_delimiter};
pub(crate) use length::{LengthPrefix, check_length_bytes};
pub(crate) use line::Newline;
pub(crate) use splitter::Splitter;

/// A message that is not accepted. What follows it in the stream cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// It is over the limit.
    TooLong,
    /// Its length is less than that of the prefix, which it includes.
    Malformed,
}

/// A payload that the frame cannot carry, with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unframeable(pub(crate) &'static str);

/// How messages are delimited. A message is a payload with what surrounds it.
pub(crate) trait Frame {
    /// The number of bytes of `input` that belong to the message which begins with `held`, or `None` if it does not
    /// end in `input`. What is held is no complete message.
    ///
    /// # Errors
    /// The message is malformed, or has more than `longest` bytes: with its newline or delimiter, or without its
    /// length prefix. It is reported as soon as it is known, and nothing has to be held for a longer message.
    fn end(&self, held: &[u8], input: &[u8], longest: usize) -> Result<Option<usize>, FrameError>;

    /// What a handler gets of a complete message. A newline is a part of its line.
    fn payload<'a>(&self, message: &'a [u8]) -> &'a [u8];

    /// The most bytes that are held of messages of at most `longest` bytes.
    fn most_held(&self, longest: usize) -> usize;

    /// Whether the last message may end with the stream.
    fn may_end_with_stream(&self) -> bool;

    /// Appends what stands before a payload.
    fn begin(&self, output: &mut Vec<u8>);

    /// Completes a message that [`begin`](Frame::begin) has begun at the index `start` of `output`, and whose payload
    /// has been appended since. `ended` is whether the message before it in the other direction has an end of its own;
    /// otherwise that was the last one, and ended with the stream, as this one then does.
    ///
    /// # Errors
    /// The frame cannot carry the payload.
    fn complete(&self, output: &mut Vec<u8>, start: usize, ended: bool) -> Result<(), Unframeable>;
}

#[cfg(any(test, fuzzing))]
pub(crate) mod reference_model;
