//! ASCII, which most text is made of.
//!
//! The loops have no branch for one byte and lengths that are constants, so that the compiler turns them
//! into instructions on whole registers, of the size that the caller is compiled for.

use std::mem::MaybeUninit;

/// How many bytes are looked at before the next branch.
const BLOCK: usize = 128;

/// The upper case of the ASCII letters, and all else as it is.
#[inline(always)]
pub(super) fn uppercased<const N: usize>(bytes: &[u8; N]) -> [u8; N] {
    let mut upper = *bytes;
    for byte in &mut upper {
        *byte ^= u8::from(byte.wrapping_sub(b'a') < 26) << 5;
    }
    upper
}

#[inline(always)]
fn is_ascii<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) < 0x80
}

/// Appends the upper case of the blocks of ASCII that `input` begins with, as far as `output` has room,
/// and returns what follows.
#[inline(always)]
pub(super) fn append_blocks<'a>(input: &'a [u8], output: &mut Vec<u8>) -> &'a [u8] {
    let (blocks, _) = input.as_chunks::<BLOCK>();
    let (spare, _) = output.spare_capacity_mut().as_chunks_mut::<BLOCK>();
    let mut done = 0;
    for (block, spare) in blocks.iter().zip(spare) {
        // The store does not wait for the answer whether it was wanted.
        *spare = uppercased(block).map(MaybeUninit::new);
        if !is_ascii(block) {
            break;
        }
        done += BLOCK;
    }
    // SAFETY: So many bytes of the spare capacity were written.
    unsafe { output.set_len(output.len() + done) };
    &input[done..]
}

/// Appends the upper case of fewer than 64 bytes if all are ASCII. If not, or if they are more, appends
/// nothing and returns false.
#[inline(always)]
pub(super) fn append_short(input: &[u8], output: &mut Vec<u8>) -> bool {
    match input.len() {
        32..64 => append_ends::<32>(input, output),
        16..32 => append_ends::<16>(input, output),
        8..16 => append_ends::<8>(input, output),
        4..8 => append_ends::<4>(input, output),
        2..4 => append_ends::<2>(input, output),
        1 => append_ends::<1>(input, output),
        length => length == 0,
    }
}

/// [`append_short`] for `N` to twice `N` bytes: the first `N`, and the last `N` over what these have of them.
#[inline(always)]
fn append_ends<const N: usize>(input: &[u8], output: &mut Vec<u8>) -> bool {
    let (Some(first), Some(last)) = (input.first_chunk::<N>(), input.last_chunk::<N>()) else { return false };
    let ascii = is_ascii(first) & is_ascii(last);
    if ascii {
        let last_begins = output.len() + input.len() - N;
        output.extend_from_slice(&uppercased(first));
        output.truncate(last_begins);
        output.extend_from_slice(&uppercased(last));
    }
    ascii
}
