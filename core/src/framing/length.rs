//! Messages with their length before them.

use super::{Frame, FrameError, Unframeable};
use crate::choices::Endian;

/// The longest prefix, in bytes.
const MAX_WIDTH: usize = 4;

/// Checks the option `length_bytes`.
///
/// # Errors
/// Why it is refused, and what to do.
pub(crate) fn check_length_bytes(width: u32) -> Result<(), (String, &'static str)> {
    if LengthPrefix::WIDTHS.contains(&width) {
        return Ok(());
    }
    Err((format!("length_bytes is {width}, and a length has 1, 2 or 4 bytes"), "4 suits most protocols"))
}

/// The length of a message as an unsigned number before its payload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LengthPrefix {
    /// The number of bytes: 1, 2 or 4.
    width: u8,
    endian: Endian,
    /// Whether the number counts its own bytes.
    includes_itself: bool,
}

impl LengthPrefix {
    /// The widths of a prefix, in bytes.
    pub(crate) const WIDTHS: [u32; 3] = [1, 2, 4];

    /// `width` is one of [`WIDTHS`](LengthPrefix::WIDTHS).
    pub(crate) fn new(width: u32, endian: Endian, includes_itself: bool) -> LengthPrefix {
        debug_assert!(LengthPrefix::WIDTHS.contains(&width));
        LengthPrefix { width: width as u8, endian, includes_itself }
    }

    /// The number of bytes before the payload.
    pub(crate) fn width(&self) -> usize {
        self.width.into()
    }

    /// The number of bytes that the number counts beside the payload's.
    fn counted(&self) -> usize {
        if self.includes_itself { self.width() } else { 0 }
    }

    /// The length of the longest payload.
    pub(crate) fn longest(&self) -> usize {
        (u32::MAX >> (u32::BITS - 8 * u32::from(self.width))) as usize - self.counted()
    }

    /// The length of the payload that the bytes of the prefix tell.
    fn read(&self, prefix: &[u8]) -> Result<usize, FrameError> {
        let mut bytes = [0; MAX_WIDTH];
        let number = match self.endian {
            Endian::Big => {
                bytes[MAX_WIDTH - self.width()..].copy_from_slice(prefix);
                u32::from_be_bytes(bytes)
            }
            Endian::Little => {
                bytes[..self.width()].copy_from_slice(prefix);
                u32::from_le_bytes(bytes)
            }
        };
        (number as usize).checked_sub(self.counted()).ok_or(FrameError::Malformed)
    }

    /// Appends the prefix of a payload of at most [`longest`](LengthPrefix::longest) bytes.
    pub(crate) fn append(&self, payload: usize, output: &mut Vec<u8>) {
        let start = output.len();
        self.begin(output);
        self.write(payload, &mut output[start..]);
    }

    /// Writes the prefix of a payload of at most [`longest`](LengthPrefix::longest) bytes.
    fn write(&self, payload: usize, prefix: &mut [u8]) {
        let number = (payload + self.counted()) as u32;
        match self.endian {
            Endian::Big => prefix.copy_from_slice(&number.to_be_bytes()[MAX_WIDTH - self.width()..]),
            Endian::Little => prefix.copy_from_slice(&number.to_le_bytes()[..self.width()]),
        }
    }
}

impl Frame for LengthPrefix {
    fn end(&self, held: &[u8], input: &[u8], longest: usize) -> Result<Option<usize>, FrameError> {
        let width = self.width();
        let mut joined = [0; MAX_WIDTH];
        let prefix = if held.len() >= width {
            &held[..width]
        } else {
            let missing = width - held.len();
            if input.len() < missing {
                return Ok(None);
            }
            joined[..held.len()].copy_from_slice(held);
            joined[held.len()..width].copy_from_slice(&input[..missing]);
            &joined[..width]
        };
        let payload = self.read(prefix)?;
        if payload > longest {
            return Err(FrameError::TooLong);
        }
        // On a system of 32 bits the sum may exceed the numbers; as much input does not fit its memory.
        let end = payload.saturating_add(width) - held.len();
        Ok((end <= input.len()).then_some(end))
    }

    fn payload<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        &message[self.width()..]
    }

    fn most_held(&self, longest: usize) -> usize {
        longest.min(self.longest()).saturating_add(self.width())
    }

    fn may_end_with_stream(&self) -> bool {
        false
    }

    fn begin(&self, output: &mut Vec<u8>) {
        output.extend_from_slice(&[0; MAX_WIDTH][..self.width()]);
    }

    fn complete(&self, output: &mut Vec<u8>, start: usize, _: bool) -> Result<(), Unframeable> {
        let (prefix, payload) = output[start..].split_at_mut(self.width());
        if payload.len() > self.longest() {
            return Err(Unframeable("it is longer than its length prefix can tell (length_bytes)"));
        }
        self.write(payload.len(), prefix);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let table: [(u32, Endian, bool, usize, &[u8]); 10] = [
            (1, Endian::Big, false, 0, b"\0"),
            (1, Endian::Little, false, 255, b"\xff"),
            (1, Endian::Big, true, 254, b"\xff"),
            (2, Endian::Big, false, 0x0102, b"\x01\x02"),
            (2, Endian::Little, false, 0x0102, b"\x02\x01"),
            (2, Endian::Big, true, 0x0102, b"\x01\x04"),
            (2, Endian::Big, false, 65_535, b"\xff\xff"),
            (4, Endian::Big, false, 0x0102_0304, b"\x01\x02\x03\x04"),
            (4, Endian::Little, true, 1, b"\x05\0\0\0"),
            (4, Endian::Little, true, 0xffff_fffb, b"\xff\xff\xff\xff"),
        ];
        for (width, endian, includes_itself, payload, expected) in table {
            let frame = LengthPrefix::new(width, endian, includes_itself);
            let mut prefix = vec![0; frame.width()];
            frame.write(payload, &mut prefix);
            assert_eq!(prefix, expected, "{frame:?}");
            assert_eq!(frame.read(&prefix), Ok(payload), "{frame:?}");
        }
    }

    #[test]
    fn a_payload_longer_than_its_prefix_can_tell_is_refused() {
        for (width, includes_itself, longest) in
            [(1, false, 255), (1, true, 254), (2, false, 65_535), (2, true, 65_533)]
        {
            let frame = LengthPrefix::new(width, Endian::Big, includes_itself);
            assert_eq!(frame.longest(), longest);
            for (length, fits) in [(longest, true), (longest + 1, false)] {
                let mut output = b"before".to_vec();
                frame.begin(&mut output);
                output.resize(output.len() + length, b'a');
                assert_eq!(frame.complete(&mut output, 6, true).is_ok(), fits, "{frame:?} {length}");
            }
        }
        assert_eq!(LengthPrefix::new(4, Endian::Big, true).longest(), u32::MAX as usize - 4);
    }
}
