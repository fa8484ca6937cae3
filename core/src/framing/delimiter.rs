//! Messages with a byte string after them.

use std::sync::Arc;

use memchr::memmem::Finder;

use super::{Frame, FrameError, Unframeable};

/// The longest delimiter, in bytes. Where one may begin in what is held, so many bytes are searched again.
pub(super) const MAX_DELIMITER: usize = 255;

/// Checks the option `delimiter`.
///
/// # Errors
/// Why it is refused, and what to do.
pub(crate) fn check_delimiter(delimiter: &[u8]) -> Result<(), (String, &'static str)> {
    match delimiter.len() {
        0 => Err(("the delimiter is empty, so no message would end".to_owned(), "give at least 1 byte")),
        1..=MAX_DELIMITER => Ok(()),
        length => {
            let why = format!("the delimiter has {length} bytes, and {MAX_DELIMITER} are the most");
            Err((why, "choose a shorter one"))
        }
    }
}

/// A byte string that ends a message, and is no part of its payload.
#[derive(Debug, Clone)]
pub(crate) struct Delimiter(Arc<Finder<'static>>);

impl Delimiter {
    /// `delimiter` has 1 to [`MAX_DELIMITER`] bytes.
    pub(crate) fn new(delimiter: &[u8]) -> Delimiter {
        debug_assert!((1..=MAX_DELIMITER).contains(&delimiter.len()));
        Delimiter(Arc::new(Finder::new(delimiter).into_owned()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.needle()
    }

    /// The number of bytes of `input` up to the end of the first delimiter that ends in `input`, though it may begin
    /// in `held`, which contains none. It does not allocate.
    fn find_end(&self, held: &[u8], input: &[u8]) -> Option<usize> {
        let length = self.bytes().len();
        // A delimiter that begins in what is held has at least one byte in each of the two.
        let (before, after) = (held.len().min(length - 1), input.len().min(length - 1));
        if before > 0 {
            let mut joined = [0; 2 * MAX_DELIMITER];
            joined[..before].copy_from_slice(&held[held.len() - before..]);
            joined[before..before + after].copy_from_slice(&input[..after]);
            if let Some(start) = self.0.find(&joined[..before + after]) {
                return Some(start + length - before);
            }
        }
        self.0.find(input).map(|start| start + length)
    }

    /// Whether a message ends where its payload does, and not before: the payload has no delimiter, and its last bytes
    /// begin none with the delimiter that follows.
    pub(crate) fn ends(&self, payload: &[u8]) -> bool {
        let delimiter = self.bytes();
        self.0.find(payload).is_none() && self.find_end(payload, delimiter) == Some(delimiter.len())
    }
}

impl Frame for Delimiter {
    fn end(&self, held: &[u8], input: &[u8], longest: usize) -> Result<Option<usize>, FrameError> {
        let end = self.find_end(held, input);
        if held.len() + end.unwrap_or(input.len()) > longest {
            return Err(FrameError::TooLong);
        }
        Ok(end)
    }

    fn payload<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        &message[..message.len() - self.bytes().len()]
    }

    fn most_held(&self, longest: usize) -> usize {
        longest
    }

    fn may_end_with_stream(&self) -> bool {
        true
    }

    fn begin(&self, _: &mut Vec<u8>) {}

    fn complete(&self, output: &mut Vec<u8>, start: usize, ended: bool) -> Result<(), Unframeable> {
        if !self.ends(&output[start..]) {
            return Err(Unframeable("it contains the delimiter"));
        }
        if ended {
            output.extend_from_slice(self.bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_contains_the_delimiter_is_refused() {
        let table: [(&[u8], &[u8], bool); 9] = [
            (b"\r\n", b"", true),
            (b"\r\n", b"a\r", true),
            (b"\r\n", b"\na", true),
            (b"\r\n", b"a\r\nb", false),
            (b"aa", b"b", true),
            // The first two of "baaa" would end it.
            (b"aa", b"ba", false),
            (b"abab", b"xab", false),
            (b"abab", b"xa", true),
            (b"\0", b"a\0", false),
        ];
        for (delimiter, payload, fits) in table {
            let frame = Delimiter::new(delimiter);
            for ended in [false, true] {
                let mut output = [&b"before"[..], payload].concat();
                assert_eq!(frame.complete(&mut output, 6, ended).is_ok(), fits, "{delimiter:?} {payload:?}");
                let end = if fits && ended { delimiter } else { b"" };
                assert_eq!(output, [&b"before"[..], payload, end].concat());
            }
        }
    }

    #[test]
    fn a_delimiter_that_two_pieces_share_is_found_at_its_first_place() {
        let delimiter = [b'a'; MAX_DELIMITER];
        let frame = Delimiter::new(&delimiter);
        for held in [0, 1, 100, MAX_DELIMITER - 1] {
            let input = [b'a'; 2 * MAX_DELIMITER];
            assert_eq!(frame.find_end(&delimiter[..held], &input), Some(MAX_DELIMITER - held));
            assert_eq!(frame.find_end(&delimiter[..held], &input[..MAX_DELIMITER - held - 1]), None);
        }
    }
}
