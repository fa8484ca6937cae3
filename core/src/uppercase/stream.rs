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
    (1..=input.len().min(3))
        .find(|length| {
            let tail = &input[input.len() - length..];
            str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}
