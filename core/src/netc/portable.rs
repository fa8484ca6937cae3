//! What stands for the numbers that not every system has.

use std::ffi::c_int;

pub(crate) const SOL_UDP: c_int = libc::IPPROTO_UDP;
/// No flag of the system: `net::sys::send` has the socket keep an incomplete segment instead.
pub(crate) const MSG_MORE: c_int = 1 << 30;

#[cfg(not(target_vendor = "apple"))]
pub(crate) use libc::{MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_NONBLOCK};
#[cfg(target_vendor = "apple")]
mod apple {
    use std::ffi::c_int;

    /// SO_NOSIGPIPE of the socket instead.
    pub(crate) const MSG_NOSIGNAL: c_int = 0;
    /// fcntl(2) instead.
    pub(crate) const SOCK_CLOEXEC: c_int = 0;
    /// fcntl(2) instead.
    pub(crate) const SOCK_NONBLOCK: c_int = 0;
}
#[cfg(target_vendor = "apple")]
pub(crate) use apple::*;

#[cfg(not(target_os = "freebsd"))]
pub(crate) use libc::IP_PKTINFO;
/// IP_RECVDSTADDR is its counterpart.
#[cfg(target_os = "freebsd")]
pub(crate) const IP_PKTINFO: c_int = libc::IP_RECVDSTADDR;

pub(crate) use libc::{IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO, msghdr};
