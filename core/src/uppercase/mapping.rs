//! Finds the characters of two to four bytes in a block and replaces them by their upper case from the tables.
//!
//! The upper case of almost every character has the length of the character. So a block is first copied with its
//! ASCII letters in upper case, and then the other characters are replaced in the copy. The few characters whose
//! upper case has another length, here called specials, end the block early.
//!
//! Bytes that are not valid UTF-8 stay unchanged without a validation. A leading byte that is not followed by its
//! continuation bytes is not looked up, and neither is a continuation byte without a leading byte. Of the complete
//! sequences, overlong forms, surrogates and numbers above U+10FFFF are mapped to themselves by the tables.

use super::planes::{BLOCK, Planes};
use super::tables::{PAGE_OF, PAGES, SPECIAL, SPECIALS, TWO_BYTES};
use super::{alphabets, ascii};

/// The result of mapping a block.
pub(super) struct Mapped {
    /// The number of bytes that were mapped: all, or those before a special or an incomplete character.
    pub(super) length: usize,
    /// The special behind those bytes.
    pub(super) special: Option<Special>,
    /// Whether the whole block is ASCII.
    pub(super) is_ascii: bool,
}

/// A character whose upper case has another length.
pub(super) struct Special {
    /// The length of the character in bytes.
    pub(super) length: usize,
    /// Its upper case.
    pub(super) upper: &'static [u8],
}

/// Maps a block and appends the bytes that were mapped.
#[inline(always)]
pub(super) fn append_block<P: Planes>(block: &[u8; BLOCK], output: &mut Vec<u8>) -> Mapped {
    let start = output.len();
    output.extend_from_slice(&ascii::uppercased(block));
    let upper = output.last_chunk_mut().expect("just appended");
    let mapped = map_block::<P>(block, upper);
    output.truncate(start + mapped.length);
    mapped
}

/// Writes the upper case of the characters of `block` that are not ASCII into `upper`, at the same positions.
#[inline(always)]
pub(super) fn map_block<P: Planes>(block: &[u8; BLOCK], upper: &mut [u8; BLOCK]) -> Mapped {
    let high = P::plane::<7>(block);
    if high == 0 {
        return Mapped { length: BLOCK, special: None, is_ascii: true };
    }
    // 10xxxxxx continues a character; 110xxxxx, 1110xxxx and 11110xxx begin one (RFC 3629).
    let (plane6, plane5, plane4) = (P::plane::<6>(block), P::plane::<5>(block), P::plane::<4>(block));
    let (continued, begun) = (high & !plane6, high & plane6);
    let two = begun & !plane5;
    let three = begun & plane5 & !plane4;
    let four = begun & plane5 & plane4;

    // A character of 2, 3 or 4 bytes that begins in the last 1, 2 or 3 bytes of the block is incomplete.
    const LAST: u64 = 1 << (BLOCK - 1);
    let unended = begun & LAST | (three | four) & LAST >> 1 | four & LAST >> 2;
    let mut length = unended.trailing_zeros() as usize;
    let mut special = None;
    let mut end_before = |found: Option<(usize, Special)>| {
        if let Some((position, found)) = found.filter(|(position, _)| *position < length) {
            (length, special) = (position, Some(found));
        }
    };
    end_before(map_two_bytes::<P>(two & continued >> 1, block, upper));
    if three != 0 {
        let whole = three & continued >> 1 & continued >> 2;
        end_before(map_three_bytes::<P>(whole & !caseless::<P>(block), block, upper));
    }
    if four != 0 {
        map_four_bytes(four & continued >> 1 & continued >> 2 & continued >> 3, block, upper);
    }
    Mapped { length, special, is_ascii: false }
}

/// The bytes whose low four bits are 3 to 9. If such a byte begins a character of three bytes, the character is one
/// of U+3000 to U+9FFF, mostly Chinese and Japanese, which have no case.
#[inline(always)]
fn caseless<P: Planes>(block: &[u8; BLOCK]) -> u64 {
    let planes = [P::plane::<0>(block), P::plane::<1>(block), P::plane::<2>(block), P::plane::<3>(block)];
    let from_3_to_7 = !planes[3] & (planes[2] | planes[1] & planes[0]);
    let from_8_to_9 = planes[3] & !planes[2] & !planes[1];
    from_3_to_7 | from_8_to_9
}

/// The positions of the bits that are set, from the lowest on.
#[inline(always)]
fn positions(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let position = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        position
    })
}

/// The `N` bytes from a position on, and the position of each. All are in the block; the remainder removes the bounds
/// check.
#[inline(always)]
fn bytes_at<const N: usize>(position: usize, block: &[u8; BLOCK]) -> ([usize; N], [u8; N]) {
    let positions = std::array::from_fn(|n| (position + n) % BLOCK);
    (positions, positions.map(|position| block[position]))
}

/// The six bits of the character in a continuation byte.
#[inline(always)]
fn six_bits(byte: u8) -> usize {
    usize::from(byte & 0x3f)
}

/// Maps the characters of two bytes that begin at these positions, up to the first special, and returns the special.
#[inline(always)]
fn map_two_bytes<P: Planes>(
    mut begun: u64,
    block: &[u8; BLOCK],
    upper: &mut [u8; BLOCK],
) -> Option<(usize, Special)> {
    if begun.count_ones() >= alphabets::WORTHWHILE {
        begun &= !alphabets::map_two_bytes::<P>(block[begun.trailing_zeros() as usize % BLOCK], block, upper);
    }
    for position in positions(begun) {
        let (at, bytes) = bytes_at::<2>(position, block);
        let entry = TWO_BYTES[usize::from(bytes[0] & 0x1f) << 6 | six_bits(bytes[1])];
        if entry < 0x100 {
            return Some((position, special(2, entry)));
        }
        [upper[at[0]], upper[at[1]]] = entry.to_le_bytes();
    }
    None
}

/// As [`map_two_bytes`], for three.
#[inline(always)]
fn map_three_bytes<P: Planes>(
    mut begun: u64,
    block: &[u8; BLOCK],
    upper: &mut [u8; BLOCK],
) -> Option<(usize, Special)> {
    if begun.count_ones() >= alphabets::WORTHWHILE {
        let (_, first) = bytes_at::<2>(begun.trailing_zeros() as usize, block);
        begun &= !alphabets::map_three_bytes::<P>(first, block, upper);
    }
    for position in positions(begun) {
        let (at, bytes) = bytes_at::<3>(position, block);
        let high = usize::from(bytes[0] & 0xf) << 6 | six_bits(bytes[1]);
        let Some((entry, mapped)) = mapped(high, bytes[2]) else { continue };
        let number = entry.wrapping_sub(SPECIAL);
        if usize::from(number) < SPECIALS.len() {
            return Some((position, special(3, number)));
        }
        upper[at[0]] = 0xe0 | (mapped >> 12) as u8;
        upper[at[1]] = 0x80 | (mapped >> 6) as u8 & 0x3f;
        upper[at[2]] = 0x80 | mapped as u8 & 0x3f;
    }
    None
}

/// As [`map_two_bytes`], for four, none of which is a special.
#[inline(always)]
fn map_four_bytes(begun: u64, block: &[u8; BLOCK], upper: &mut [u8; BLOCK]) {
    for position in positions(begun) {
        let (at, bytes) = bytes_at::<4>(position, block);
        let high = usize::from(bytes[0] & 0xf) << 12 | six_bits(bytes[1]) << 6 | six_bits(bytes[2]);
        // Below U+10000 the form is overlong. Above U+1FFFF, where the tables end, no character has case.
        if high < 0x400 {
            continue;
        }
        let Some((_, mapped)) = mapped(high, bytes[3]) else { continue };
        upper[at[1]] = 0x90 | (mapped >> 12) as u8;
        upper[at[2]] = 0x80 | (mapped >> 6) as u8 & 0x3f;
        upper[at[3]] = 0x80 | mapped as u8 & 0x3f;
    }
}

/// The entry of a character in the tables and the low 16 bits of its upper case. `None` if its page has no characters
/// with case. `high` is the number of the character without the six bits of its last byte.
#[inline(always)]
fn mapped(high: usize, last: u8) -> Option<(u16, u16)> {
    let page = PAGE_OF.get(high).filter(|page| **page != 0)?;
    let entry = PAGES[usize::from(*page)][six_bits(last)];
    Some((entry, ((high << 6 | six_bits(last)) as u16).wrapping_add(entry)))
}

/// The special with this number, a character of `length` bytes.
fn special(length: usize, number: u16) -> Special {
    let entry = &SPECIALS[usize::from(number)];
    Special { length, upper: &entry[..usize::from(entry[7])] }
}
