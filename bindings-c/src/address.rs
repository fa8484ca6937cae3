//! Functions that resolve, parse and format addresses.

use std::ffi::{c_char, c_int};

use capsock::net::port::from_number;
use capsock::net::timeout::from_millis;
use capsock::net::{Family, Purpose, WaitPolicy};
use capsock::{Endpoint, Error, ErrorKind, Result};

use crate::guard::guard;
#[cfg(unix)]
use crate::pointer::bytes;
use crate::pointer::{bytes_mut, refused, text};
use crate::sockaddr::{AddressBuffer, read_address};
use crate::status::capsock_status;
#[cfg(unix)]
use crate::system::sockaddr_storage;
use crate::system::{AF_UNSPEC, sockaddr, socklen_t};

/// The size of a buffer that holds the text of any IPv4 or IPv6 address and its NUL.
pub const CAPSOCK_ADDRESS_SIZE: usize = 72;

/// The size of a buffer that holds the text of any address, that of a Unix domain socket included,
/// and its NUL.
pub const CAPSOCK_UNIX_ADDRESS_SIZE: usize = 656;

/// Resolves a host and a port to an address for `capsock_socket_sendto` and for system calls.
///
/// `host` is a name, an IP address, or "" for the local host; `port` is 0 to 65535; `family` is
/// AF_INET, AF_INET6, or AF_UNSPEC for the first address of either. `timeout_ms` limits the
/// resolution; with 0, only IP addresses and "localhost" are resolved.
///
/// `*address_length` is the size of the buffer `address` before the call, and the length of the
/// address after it. A `struct sockaddr_storage` is large enough.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_NAME_NOT_RESOLVED`, also if
/// the host has no address of that family.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_address_resolve(
    host: *const c_char,
    port: i32,
    family: c_int,
    timeout_ms: i64,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        // SAFETY: text or NULL, by the contract of the header.
        let host = unsafe { text(host, "host") }?;
        let endpoint = Endpoint::from((host, from_number(port.into())?));
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { find(&endpoint, family, timeout_ms, address, address_length) }
    })
}

/// As `capsock_address_resolve`, for a host and a port in one string: "localhost:12000",
/// "127.0.0.1:12000", "[::1]:12000", or ":12000" for the local host.
///
/// Errors: as for `capsock_address_resolve`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_address_parse(
    text: *const c_char,
    family: c_int,
    timeout_ms: i64,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> capsock_status {
    guard(|| {
        // SAFETY: text or NULL, by the contract of the header.
        let endpoint: Endpoint = unsafe { self::text(text, "text") }?.parse()?;
        // SAFETY: room for so many bytes or NULL, by the contract of the header.
        unsafe { find(&endpoint, family, timeout_ms, address, address_length) }
    })
}

/// # Safety
/// `address` is NULL or has room for `*address_length` bytes.
unsafe fn find(
    endpoint: &Endpoint,
    family: c_int,
    timeout_ms: i64,
    address: *mut sockaddr,
    address_length: Option<&mut socklen_t>,
) -> Result<()> {
    let family = if family == AF_UNSPEC { None } else { Some(Family::from_number(family)?) };
    let policy = WaitPolicy { timeout: from_millis("the timeout", timeout_ms)?, on_interrupt: None };
    let address_buffer = AddressBuffer::new(address, address_length, family)?
        .ok_or_else(|| refused("address", "it is NULL"))?;
    let found = match family {
        Some(family) => endpoint.addresses_in(family, Purpose::Connect, policy)?,
        None => endpoint.addresses(Purpose::Connect, policy)?,
    };
    // SAFETY: the caller promises the room.
    unsafe { address_buffer.write(found.first().copied()) }
}

/// Formats an address as text into `buffer`: "127.0.0.1:12000", "[::1]:12000", "[fe80::1%2]:12000".
/// `CAPSOCK_ADDRESS_SIZE` bytes are enough for any of these. That of a Unix domain socket is
/// "unix:/run/x.sock", "unix:@name", or "unix:" for one without a name, with the characters escaped
/// that control a terminal; `CAPSOCK_UNIX_ADDRESS_SIZE` bytes are enough for it.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_TOO_LARGE`, with nothing written, if the text and
/// its NUL need more than `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_address_format(
    address: *const sockaddr,
    address_length: socklen_t,
    buffer: *mut c_char,
    size: usize,
) -> capsock_status {
    guard(|| {
        // SAFETY: so many bytes or NULL, by the contract of the header.
        let address = unsafe { address_text(address, address_length) }?;
        let text = format!("{address}\0");
        if buffer.is_null() {
            return Err(refused("buffer", "it is NULL"));
        }
        if text.len() > size {
            let happened = format!("it needs {} bytes, and the buffer has {size}", text.len());
            let advice = "CAPSOCK_UNIX_ADDRESS_SIZE is enough for any";
            let tried = format!("write the address {address}");
            return Err(Error::new(ErrorKind::TooLarge, tried, happened).advise(advice));
        }
        // SAFETY: not more than `size` bytes, which the caller has there.
        let buffer = unsafe { bytes_mut(buffer.cast(), text.len(), "buffer") }?;
        buffer.copy_from_slice(text.as_bytes());
        Ok(())
    })
}

/// # Safety
/// `address` is NULL or points to `length` bytes.
unsafe fn address_text(address: *const sockaddr, length: socklen_t) -> Result<String> {
    #[cfg(unix)]
    if !address.is_null() && length as usize <= size_of::<sockaddr_storage>() {
        // SAFETY: so many bytes, by the caller's promise.
        let raw = unsafe { bytes(address.cast(), length as usize, "address") }?;
        if let Some(unix) = crate::sockaddr_un::parse(raw) {
            return Ok(unix.to_string());
        }
    }
    // SAFETY: the caller's promise.
    unsafe { read_address(address, length) }.map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

    use super::*;

    #[test]
    fn the_longest_text_fits() {
        let ip = Ipv6Addr::from([0xabcd; 8]);
        let longest = SocketAddr::V6(SocketAddrV6::new(ip, u16::MAX, u32::MAX, u32::MAX));
        assert!(longest.to_string().len() < CAPSOCK_ADDRESS_SIZE);
        let longest = capsock::UnixAddress::from_abstract_name([0x1b; 107]);
        assert!(longest.to_string().len() < CAPSOCK_UNIX_ADDRESS_SIZE);
    }
}
