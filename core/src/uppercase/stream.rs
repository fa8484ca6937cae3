//! Converts text to upper case incrementally.

use std::str;

use super::kernel::uppercase_into;

/// Converts text to upper case incrementally. The text may be split between any two bytes, which does not change the
/// output.
///
/// ```
/// let mut stream = capsock::UppercaseStream::new();
/// let mut output = Vec::new();
/// for piece in [&b"stra\xc3"[..], b"\x9fe"] {
///     stream.push(piece, &mut output);
/// }
/// stream.finish(&mut output);
/// assert_eq!(output, b"STRASSE");
/// ```
#[derive(Debug, Clone, Default)]
pub struct UppercaseStream {
    /// The beginning of an incomplete character, in the first `held` bytes.
    bytes: [u8; 4],
    held: usize,
}

impl UppercaseStream {
    /// An empty stream.
    #[must_use]
    pub fn new() -> UppercaseStream {
        UppercaseStream::default()
    }

    /// Appends the upper case of all complete characters to `output`, and keeps at most 3 bytes of an incomplete one
    /// for the next call.
    pub fn push(&mut self, input: &[u8], output: &mut Vec<u8>) {
        let mut input = input;
        while self.held > 0 {
            let Some((&next, rest)) = input.split_first() else { return };
            self.bytes[self.held] = next;
            let joined = &self.bytes[..=self.held];
            match str::from_utf8(joined) {
                Ok(_) => {
                    uppercase_into(joined, output);
                    (self.held, input) = (0, rest);
                }
                Err(error) if error.error_len().is_none() => (self.held, input) = (self.held + 1, rest),
                // The byte does not continue the character, but may begin another.
                Err(_) => self.finish(output),
            }
        }
        let (complete, begun) = input.split_at(input.len() - incomplete_length(input));
        uppercase_into(complete, output);
        self.bytes[..begun.len()].copy_from_slice(begun);
        self.held = begun.len();
    }

    /// Ends the text: appends the bytes of an incomplete character unchanged. The stream can then be used again.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        output.extend_from_slice(&self.bytes[..self.held]);
        self.held = 0;
    }
}

/// The number of bytes at the end of `input` (0 to 3) that begin an incomplete character.
fn incomplete_length(input: &[u8]) -> usize {
    if input.last().is_none_or(u8::is_ascii) {
        return 0;
    }
    let tail = &input[input.len().saturating_sub(3)..];
    // Only the last byte that begins a character of several bytes can begin an incomplete one.
    let Some(begin) = tail.iter().rposition(|byte| *byte >= 0xc0) else { return 0 };
    let is_begun = str::from_utf8(&tail[begin..]).is_err_and(|error| error.error_len().is_none());
    if is_begun { tail.len() - begin } else { 0 }
}
