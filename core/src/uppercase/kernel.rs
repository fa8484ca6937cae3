//! The loop over the bytes.

/// How much longer upper case can be, in bytes: `ΐ` (2 bytes) becomes three characters of 2.
pub(crate) const MAX_GROWTH: usize = 3;

/// Appends the upper case of `input` to `output`.
///
/// Allocates nothing while `output` has room for [`MAX_GROWTH`] times the input, so that a forked
/// child may call it.
pub(crate) fn uppercase_into(input: &[u8], output: &mut Vec<u8>) {
    output.reserve(input.len());
    for chunk in input.utf8_chunks() {
        uppercase_text(chunk.valid(), output);
        output.extend_from_slice(chunk.invalid());
    }
}

fn uppercase_text(mut text: &str, output: &mut Vec<u8>) {
    while !text.is_empty() {
        let (ascii, rest) = text.split_at(ascii_run(text.as_bytes()));
        let start = output.len();
        output.extend_from_slice(ascii.as_bytes());
        output[start..].make_ascii_uppercase();
        let other = rest.find(|character: char| character.is_ascii()).unwrap_or(rest.len());
        let (other, rest) = rest.split_at(other);
        for character in other.chars().flat_map(char::to_uppercase) {
            output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        text = rest;
    }
}

/// How many bytes at the beginning are ASCII.
fn ascii_run(bytes: &[u8]) -> usize {
    const STEP: usize = 32;
    let whole = bytes.chunks_exact(STEP).take_while(|chunk| chunk.is_ascii()).count() * STEP;
    whole + bytes[whole..].iter().take_while(|byte| byte.is_ascii()).count()
}
