//! Upper-casing of text that comes in pieces.

use std::str;

use super::kernel::uppercase_into;

/// Upper-cases text that comes in pieces, cut anywhere: the output is the same for every way of
/// cutting the input.
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
    /// The beginning of a character whose end has not come yet; the first `held` bytes count.
    bytes: [u8; 4],
    held: usize,
}

impl UppercaseStream {
    /// A stream at its beginning.
    #[must_use]
    pub fn new() -> UppercaseStream {
        UppercaseStream::default()
    }

    /// Appends to `output` the upper case of what is complete so far; at most 3 bytes of a
    /// character that is not are held.
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
                // The byte does not continue the character, and may begin one itself.
                Err(_) => self.finish(output),
            }
        }
        let (complete, begun) = input.split_at(input.len() - begun_character(input));
        uppercase_into(complete, output);
        self.bytes[..begun.len()].copy_from_slice(begun);
        self.held = begun.len();
    }

    /// Ends the stream: what was held is appended unchanged. The stream is then at a beginning again.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        output.extend_from_slice(&self.bytes[..self.held]);
        self.held = 0;
    }
}

/// How many bytes at the end of `input` (0 to 3) begin a character that the input does not end.
fn begun_character(input: &[u8]) -> usize {
    let tail = &input[input.len().saturating_sub(3)..];
    // Only the last byte that begins a character of several bytes can begin one that is not ended.
    let Some(begin) = tail.iter().rposition(|byte| *byte >= 0xc0) else { return 0 };
    let is_begun = str::from_utf8(&tail[begin..]).is_err_and(|error| error.error_len().is_none());
    if is_begun { tail.len() - begin } else { 0 }
}
