//! Text in a buffer on the stack.

use std::fmt;
use std::io;

/// Up to `N` bytes of text; more is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    pub(super) fn new() -> Text<N> {
        Text { bytes: [0; N], length: 0 }
    }

    /// `None` if it is too long.
    pub(super) fn of(text: &str) -> Option<Text<N>> {
        let mut whole = Text::new();
        whole.push(text.as_bytes()).then_some(whole)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The text, if it is UTF-8.
    pub(super) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    fn push(&mut self, more: &[u8]) -> bool {
        let Some(slot) = self.bytes.get_mut(self.length..self.length + more.len()) else { return false };
        slot.copy_from_slice(more);
        self.length += more.len();
        true
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.push(text.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}

impl<const N: usize> io::Write for Text<N> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An error kind alone allocates nothing.
        if self.push(bytes) { Ok(bytes.len()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut text = Text::<4>::new();
        assert!(text.write_str("abc").is_ok());
        assert!(text.write_str("de").is_err());
        assert!(text.write_str("d").is_ok());
        assert_eq!(text.as_str(), Some("abcd"));
    }
}
