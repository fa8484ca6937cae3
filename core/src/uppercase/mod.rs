//! Converts UTF-8 text to upper case. Bytes that are not valid UTF-8 are copied unchanged.
//!
//! The mapping is Unicode's full case conversion without locales and conditions (Unicode 3.13,
//! SpecialCasing.txt): `straße` becomes `STRASSE`. The upper case of a character does not depend on the
//! characters next to it, so text can be split between any two characters; [`UppercaseStream`] accepts
//! text split between any two bytes.
//!
//! `kernel` processes the input in blocks: `ascii` converts blocks of ASCII, `mapping` the others, by `alphabets` if a
//! block has many letters of one, and by the `tables` that a test generates from the standard library's data.

mod alphabets;
mod ascii;
mod kernel;
mod mapping;
mod planes;
mod stream;
mod tables;
#[cfg(test)]
mod tests;

pub use ascii::uppercase_ascii;
pub(crate) use kernel::{MAX_GROWTH, uppercase_into};
pub use stream::UppercaseStream;
pub(crate) use tables::UNICODE_VERSION;

/// The text in upper case. Bytes that are not valid UTF-8 are returned unchanged.
///
/// ```
/// assert_eq!(capsock::uppercase("straße, ŉ, ΐ".as_bytes()), "STRASSE, ʼN, \u{399}\u{308}\u{301}".as_bytes());
/// assert_eq!(capsock::uppercase(b"caf\xe9"), b"CAF\xe9");
/// ```
#[must_use]
pub fn uppercase(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    uppercase_into(input, &mut output);
    output
}
