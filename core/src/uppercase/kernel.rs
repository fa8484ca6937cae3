//! The loop over the input, compiled for each set of instructions.

#[cfg(target_arch = "x86_64")]
use super::planes::Sse2 as Baseline;
#[cfg(not(target_arch = "x86_64"))]
use super::planes::Words as Baseline;
use super::planes::{BLOCK, Planes};
use super::{ascii, mapping};

/// How much longer upper case can be, in bytes: `ΐ` (2 bytes) becomes three characters of 2.
pub(crate) const MAX_GROWTH: usize = 3;

/// From this length on ASCII is stored to aligned addresses, which is then a third faster.
const WORTH_ALIGNING: usize = 1024;

/// Appends the upper case of `input` to `output`.
///
/// Allocates nothing while `output` has room for [`MAX_GROWTH`] times the input, and takes no lock, so
/// that a forked child may call it.
pub(crate) fn uppercase_into(input: &[u8], output: &mut Vec<u8>) {
    #[cfg(target_arch = "x86_64")]
    if input.len() >= BLOCK && has_avx2() {
        // SAFETY: The processor has the instructions that the function is compiled to.
        return unsafe { append_with_avx2(input, output) };
    }
    append::<Baseline>(input, output);
}

/// Whether [`append_with_avx2`] may be called. The first call asks the processor, and keeps the answer in
/// atomics.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_avx2() -> bool {
    std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("bmi1")
}

/// [`append`], for processors with registers of 32 bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
pub(super) fn append_with_avx2(input: &[u8], output: &mut Vec<u8>) {
    append::<Baseline>(input, output);
}

/// [`uppercase_into`], with the instructions that the caller is compiled for.
#[inline(always)]
pub(super) fn append<P: Planes>(mut input: &[u8], output: &mut Vec<u8>) {
    // From here on `output` always has room for what is left of the input, should it not grow.
    output.reserve(input.len());
    while let Some(block) = input.first_chunk() {
        let mut mapped = mapping::append_block::<P>(block, output);
        if mapped.is_ascii && input.len() >= WORTH_ALIGNING {
            // What goes beyond an aligned address is done again.
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
        // What the input does not fill is NUL, which is ASCII and ends a character that is not whole.
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

/// Appends what becomes of the special at the beginning of `input`, and returns what follows it.
#[inline(always)]
fn append_special<'a>(special: mapping::Special, input: &'a [u8], output: &mut Vec<u8>) -> &'a [u8] {
    let rest = &input[special.length..];
    output.extend_from_slice(special.upper);
    output.reserve(rest.len());
    rest
}
