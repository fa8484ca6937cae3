//! Version 2: 16 bytes with the length of what follows, the addresses, and any number of TLVs (type, length, value).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::crc32c::Crc32c;
use super::header::{Malformed, Progress, Proxied};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The places of the version with the command, of the family with the protocol, and of the last byte of the length.
const COMMAND: usize = 12;
const FAMILY: usize = 13;
const LENGTH: usize = 15;

/// The length of the part of every header, and of the longest one whose addresses are read.
const FIXED: usize = 16;
const READ: usize = FIXED + 36;

/// The type of the TLV with the checksum of the header (PP2_TYPE_CRC32C).
const CRC32C: u8 = 0x03;

/// The families of addresses.
#[derive(Debug, Clone, Copy)]
enum Family {
    V4,
    V6,
    /// Two paths of Unix domain sockets, which are skipped.
    Unix,
}

impl Family {
    /// The length of both addresses with their ports.
    fn length(self) -> usize {
        match self {
            Family::V4 => 12,
            Family::V6 => 36,
            Family::Unix => 216,
        }
    }
}

/// What follows the 16 bytes.
#[derive(Debug, Clone, Copy)]
enum Block {
    /// Nothing that is read: the command is LOCAL, or the family unspecified. Its content is not defined.
    Ignored,
    /// Addresses, then TLVs.
    Addresses(Family),
}

#[derive(Debug)]
pub(super) struct BinaryHeader {
    /// Its beginning.
    bytes: [u8; READ],
    /// How many bytes have been read.
    position: usize,
    /// The length of the header, once it is known.
    length: usize,
    block: Block,
    tlvs: Tlvs,
    /// That of the bytes so far, of which those of the checksum count as zero.
    crc: Crc32c,
}

impl Default for BinaryHeader {
    fn default() -> BinaryHeader {
        BinaryHeader {
            bytes: [0; READ],
            position: 0,
            length: usize::MAX,
            block: Block::Ignored,
            tlvs: Tlvs::default(),
            crc: Crc32c::EMPTY,
        }
    }
}

impl BinaryHeader {
    pub(super) fn push(&mut self, byte: u8) -> Result<Progress, Malformed> {
        let position = self.position;
        self.position += 1;
        if let Some(kept) = self.bytes.get_mut(position) {
            *kept = byte;
        }
        let mut is_checksum = false;
        match position {
            ..COMMAND if SIGNATURE[position] != byte => {
                return Err(Malformed("it begins with the signature of neither version"));
            }
            COMMAND if !matches!(byte, 0x20 | 0x21) => {
                return Err(Malformed("its version or command is unknown"));
            }
            FAMILY => self.block = self.block_of(byte)?,
            LENGTH => self.set_length()?,
            FIXED.. => is_checksum = self.push_to_block(position - FIXED, byte)?,
            _ => {}
        }
        self.crc.push(if is_checksum { 0 } else { byte });
        if self.position < self.length { Ok(Progress::Incomplete) } else { self.end() }
    }

    /// What the block is by the command and the byte of the family and protocol.
    fn block_of(&self, byte: u8) -> Result<Block, Malformed> {
        let is_local = self.bytes[COMMAND] == 0x20;
        Ok(match byte {
            _ if is_local => Block::Ignored,
            0x00 => Block::Ignored,
            0x11 | 0x12 => Block::Addresses(Family::V4),
            0x21 | 0x22 => Block::Addresses(Family::V6),
            0x31 | 0x32 => Block::Addresses(Family::Unix),
            _ => return Err(Malformed("its address family or protocol is unknown")),
        })
    }

    fn set_length(&mut self) -> Result<(), Malformed> {
        let block = usize::from(u16::from_be_bytes([self.bytes[LENGTH - 1], self.bytes[LENGTH]]));
        self.length = FIXED + block;
        match self.block {
            Block::Addresses(family) if block < family.length() => {
                Err(Malformed("it is shorter than its addresses"))
            }
            _ => Ok(()),
        }
    }

    /// Reads a byte of the block; whether it is one of the checksum.
    fn push_to_block(&mut self, position: usize, byte: u8) -> Result<bool, Malformed> {
        match self.block {
            Block::Addresses(family) if position >= family.length() => self.tlvs.push(byte),
            _ => Ok(false),
        }
    }

    fn end(&self) -> Result<Progress, Malformed> {
        self.tlvs.check(self.crc)?;
        let proxied = match self.block {
            Block::Ignored | Block::Addresses(Family::Unix) => None,
            Block::Addresses(Family::V4) => {
                Some(self.addresses(|octets: [u8; 4]| Ipv4Addr::from(octets).into()))
            }
            Block::Addresses(Family::V6) => {
                Some(self.addresses(|octets: [u8; 16]| Ipv6Addr::from(octets).into()))
            }
        };
        Ok(Progress::Complete(proxied))
    }

    /// The two addresses, each of as many bytes as `ip` takes, then the two ports.
    fn addresses<const OCTETS: usize>(&self, ip: fn([u8; OCTETS]) -> IpAddr) -> Proxied {
        let mut rest = &self.bytes[FIXED..];
        let (source, destination) = (ip(take(&mut rest)), ip(take(&mut rest)));
        let mut port = || u16::from_be_bytes(take(&mut rest));
        let (source, destination) = (SocketAddr::new(source, port()), SocketAddr::new(destination, port()));
        Proxied::new(source, destination)
    }
}

/// The first bytes of `rest`, which begins behind them afterwards.
fn take<const LENGTH: usize>(rest: &mut &[u8]) -> [u8; LENGTH] {
    let (first, others) = rest.split_first_chunk().expect("two addresses with ports are 36 bytes at most");
    *rest = others;
    *first
}

/// The TLVs, which are skipped but for the checksum.
#[derive(Debug, Default)]
struct Tlvs {
    /// How many bytes of the type and length of the current one have been read.
    head: u8,
    kind: u8,
    /// The bytes of its value that are left.
    left: u16,
    checksum: Option<u32>,
}

impl Tlvs {
    /// Reads a byte; whether it is one of the checksum.
    fn push(&mut self, byte: u8) -> Result<bool, Malformed> {
        match self.head {
            0 => {
                self.kind = byte;
                self.head = 1;
            }
            1 => {
                self.left = u16::from(byte) << 8;
                self.head = 2;
            }
            2 => {
                self.left |= u16::from(byte);
                self.head = if self.left == 0 { 0 } else { 3 };
                if self.kind == CRC32C {
                    self.begin_checksum()?;
                }
            }
            _ => {
                self.left -= 1;
                self.head = if self.left == 0 { 0 } else { 3 };
                if self.kind == CRC32C {
                    self.checksum = self.checksum.map(|sum| sum << 8 | u32::from(byte));
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn begin_checksum(&mut self) -> Result<(), Malformed> {
        if self.left != 4 || self.checksum.is_some() {
            return Err(Malformed("its checksum has not 4 bytes, or is not the only one"));
        }
        self.checksum = Some(0);
        Ok(())
    }

    /// Checks the end of the header, which has this checksum.
    fn check(&self, crc: Crc32c) -> Result<(), Malformed> {
        if self.head != 0 {
            return Err(Malformed("a TLV is longer than the header"));
        }
        match self.checksum {
            Some(sum) if sum != crc.sum() => Err(Malformed("its checksum (CRC-32C) is wrong")),
            _ => Ok(()),
        }
    }
}
