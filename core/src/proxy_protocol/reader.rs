//! Reads a header that arrives in any pieces.

use super::binary::BinaryHeader;
use super::header::{Malformed, Progress, Proxied};
use super::text::TextHeader;

/// What has been read of a header. Its size does not depend on the header's.
#[derive(Debug)]
pub(crate) struct HeaderReader(State);

#[derive(Debug)]
enum State {
    /// Nothing has been read, and the header may be of version 1 if the flag is set.
    Empty(bool),
    Text(TextHeader),
    Binary(BinaryHeader),
}

impl HeaderReader {
    /// For a stream, whose header is of either version.
    pub(crate) fn of_stream() -> HeaderReader {
        HeaderReader(State::Empty(true))
    }

    /// The header at the beginning of a datagram, which is of version 2 and is complete; and the payload after it.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn split_datagram(datagram: &[u8]) -> Result<(Option<Proxied>, &[u8]), Malformed> {
        let mut reader = HeaderReader(State::Empty(false));
        match reader.read(datagram)? {
            (length, Progress::Complete(proxied)) => Ok((proxied, &datagram[length..])),
            (_, Progress::Incomplete) => Err(Malformed("it is longer than its datagram")),
        }
    }

    /// Reads the header's next bytes. Returns how many of `input` are its own, all of them unless they complete it.
    ///
    /// # Errors
    /// The bytes are no header; the reader is not to be used any more.
    pub(crate) fn read(&mut self, input: &[u8]) -> Result<(usize, Progress), Malformed> {
        for (index, byte) in input.iter().enumerate() {
            match self.push(*byte)? {
                Progress::Incomplete => {}
                complete => return Ok((index + 1, complete)),
            }
        }
        Ok((input.len(), Progress::Incomplete))
    }

    fn push(&mut self, byte: u8) -> Result<Progress, Malformed> {
        if let State::Empty(may_be_text) = self.0 {
            self.0 = match byte {
                TextHeader::FIRST if may_be_text => State::Text(TextHeader::default()),
                _ => State::Binary(BinaryHeader::default()),
            };
        }
        match &mut self.0 {
            State::Text(header) => header.push(byte),
            State::Binary(header) => header.push(byte),
            State::Empty(_) => Ok(Progress::Incomplete),
        }
    }
}
