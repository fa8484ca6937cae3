//! Conversion of `struct sockaddr`. It is read and written as bytes, without relying on the alignment or the
//! length that the caller gives.

use std::mem::offset_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ptr;

use capsock::net::Family;
use capsock::{Error, ErrorKind, Result};

use crate::pointer::{bytes, given, refused};
use crate::system::{
    ADDRESS_HAS_LENGTH, AF_INET, AF_INET6, SCOPE_ID, sa_family_t, sockaddr, sockaddr_in, sockaddr_in6,
    sockaddr_storage, socklen_t,
};

const V4_SIZE: usize = size_of::<sockaddr_in>();
const V6_SIZE: usize = size_of::<sockaddr_in6>();

/// Reads an IPv4 or IPv6 address; no more than its length, and no more than its family needs.
///
/// # Safety
/// `address` is NULL or points to `length` bytes.
pub(crate) unsafe fn read_address(address: *const sockaddr, length: socklen_t) -> Result<SocketAddr> {
    let size = length as usize;
    if size > size_of::<sockaddr_storage>() {
        return Err(refused("address_length", format!("no address has {length} bytes")));
    }
    // SAFETY: NULL or `length` bytes, of which at most the longest address is looked at.
    let raw = unsafe { bytes(address.cast(), size.min(V6_SIZE), "address") }?;
    parse(raw).ok_or_else(|| {
        let family = field::<2>(raw, 0).map(u16::from_ne_bytes).map(i32::from);
        let (ipv4, ipv6) = (AF_INET, AF_INET6);
        refused(
            if matches!(family, Some(AF_INET | AF_INET6) | None) { "address_length" } else { "address" },
            match family {
                Some(AF_INET) => format!("{length} bytes are no sockaddr_in, which has {V4_SIZE}"),
                Some(AF_INET6) => format!("{length} bytes are no sockaddr_in6, which has {V6_SIZE}"),
                Some(other) => {
                    format!("its family is {other}, and neither AF_INET ({ipv4}) nor AF_INET6 ({ipv6})")
                }
                None => format!("{length} bytes are too few for a family"),
            },
        )
    })
}

fn field<const N: usize>(raw: &[u8], at: usize) -> Option<[u8; N]> {
    raw.get(at..)?.first_chunk().copied()
}

fn parse(raw: &[u8]) -> Option<SocketAddr> {
    match i32::from(sa_family_t::from_ne_bytes(field(raw, offset_of!(sockaddr, sa_family))?)) {
        AF_INET if raw.len() >= V4_SIZE => {
            let ip = Ipv4Addr::from(field::<4>(raw, offset_of!(sockaddr_in, sin_addr))?);
            let port = u16::from_be_bytes(field(raw, offset_of!(sockaddr_in, sin_port))?);
            Some(SocketAddr::from((ip, port)))
        }
        AF_INET6 if raw.len() >= V6_SIZE => Some(SocketAddr::V6(SocketAddrV6::new(
            Ipv6Addr::from(field::<16>(raw, offset_of!(sockaddr_in6, sin6_addr))?),
            u16::from_be_bytes(field(raw, offset_of!(sockaddr_in6, sin6_port))?),
            // As socket2 and std have it: the number as it is in memory.
            u32::from_ne_bytes(field(raw, offset_of!(sockaddr_in6, sin6_flowinfo))?),
            u32::from_ne_bytes(field(raw, SCOPE_ID)?),
        ))),
        _ => None,
    }
}

fn write(address: SocketAddr) -> ([u8; V6_SIZE], usize) {
    let mut raw = [0; V6_SIZE];
    let mut put = |at: usize, value: &[u8]| raw[at..at + value.len()].copy_from_slice(value);
    let size = match address {
        SocketAddr::V4(v4) => {
            put(offset_of!(sockaddr, sa_family), &(AF_INET as sa_family_t).to_ne_bytes());
            put(offset_of!(sockaddr_in, sin_port), &v4.port().to_be_bytes());
            put(offset_of!(sockaddr_in, sin_addr), &v4.ip().octets());
            V4_SIZE
        }
        SocketAddr::V6(v6) => {
            put(offset_of!(sockaddr, sa_family), &(AF_INET6 as sa_family_t).to_ne_bytes());
            put(offset_of!(sockaddr_in6, sin6_port), &v6.port().to_be_bytes());
            put(offset_of!(sockaddr_in6, sin6_flowinfo), &v6.flowinfo().to_ne_bytes());
            put(offset_of!(sockaddr_in6, sin6_addr), &v6.ip().octets());
            put(SCOPE_ID, &v6.scope_id().to_ne_bytes());
            V6_SIZE
        }
    };
    if ADDRESS_HAS_LENGTH {
        raw[0] = size as u8;
    }
    (raw, size)
}

/// The caller's buffer for an address, which has room for one of the socket's family.
pub(crate) struct AddressBuffer<'a> {
    address: *mut u8,
    length: &'a mut socklen_t,
}

impl<'a> AddressBuffer<'a> {
    /// `None` if the caller wants none: a NULL address. What is too small is refused, so that no address
    /// is ever cut. `family` is `None` where it is not known before.
    pub(crate) fn new(
        address: *mut sockaddr,
        length: Option<&'a mut socklen_t>,
        family: Option<Family>,
    ) -> Result<Option<AddressBuffer<'a>>> {
        if address.is_null() {
            return Ok(None);
        }
        let length = given(length, "address_length")?;
        let needed = if family == Some(Family::V4) { V4_SIZE } else { V6_SIZE };
        if (*length as usize) < needed {
            return Err(refused(
                "address_length",
                format!("an address needs {needed} bytes, and there are {length}"),
            ));
        }
        Ok(Some(AddressBuffer { address: address.cast(), length }))
    }

    /// Writes the address and its length, or the length 0 for none.
    ///
    /// # Safety
    /// As many bytes as the caller's length said can be written at the caller's address.
    pub(crate) unsafe fn write(self, address: Option<SocketAddr>) -> Result<()> {
        let (raw, size) = address.map_or(([0; V6_SIZE], 0), write);
        if size > *self.length as usize {
            let text = format!("the address has {size} bytes, and the buffer {}", self.length);
            return Err(Error::new(ErrorKind::Internal, "write the address", text));
        }
        // SAFETY: `size` is not more than the caller said is there, and the array is not the caller's.
        unsafe { ptr::copy_nonoverlapping(raw.as_ptr(), self.address, size) };
        *self.length = size as socklen_t;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::mem::MaybeUninit;

    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was() {
        for text in ["127.0.0.1:12000", "0.0.0.0:0", "[::1]:65535", "[fe80::1%7]:80"] {
            let address: SocketAddr = text.parse().expect("an address");
            // One byte off, so that it is not aligned.
            let mut memory = [MaybeUninit::<u8>::new(9); V6_SIZE + 2];
            let mut length = V6_SIZE as socklen_t;
            let at = memory[1..].as_mut_ptr().cast::<sockaddr>();
            let buffer = AddressBuffer::new(at, Some(&mut length), None).expect("room").expect("wanted");
            // SAFETY: the memory has so many bytes.
            unsafe { buffer.write(Some(address)) }.expect("room");
            // SAFETY: as above.
            assert_eq!(unsafe { read_address(at, length) }, Ok(address));
            // SAFETY: all of it was initialised.
            assert_eq!(unsafe { memory[length as usize + 1].assume_init() }, 9, "written beyond its end");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let (v4, _) = write("127.0.0.1:1".parse().expect("an address"));
        let (v6, _) = write("[::1]:1".parse().expect("an address"));
        let unix = [1_u8; V6_SIZE];
        let longest = (u32::MAX as socklen_t).to_string();
        let cases: [(&[u8], socklen_t, &str); 7] = [
            (&v4, 15, "sockaddr_in,"),
            (&v6, 27, "sockaddr_in6"),
            (&unix, 28, "AF_INET"),
            (&v4, 1, "family"),
            (&v4, 0, "family"),
            (&v4, 129, "129"),
            (&v4, u32::MAX as socklen_t, &longest),
        ];
        for (raw, length, text) in cases {
            // Of exactly the length, where it is that short, so that a tool sees what is read beyond it.
            let exact = raw[..raw.len().min(length as usize)].to_vec();
            // SAFETY: lengths beyond the memory are refused before anything is read.
            let error = unsafe { read_address(exact.as_ptr().cast(), length) }.expect_err(text);
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
