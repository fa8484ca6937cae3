//! The loop over the blocks of the input, compiled once for each instruction set.

#[cfg(target_arch = "x86_64")]
use super::planes::Sse2 as Baseline;
#[cfg(not(target_arch = "x86_64"))]
use super::planes::Swar as Baseline;
use super::planes::{BLOCK, Planes};
use super::{ascii, mapping};

/// The length of the output is at most this multiple of the input: `ΐ` (2 bytes) becomes three characters of 2 bytes.
pub(crate) const MAX_GROWTH: usize = 3;

/// The length in bytes from which ASCII is stored to aligned addresses, which is a third faster.
const ALIGNED_FROM: usize = 1024;

/// Appends the upper case of `input` to `output`.
///
/// A forked child may call it: it takes no lock, and does not allocate if the spare capacity of `output` is
/// [`MAX_GROWTH`] times the length of the input.
pub(crate) fn uppercase_into(input: &[u8], output: &mut Vec<u8>) {
    #[cfg(target_arch = "x86_64")]
    if input.len() >= BLOCK && has_avx2() {
        // SAFETY: The processor has the instruction sets that the function requires.
        return unsafe { append_with_avx2(input, output) };
    }
    append::<Baseline>(input, output);
}

/// Whether the processor has the instruction sets that [`append_with_avx2`] requires. The standard library stores
/// the result of the first call in atomics.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_avx2() -> bool {
    std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("popcnt")
}

/// [`append`], compiled for processors with registers of 32 bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
pub(super) fn append_with_avx2(input: &[u8], output: &mut Vec<u8>) {
    append::<Baseline>(input, output);
}

/// [`uppercase_into`], compiled for the instruction set of the caller.
#[inline(always)]
pub(super) fn append<P: Planes>(mut input: &[u8], output: &mut Vec<u8>) {
    // From here on the spare capacity of `output` is at least the length of the remaining input.
    output.reserve(input.len());
    if ascii::append_short(input, output) {
        return;
    }
    while let Some(block) = input.first_chunk() {
        let mut mapped = mapping::append_block::<P>(block, output);
        if mapped.is_ascii && input.len() >= ALIGNED_FROM {
            // The bytes behind the last aligned address are converted again.
            let beyond = output.as_ptr_range().end.addr() % BLOCK;
            output.truncate(output.len() - beyond);
            mapped.length -= beyond;
        }
        input = &input[mapped.length..];
        if mapped.is_ascii {
            input = ascii::append_blocks(input, output);
        } else if let Some(special) = mapped.special {
            input = append_special(special, input, output);
        }
    }
    while !ascii::append_short(input, output) {
        // The block is padded with NUL, which is ASCII and so ends an incomplete character.
        let mut block = [0; BLOCK];
        block[..input.len()].copy_from_slice(input);
        let mut upper = ascii::uppercased(&block);
        let mapped = mapping::map_block::<P>(&block, &mut upper);
        let length = mapped.length.min(input.len());
        output.extend_from_slice(&upper[..length]);
        input = &input[length..];
        if let Some(special) = mapped.special {
            input = append_special(special, input, output);
        }
    }
}

/// Appends the upper case of the special at the beginning of `input`, and returns the input behind it.
#[inline(always)]
fn append_special<'a>(special: mapping::Special, input: &'a [u8], output: &mut Vec<u8>) -> &'a [u8] {
    let rest = &input[special.length..];
    output.extend_from_slice(special.upper);
    output.reserve(rest.len());
    rest
}
