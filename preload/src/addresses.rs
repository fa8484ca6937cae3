//! The addresses of sockets.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use capsock::trace::preload::Record;
use libc::{sockaddr, sockaddr_in, sockaddr_in6, sockaddr_storage, socklen_t};

use crate::descriptors::Kind;
use crate::memory::is_readable;
use crate::real;

/// The address at `from`, if it is one of IPv4 or IPv6.
///
/// # Safety
/// `length` bytes can be read at `from`, or it is null.
pub(crate) unsafe fn address(from: *const sockaddr, length: socklen_t) -> Option<SocketAddr> {
    let length = length as usize;
    if from.is_null() || length < size_of::<libc::sa_family_t>() {
        return None;
    }
    // SAFETY: that many bytes can be read, whatever their alignment.
    unsafe {
        let family = c_int::from(from.cast::<libc::sa_family_t>().read_unaligned());
        if family == libc::AF_INET && length >= size_of::<sockaddr_in>() {
            let four = from.cast::<sockaddr_in>().read_unaligned();
            let ip = Ipv4Addr::from(u32::from_be(four.sin_addr.s_addr));
            return Some(SocketAddrV4::new(ip, u16::from_be(four.sin_port)).into());
        }
        if family == libc::AF_INET6 && length >= size_of::<sockaddr_in6>() {
            let six = from.cast::<sockaddr_in6>().read_unaligned();
            let ip = Ipv6Addr::from(six.sin6_addr.s6_addr);
            return Some(SocketAddrV6::new(ip, u16::from_be(six.sin6_port), 0, six.sin6_scope_id).into());
        }
    }
    None
}

/// The address that the caller gives a call which the system has not seen yet; `None` also for one that cannot be read.
pub(crate) fn given(from: *const sockaddr, length: socklen_t) -> Option<SocketAddr> {
    let length = usize::try_from(length).ok().filter(|length| *length <= size_of::<sockaddr_storage>())?;
    let readable = is_readable(from.cast::<u8>(), length);
    // SAFETY: so many bytes can be read.
    if readable { unsafe { address(from, length as socklen_t) } } else { None }
}

/// getsockname(2) of the C library, without an address that has no port yet.
pub(crate) fn local(fd: c_int) -> Option<SocketAddr> {
    named(fd, real::getsockname).filter(|address| address.port() != 0)
}

/// getpeername(2).
pub(crate) fn peer(fd: c_int) -> Option<SocketAddr> {
    named(fd, real::getpeername)
}

fn named(fd: c_int, call: unsafe fn(c_int, *mut sockaddr, *mut socklen_t) -> c_int) -> Option<SocketAddr> {
    let mut storage = MaybeUninit::<sockaddr_storage>::zeroed();
    let mut length = size_of::<sockaddr_storage>() as socklen_t;
    // SAFETY: the storage has room for each address, and is written up to the length.
    unsafe {
        if call(fd, storage.as_mut_ptr().cast(), &raw mut length) != 0 {
            return None;
        }
        address(storage.as_ptr().cast(), length)
    }
}

/// Adds the addresses and the type of the socket.
pub(crate) fn with_socket(fd: c_int, kind: Kind, record: Record<'_>) -> Record<'_> {
    Record {
        datagrams: kind == Kind::Udp,
        local: record.local.or_else(|| local(fd)),
        peer: record.peer.or_else(|| peer(fd)),
        ..record
    }
}
