//! Those of Winsock.

use std::ffi::c_int;
use std::mem::offset_of;

use windows_sys::Win32::Foundation::ERROR_NOT_ENOUGH_MEMORY;
use windows_sys::Win32::Networking::WinSock as ws;

pub(crate) use ws::{
    ADDRESS_FAMILY as sa_family_t, SOCKADDR as sockaddr, SOCKADDR_IN as sockaddr_in,
    SOCKADDR_IN6 as sockaddr_in6, SOCKADDR_STORAGE as sockaddr_storage, socklen_t,
};

pub(crate) const AF_UNSPEC: c_int = ws::AF_UNSPEC as c_int;
pub(crate) const AF_INET: c_int = ws::AF_INET as c_int;
pub(crate) const AF_INET6: c_int = ws::AF_INET6 as c_int;
pub(crate) const MSG_TRUNC: c_int = ws::MSG_TRUNC as c_int;
pub(crate) const ENOMEM: c_int = ERROR_NOT_ENOUGH_MEMORY as c_int;
/// Winsock has no such flags.
pub(crate) const SOCK_NONBLOCK: c_int = 0;
pub(crate) const MSG_FASTOPEN: c_int = 0;

/// Where the scope of an IPv6 address is.
pub(crate) const SCOPE_ID: usize = offset_of!(sockaddr_in6, Anonymous);
/// An address begins with its family.
pub(crate) const ADDRESS_HAS_LENGTH: bool = false;
/// A receive tells that a datagram is longer than its buffer, and not how long.
pub(crate) const LENGTH_IS_TOLD: bool = false;
/// Whether a signal interrupts a call that waits.
pub(crate) const SIGNALS_INTERRUPT: bool = false;
