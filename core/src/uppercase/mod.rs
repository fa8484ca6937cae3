//! Upper-casing of UTF-8 text in which bytes that are not valid UTF-8 pass through.
//!
//! The mapping is Unicode's full, locale-independent one (Unicode 3.13, SpecialCasing.txt without
//! conditions): `straße` becomes `STRASSE`. A character's upper case never depends on its
//! neighbours, so text may be cut anywhere between characters; [`UppercaseStream`] makes that
//! anywhere at all.
//!
//! `kernel` goes through the input in blocks, `ascii` does those that are ASCII, `mapping` the others,
//! with the `tables` that a test makes of the standard library's data.

mod ascii;
mod kernel;
mod mapping;
mod planes;
mod stream;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use kernel::{MAX_GROWTH, uppercase_into};
pub use stream::UppercaseStream;
pub(crate) use tables::UNICODE_VERSION;

/// The text in upper case. Bytes that are not valid UTF-8 are returned as they are.
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
