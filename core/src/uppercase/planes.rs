//! Bit planes: the same bit of each of 64 bytes as one number, so that one instruction tests 64 bytes.

/// The length of a block in bytes.
pub(super) const BLOCK: usize = 64;

/// A method of extracting a plane from a block.
pub(super) trait Planes {
    /// Bit `BIT` (7 is the highest) of each byte. The lowest bit of the result is that of the first byte.
    fn plane<const BIT: u32>(block: &[u8; BLOCK]) -> u64;
}

/// SIMD within a register: eight bytes at a time, on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(super) struct Swar;

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Planes for Swar {
    #[inline(always)]
    fn plane<const BIT: u32>(block: &[u8; BLOCK]) -> u64 {
        let (words, _) = block.as_chunks::<8>();
        words.iter().rev().fold(0, |plane, word| {
            let bits = u64::from_le_bytes(*word) >> BIT & 0x0101_0101_0101_0101;
            // Moves the bit of byte `n` to bit `56 + n`; no two bits of the product coincide.
            plane << 8 | bits.wrapping_mul(0x0102_0408_1020_4080) >> 56
        })
    }
}

/// Sixteen bytes at a time.
#[cfg(target_arch = "x86_64")]
pub(super) struct Sse2;

#[cfg(target_arch = "x86_64")]
impl Planes for Sse2 {
    #[inline(always)]
    fn plane<const BIT: u32>(block: &[u8; BLOCK]) -> u64 {
        use std::arch::x86_64::{_mm_cvtsi32_si128, _mm_loadu_si128, _mm_movemask_epi8, _mm_sll_epi16};

        let (parts, _) = block.as_chunks::<16>();
        parts.iter().rev().fold(0, |plane, part| {
            // SAFETY: Every x86_64 processor has SSE2, and 16 bytes are read from an array of 16.
            let bits = unsafe {
                let bytes = _mm_loadu_si128(part.as_ptr().cast());
                // It shifts pairs of bytes; a bit shifted into the next byte stays below bit 7.
                _mm_movemask_epi8(_mm_sll_epi16(bytes, _mm_cvtsi32_si128(7 - BIT as i32)))
            };
            plane << 16 | u64::from(bits as u16)
        })
    }
}
