//! CRC-32C (Castagnoli; RFC 9260, appendix A), bit-reflected, a byte at a time: a header has a hundred bytes.

/// The polynomial 0x1EDC6F41, reflected.
const POLYNOMIAL: u32 = 0x82F6_3B78;

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ (POLYNOMIAL * (remainder & 1));
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
}

/// The checksum of the bytes so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crc32c(u32);

impl Crc32c {
    pub(super) const EMPTY: Crc32c = Crc32c(u32::MAX);

    pub(super) fn push(&mut self, byte: u8) {
        self.0 = (self.0 >> 8) ^ TABLE[usize::from(self.0 as u8 ^ byte)];
    }

    pub(super) fn sum(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(bytes: &[u8]) -> u32 {
        let mut crc = Crc32c::EMPTY;
        bytes.iter().for_each(|byte| crc.push(*byte));
        crc.sum()
    }

    /// RFC 3720, B.4, and the check value of the catalogue of CRCs.
    #[test]
    fn checksums_of_the_standards() {
        let ascending: Vec<u8> = (0..32).collect();
        let table: [(&[u8], u32); 5] = [
            (b"", 0),
            (b"123456789", 0xE306_9283),
            (&[0; 32], 0x8A91_36AA),
            (&[0xFF; 32], 0x62A8_AB43),
            (&ascending, 0x46DD_794E),
        ];
        for (bytes, expected) in table {
            assert_eq!(sum(bytes), expected, "{bytes:?}");
        }
    }
}
