//! Converts ASCII, the most frequent characters of most text.
//!
//! The loops have constant lengths and no branch for a single byte, so that the compiler vectorizes them for the
//! instruction set of the caller.

use std::mem::MaybeUninit;

/// The number of bytes that are tested at once, for one branch.
const BLOCK: usize = 128;

/// The bytes with ASCII letters in upper case and all others unchanged.
#[inline(always)]
pub(super) fn uppercased<const N: usize>(bytes: &[u8; N]) -> [u8; N] {
    // The letters become the 26 least signed numbers: SSE2 and AVX2 have no comparison of unsigned ones.
    const BEHIND_Z: i8 = i8::MIN + 26;
    let mut upper = *bytes;
    for byte in &mut upper {
        *byte ^= u8::from((byte.wrapping_add(0x80 - b'a') as i8) < BEHIND_Z) << 5;
    }
    upper
}

#[inline(always)]
fn is_ascii<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) < 0x80
}

/// Writes the upper case of `input` to the beginning of `output`, without allocating, if `input` is ASCII and `output` is
/// at least as long. Otherwise returns false; bytes of `output` may have been written.
///
/// ```
/// let mut upper = [0; 8];
/// assert!(capsock::uppercase_ascii(b"hello", &mut upper));
/// assert_eq!(&upper, b"HELLO\0\0\0");
/// assert!(!capsock::uppercase_ascii("straße".as_bytes(), &mut upper));
/// ```
#[must_use]
pub fn uppercase_ascii(input: &[u8], output: &mut [u8]) -> bool {
    let Some(output) = output.get_mut(..input.len()) else { return false };
    let mut all = 0;
    for (byte, upper) in input.iter().zip(output) {
        let [converted] = uppercased(&[*byte]);
        *upper = converted;
        all |= byte;
    }
    all < 0x80
}

/// Appends the upper case of the blocks of ASCII at the beginning of `input`, up to the spare capacity of `output`.
/// Returns the rest of the input.
#[inline(always)]
pub(super) fn append_blocks<'a>(input: &'a [u8], output: &mut Vec<u8>) -> &'a [u8] {
    let (blocks, _) = input.as_chunks::<BLOCK>();
    let (spare, _) = output.spare_capacity_mut().as_chunks_mut::<BLOCK>();
    let mut done = 0;
    for (block, spare) in blocks.iter().zip(spare) {
        // The block is stored before it is tested, so that the store does not depend on the test.
        *spare = uppercased(block).map(MaybeUninit::new);
        if !is_ascii(block) {
            break;
        }
        done += BLOCK;
    }
    // SAFETY: The first `done` bytes of the spare capacity have been initialized.
    unsafe { output.set_len(output.len() + done) };
    &input[done..]
}

/// Appends the upper case of `input` if it has fewer than 128 bytes and all are ASCII. Otherwise appends nothing and
/// returns false. The spare capacity of `output` is at least the length of `input`.
#[inline(always)]
pub(super) fn append_short(input: &[u8], output: &mut Vec<u8>) -> bool {
    match input.len() {
        64..128 => append_ends::<64>(input, output),
        32..64 => append_ends::<32>(input, output),
        16..32 => append_ends::<16>(input, output),
        8..16 => append_ends::<8>(input, output),
        4..8 => append_ends::<4>(input, output),
        2..4 => append_ends::<2>(input, output),
        1 => append_ends::<1>(input, output),
        length => length == 0,
    }
}

/// [`append_short`] for `N` to `2 * N` bytes: converts the first `N` and the last `N` bytes, which may overlap.
#[inline(always)]
fn append_ends<const N: usize>(input: &[u8], output: &mut Vec<u8>) -> bool {
    let spare = &mut output.spare_capacity_mut()[..input.len()];
    let (Some(first), Some(last)) = (input.first_chunk::<N>(), input.last_chunk::<N>()) else { return false };
    // Stored before it is tested, as above.
    for (at, bytes) in [(0, first), (input.len() - N, last)] {
        for (spare, upper) in spare[at..at + N].iter_mut().zip(uppercased(bytes)) {
            spare.write(upper);
        }
    }
    let ascii = is_ascii(first) & is_ascii(last);
    if ascii {
        // SAFETY: The bytes of both ends have been initialized, which are all of the input's length.
        unsafe { output.set_len(output.len() + input.len()) };
    }
    ascii
}
