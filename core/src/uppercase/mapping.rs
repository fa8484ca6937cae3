//! Characters of two to four bytes: where a block has them, and what the tables make of them.
//!
//! Almost every character has an upper case of its own length. So a block is first written with its ASCII
//! in upper case and all else as it is, and then the other characters are written over, each where it
//! stands. The few characters that change their length, here called special, end the block early.
//!
//! What is not valid UTF-8 is left as it is too, and nothing has to look for it. A byte that begins a
//! character, but is not followed by the continuations that it announces, is not looked up; nor is a
//! continuation that follows nothing. Of the sequences that are whole, overlong forms, surrogates and what is
//! beyond U+10FFFF have no other case in the tables.

use super::ascii;
use super::planes::{BLOCK, Planes};
use super::tables::{PAGE_OF, PAGES, SPECIAL, SPECIALS, TWO_BYTES};

/// What became of a block.
pub(super) struct Mapped {
    /// How many bytes at its beginning are done: up to a special, or to a character that the block does
    /// not end.
    pub(super) length: usize,
    /// The special that follows.
    pub(super) special: Option<Special>,
    /// Whether all is ASCII.
    pub(super) is_ascii: bool,
}

/// A character whose upper case has another length.
pub(super) struct Special {
    /// How many bytes it has itself.
    pub(super) length: usize,
    /// What it becomes.
    pub(super) upper: &'static [u8],
}

/// Appends the upper case of what is done of a block.
#[inline(always)]
pub(super) fn append_block<P: Planes>(block: &[u8; BLOCK], output: &mut Vec<u8>) -> Mapped {
    let start = output.len();
    output.extend_from_slice(&ascii::uppercased(block));
    let upper = output.last_chunk_mut().expect("just appended");
    let mapped = map_block::<P>(block, upper);
    output.truncate(start + mapped.length);
    mapped
}

/// Writes the upper case of the characters of a block that are not ASCII to where they stand in `upper`.
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

    // The last byte, the last two and the last three do not end a character of two, three and four bytes.
    const LAST: u64 = 1 << (BLOCK - 1);
    let unended = begun & LAST | (three | four) & LAST >> 1 | four & LAST >> 2;
    let mut length = unended.trailing_zeros() as usize;
    let mut special = None;
    let mut end_before = |found: Option<(usize, Special)>| {
        if let Some((place, found)) = found.filter(|(place, _)| *place < length) {
            (length, special) = (place, Some(found));
        }
    };
    end_before(map_two_bytes(two & continued >> 1, block, upper));
    if three != 0 {
        let whole = three & continued >> 1 & continued >> 2;
        end_before(map_three_bytes(whole & !caseless::<P>(block), block, upper));
    }
    if four != 0 {
        map_four_bytes(four & continued >> 1 & continued >> 2 & continued >> 3, block, upper);
    }
    Mapped { length, special, is_ascii: false }
}

/// The bytes whose low four bits are 3 to 9. Where such a byte begins a character of three bytes, that is
/// one of U+3000 to U+9FFF, Chinese and Japanese above all, which have no case.
#[inline(always)]
fn caseless<P: Planes>(block: &[u8; BLOCK]) -> u64 {
    let planes = [P::plane::<0>(block), P::plane::<1>(block), P::plane::<2>(block), P::plane::<3>(block)];
    let from_3_to_7 = !planes[3] & (planes[2] | planes[1] & planes[0]);
    let from_8_to_9 = planes[3] & !planes[2] & !planes[1];
    from_3_to_7 | from_8_to_9
}

/// The places of the bits that are set, from the lowest on.
#[inline(always)]
fn places(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        place
    })
}

/// The `N` bytes from a place on, and the place of each. They never go beyond the block; the remainder tells
/// the compiler so.
#[inline(always)]
fn bytes_at<const N: usize>(place: usize, block: &[u8; BLOCK]) -> ([usize; N], [u8; N]) {
    let places = std::array::from_fn(|n| (place + n) % BLOCK);
    (places, places.map(|place| block[place]))
}

/// The six bits that a continuation carries.
#[inline(always)]
fn six_bits(byte: u8) -> usize {
    usize::from(byte & 0x3f)
}

/// Maps the characters of two bytes that begin at these places, up to the first special, and returns that.
#[inline(always)]
fn map_two_bytes(begun: u64, block: &[u8; BLOCK], upper: &mut [u8; BLOCK]) -> Option<(usize, Special)> {
    for place in places(begun) {
        let (at, bytes) = bytes_at::<2>(place, block);
        let entry = TWO_BYTES[usize::from(bytes[0] & 0x1f) << 6 | six_bits(bytes[1])];
        if entry < 0x100 {
            return Some((place, special(2, entry)));
        }
        [upper[at[0]], upper[at[1]]] = entry.to_le_bytes();
    }
    None
}

/// As [`map_two_bytes`], for three.
#[inline(always)]
fn map_three_bytes(begun: u64, block: &[u8; BLOCK], upper: &mut [u8; BLOCK]) -> Option<(usize, Special)> {
    for place in places(begun) {
        let (at, bytes) = bytes_at::<3>(place, block);
        let high = usize::from(bytes[0] & 0xf) << 6 | six_bits(bytes[1]);
        let Some((entry, mapped)) = mapped(high, bytes[2]) else { continue };
        let number = entry.wrapping_sub(SPECIAL);
        if usize::from(number) < SPECIALS.len() {
            return Some((place, special(3, number)));
        }
        upper[at[0]] = 0xe0 | (mapped >> 12) as u8;
        upper[at[1]] = 0x80 | (mapped >> 6) as u8 & 0x3f;
        upper[at[2]] = 0x80 | mapped as u8 & 0x3f;
    }
    None
}

/// As [`map_two_bytes`], for four, of which none is special.
#[inline(always)]
fn map_four_bytes(begun: u64, block: &[u8; BLOCK], upper: &mut [u8; BLOCK]) {
    for place in places(begun) {
        let (at, bytes) = bytes_at::<4>(place, block);
        let high = usize::from(bytes[0] & 0xf) << 12 | six_bits(bytes[1]) << 6 | six_bits(bytes[2]);
        // Below U+10000 it is overlong; beyond the tables, at U+1FFFF, nothing has case.
        if high < 0x400 {
            continue;
        }
        let Some((_, mapped)) = mapped(high, bytes[3]) else { continue };
        upper[at[1]] = 0x90 | (mapped >> 12) as u8;
        upper[at[2]] = 0x80 | (mapped >> 6) as u8 & 0x3f;
        upper[at[3]] = 0x80 | mapped as u8 & 0x3f;
    }
}

/// The entry of a character in the tables and the low 16 bits of its upper case, unless its page is of
/// characters without case. `high` is all of the character but the six bits that its last byte carries.
#[inline(always)]
fn mapped(high: usize, last: u8) -> Option<(u16, u16)> {
    let page = PAGE_OF.get(high).filter(|page| **page != 0)?;
    let entry = PAGES[usize::from(*page)][six_bits(last)];
    Some((entry, ((high << 6 | six_bits(last)) as u16).wrapping_add(entry)))
}

/// The special with this number, which has this many bytes.
fn special(length: usize, number: u16) -> Special {
    let entry = &SPECIALS[usize::from(number)];
    Special { length, upper: &entry[..usize::from(entry[7])] }
}
