//! Lines: a message ends with its newline.

use super::{Frame, FrameError, Unframeable};

/// A newline ends a message, and is a part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Newline;

impl Frame for Newline {
    fn end(&self, held: &[u8], input: &[u8], longest: usize) -> Result<Option<usize>, FrameError> {
        let end = memchr::memchr(b'\n', input).map(|newline| newline + 1);
        if held.len() + end.unwrap_or(input.len()) > longest {
            return Err(FrameError::TooLong);
        }
        Ok(end)
    }

    fn payload<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        message
    }

    fn most_held(&self, longest: usize) -> usize {
        longest
    }

    fn may_end_with_stream(&self) -> bool {
        true
    }

    fn begin(&self, _: &mut Vec<u8>) {}

    /// Adds a newline if the payload has none at its end.
    fn complete(&self, output: &mut Vec<u8>, start: usize, ended: bool) -> Result<(), Unframeable> {
        if ended && !output[start..].ends_with(b"\n") {
            output.push(b'\n');
        }
        Ok(())
    }
}
