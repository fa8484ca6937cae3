//! Addresses in the system's form.

use std::ffi::c_int;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use windows_sys::Win32::Networking::WinSock::{ADDRESS_FAMILY, SOCKADDR_IN, SOCKADDR_IN6};

use crate::netc;

/// Reads an IPv4 or IPv6 address as the system writes it; another family is `None`.
///
/// # Safety
/// `address` points to `length` readable bytes, or is null.
pub(crate) unsafe fn address_at(
    address: *const netc::sockaddr_storage,
    length: netc::socklen_t,
) -> Option<SocketAddr> {
    let length = usize::try_from(length).unwrap_or(0);
    if address.is_null() || length < size_of::<ADDRESS_FAMILY>() {
        return None;
    }
    // SAFETY: at least the family is readable; each arm reads no more than the length that it checked. Every field of the
    // unions is plain numbers.
    unsafe {
        match c_int::from(address.cast::<ADDRESS_FAMILY>().read_unaligned()) {
            netc::AF_INET if length >= size_of::<SOCKADDR_IN>() => {
                let raw = address.cast::<SOCKADDR_IN>().read_unaligned();
                let ip = Ipv4Addr::from(u32::from_be(raw.sin_addr.S_un.S_addr));
                Some(SocketAddr::from((ip, u16::from_be(raw.sin_port))))
            }
            netc::AF_INET6 if length >= size_of::<SOCKADDR_IN6>() => {
                let raw = address.cast::<SOCKADDR_IN6>().read_unaligned();
                let ip = Ipv6Addr::from(raw.sin6_addr.u.Byte);
                let (port, scope) = (u16::from_be(raw.sin6_port), raw.Anonymous.sin6_scope_id);
                Some(SocketAddr::V6(SocketAddrV6::new(ip, port, raw.sin6_flowinfo, scope)))
            }
            _ => None,
        }
    }
}
