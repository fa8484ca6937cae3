//! A frame that is chosen at run time.

use super::{Delimiter, Frame, FrameError, LengthPrefix, Newline, Unframeable};

/// One of the frames.
#[derive(Debug, Clone)]
pub(crate) enum AnyFrame {
    Line(Newline),
    Length(LengthPrefix),
    Delimiter(Delimiter),
}

/// The value of an expression of the frame, whichever it is.
macro_rules! of_each {
    ($frame:expr, $one:ident => $value:expr) => {
        match $frame {
            AnyFrame::Line($one) => $value,
            AnyFrame::Length($one) => $value,
            AnyFrame::Delimiter($one) => $value,
        }
    };
}

impl Frame for AnyFrame {
    fn end(&self, held: &[u8], input: &[u8], longest: usize) -> Result<Option<usize>, FrameError> {
        of_each!(self, frame => frame.end(held, input, longest))
    }

    fn payload<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        of_each!(self, frame => frame.payload(message))
    }

    fn most_held(&self, longest: usize) -> usize {
        of_each!(self, frame => frame.most_held(longest))
    }

    fn may_end_with_stream(&self) -> bool {
        of_each!(self, frame => frame.may_end_with_stream())
    }

    fn begin(&self, output: &mut Vec<u8>) {
        of_each!(self, frame => frame.begin(output));
    }

    fn complete(&self, output: &mut Vec<u8>, start: usize, ended: bool) -> Result<(), Unframeable> {
        of_each!(self, frame => frame.complete(output, start, ended))
    }
}
