//! Addresses and buffers in the system's form.

use std::ffi::c_int;
use std::net::SocketAddr;

/// Reads an IPv4 or IPv6 address as the system writes it; another family is `None`. The flow information stays in network
/// byte order, as in the `SocketAddrV6` of socket2 and the standard library.
///
/// # Safety
/// `address` points to `length` readable bytes, or is null.
pub(crate) unsafe fn address_at(
    address: *const libc::sockaddr_storage,
    length: libc::socklen_t,
) -> Option<SocketAddr> {
    let length = length as usize;
    if address.is_null() || length < size_of::<libc::sa_family_t>() {
        return None;
    }
    // SAFETY: at least the family is readable; each arm reads no more than the length that it checked.
    unsafe {
        match c_int::from((&raw const (*address).ss_family).read_unaligned()) {
            libc::AF_INET if length >= size_of::<libc::sockaddr_in>() => {
                let raw = address.cast::<libc::sockaddr_in>().read_unaligned();
                let ip = std::net::Ipv4Addr::from(u32::from_be(raw.sin_addr.s_addr));
                Some(SocketAddr::from((ip, u16::from_be(raw.sin_port))))
            }
            libc::AF_INET6 if length >= size_of::<libc::sockaddr_in6>() => {
                let raw = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(SocketAddr::V6(std::net::SocketAddrV6::new(
                    raw.sin6_addr.s6_addr.into(),
                    u16::from_be(raw.sin6_port),
                    raw.sin6_flowinfo,
                    raw.sin6_scope_id,
                )))
            }
            _ => None,
        }
    }
}
