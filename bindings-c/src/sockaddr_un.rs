//! Conversion of `struct sockaddr_un`, read and written as bytes, as `sockaddr` does it.

use std::ffi::OsStr;
use std::mem::offset_of;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use capsock::{Result, UnixAddress};

use crate::pointer::{given, refused};
use crate::system::{ADDRESS_HAS_LENGTH, AF_UNIX, sa_family_t, sockaddr, sockaddr_un, socklen_t};

const SIZE: usize = size_of::<sockaddr_un>();
const PATH: usize = offset_of!(sockaddr_un, sun_path);
const FAMILY: usize = offset_of!(sockaddr, sa_family);

/// Reads the address of a Unix domain socket; `None` if it is of another family, or too short or too long for one.
pub(crate) fn parse(raw: &[u8]) -> Option<UnixAddress> {
    let family = raw.get(FAMILY..)?.first_chunk().copied()?;
    if i32::from(sa_family_t::from_ne_bytes(family)) != AF_UNIX || raw.len() > SIZE {
        return None;
    }
    Some(match raw.get(PATH..)? {
        [] => UnixAddress::default(),
        [0, name @ ..] if cfg!(target_os = "linux") && !name.is_empty() => {
            UnixAddress::from_abstract_name(name)
        }
        path => {
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            match &path[..end] {
                [] => UnixAddress::default(),
                path => UnixAddress::from_path(OsStr::from_bytes(path)),
            }
        }
    })
}

/// The address as the system has it; what the system could not have is unnamed.
fn encode(address: &UnixAddress) -> Vec<u8> {
    let mut raw = vec![0; PATH];
    raw[FAMILY..][..size_of::<sa_family_t>()].copy_from_slice(&(AF_UNIX as sa_family_t).to_ne_bytes());
    if let Some(path) = address.as_path() {
        raw.extend(path.as_os_str().as_bytes());
        raw.push(0);
    }
    if let Some(name) = address.as_abstract_name() {
        raw.push(0);
        raw.extend(name);
    }
    raw.truncate(SIZE);
    if ADDRESS_HAS_LENGTH {
        raw[0] = raw.len() as u8;
    }
    raw
}

/// Writes an address into the caller's buffer, which has room for any of this family.
///
/// # Safety
/// `buffer` is NULL or has room for `*length` bytes.
pub(crate) unsafe fn give(
    address: &UnixAddress,
    buffer: *mut sockaddr,
    length: Option<&mut socklen_t>,
) -> Result<()> {
    if buffer.is_null() {
        return Err(refused("address", "it is NULL"));
    }
    let length = given(length, "address_length")?;
    if (*length as usize) < SIZE {
        return Err(refused(
            "address_length",
            format!("an address needs {SIZE} bytes, and there are {length}"),
        ));
    }
    let raw = encode(address);
    // SAFETY: `raw` is not longer than the room, which the caller promises, and is not the caller's.
    unsafe { ptr::copy_nonoverlapping(raw.as_ptr(), buffer.cast(), raw.len()) };
    *length = raw.len() as socklen_t;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was() {
        let mut table = vec![
            UnixAddress::default(),
            UnixAddress::from_path("/run/x.sock"),
            UnixAddress::from_path(OsStr::from_bytes(b"x\xff")),
            UnixAddress::from_path("x".repeat(103)),
        ];
        if cfg!(target_os = "linux") {
            table.push(UnixAddress::from_abstract_name(b"a\0b"));
            table.push(UnixAddress::from_abstract_name("x".repeat(107)));
        }
        for address in table {
            assert_eq!(parse(&encode(&address)), Some(address));
        }
        for other in [&[][..], &[1], &[255; PATH], &[0; PATH]] {
            assert_eq!(parse(other), None);
        }
    }
}
