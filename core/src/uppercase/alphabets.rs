//! Maps the letters of an alphabet in a whole block at once.
//!
//! In UTF-8 most letters of Greek, Cyrillic and Georgian, and those of Latin-1, differ from their upper case by the same
//! bits. The loops have the length of a block and no branch for a single byte, so that the compiler vectorizes them. What
//! is not in the tables here is left to `mapping`.

use super::planes::{BLOCK, Planes};

/// From so many characters of two or three bytes in a block on, those of one alphabet cost more one by one.
pub(super) const WORTHWHILE: u32 = 18;

/// The letters with these first bytes and a last byte of this range, and the bits by which they differ from their upper
/// case.
struct Letters<const N: usize> {
    begin: [u8; N],
    first: u8,
    last: u8,
    begin_bits: u8,
    last_bits: u8,
}

const fn letters<const N: usize>(
    begin: [u8; N],
    (first, last): (u8, u8),
    (begin_bits, last_bits): (u8, u8),
) -> Letters<N> {
    Letters { begin, first, last, begin_bits, last_bits }
}

/// `à` to `ö`, `ø` to `þ`.
const LATIN_1: [Letters<1>; 2] =
    [letters([0xc3], (0xa0, 0xb6), (0, 0x20)), letters([0xc3], (0xb8, 0xbe), (0, 0x20))];

/// `α` to `ο`; `π`, `ρ`; `σ` to `ϋ`.
const GREEK: [Letters<1>; 3] = [
    letters([0xce], (0xb1, 0xbf), (0, 0x20)),
    letters([0xcf], (0x80, 0x81), (1, 0x20)),
    letters([0xcf], (0x83, 0x8b), (1, 0x20)),
];

/// `а` to `п`; `р` to `я`; `ѐ` to `џ`.
const CYRILLIC: [Letters<1>; 3] = [
    letters([0xd0], (0xb0, 0xbf), (0, 0x20)),
    letters([0xd1], (0x80, 0x8f), (1, 0x20)),
    letters([0xd1], (0x90, 0x9f), (1, 0x10)),
];

/// `ა` to `ჺ`; `ჽ` to `ჿ`.
const GEORGIAN: [Letters<2>; 2] =
    [letters([0xe1, 0x83], (0x90, 0xba), (0x31, 0)), letters([0xe1, 0x83], (0xbd, 0xbf), (0x31, 0))];

/// Maps the letters of the alphabet that has this first byte, if there is one. Returns where they begin.
#[inline(always)]
pub(super) fn map_two_bytes<P: Planes>(first: u8, block: &[u8; BLOCK], upper: &mut [u8; BLOCK]) -> u64 {
    match first {
        0xc3 => map::<P, 1, 2>(&LATIN_1, block, upper),
        0xce | 0xcf => map::<P, 1, 3>(&GREEK, block, upper),
        0xd0 | 0xd1 => map::<P, 1, 3>(&CYRILLIC, block, upper),
        _ => 0,
    }
}

/// As [`map_two_bytes`], for letters of three bytes, of which these are the first two.
#[inline(always)]
pub(super) fn map_three_bytes<P: Planes>(
    first: [u8; 2],
    block: &[u8; BLOCK],
    upper: &mut [u8; BLOCK],
) -> u64 {
    match first {
        [0xe1, 0x83] => map::<P, 2, 2>(&GEORGIAN, block, upper),
        _ => 0,
    }
}

/// `N`: how many bytes a letter has before the last one.
#[inline(always)]
fn map<P: Planes, const N: usize, const RANGES: usize>(
    alphabet: &[Letters<N>; RANGES],
    block: &[u8; BLOCK],
    upper: &mut [u8; BLOCK],
) -> u64 {
    // Behind the block no letter continues.
    let mut bytes = [0; BLOCK + 2];
    bytes[..BLOCK].copy_from_slice(block);
    // 0xff if one of the letters begins there, else 0. It is no function, and each loop compares again, since the
    // compiler makes slower code of the results of a function and of those that are kept in an array.
    macro_rules! begins {
        ($letters:ident, $position:ident) => {{
            let last = bytes[$position + N];
            let begins =
                (bytes[$position] == $letters.begin[0]) & (bytes[$position + N - 1] == $letters.begin[N - 1]);
            let in_range = last.wrapping_sub($letters.first) <= $letters.last - $letters.first;
            if begins & in_range { 0xff } else { 0 }
        }};
    }
    let (mut begun, mut begin_bits, mut last_bits) = ([0; BLOCK], [0; BLOCK + 1], [0; BLOCK + 2]);
    for letters in alphabet {
        for position in 0..BLOCK {
            begun[position] |= begins!(letters, position);
        }
    }
    for letters in alphabet {
        for position in 0..BLOCK {
            // The bits differ in the last of the first bytes.
            begin_bits[position + N - 1] |= begins!(letters, position) & letters.begin_bits;
        }
        for position in 0..BLOCK {
            last_bits[position + N] |= begins!(letters, position) & letters.last_bits;
        }
    }
    for position in 0..BLOCK {
        upper[position] ^= begin_bits[position] ^ last_bits[position];
    }
    P::plane::<7>(&begun)
}
