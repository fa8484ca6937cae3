//! Those of libc.

#[cfg(not(target_os = "linux"))]
use std::ffi::c_int;
use std::mem::offset_of;

pub(crate) use libc::{
    AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, ENOMEM, MSG_TRUNC, sa_family_t, sockaddr, sockaddr_in,
    sockaddr_in6, sockaddr_storage, sockaddr_un, socklen_t,
};

/// The flag of socket(2), which macOS has not.
#[cfg(not(target_vendor = "apple"))]
pub(crate) use libc::SOCK_NONBLOCK;
#[cfg(target_vendor = "apple")]
pub(crate) const SOCK_NONBLOCK: c_int = 0;

/// A flag of Linux alone.
#[cfg(target_os = "linux")]
pub(crate) use libc::MSG_FASTOPEN;
#[cfg(not(target_os = "linux"))]
pub(crate) const MSG_FASTOPEN: c_int = 0;

/// Where the scope of an IPv6 address is.
pub(crate) const SCOPE_ID: usize = offset_of!(sockaddr_in6, sin6_scope_id);
/// BSD systems keep the length of an address in its first byte.
pub(crate) const ADDRESS_HAS_LENGTH: bool = cfg!(not(target_os = "linux"));
/// Whether a receive tells the length of a datagram that is longer than its buffer.
pub(crate) const LENGTH_IS_TOLD: bool = true;
/// Whether a signal interrupts a call that waits.
pub(crate) const SIGNALS_INTERRUPT: bool = true;
