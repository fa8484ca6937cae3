//! Several messages by one system call (recvmmsg(2), sendmmsg(2)).

use std::ffi::{c_int, c_uint};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use super::calls::{recvmmsg, sendmmsg};
use crate::net::sys::errno::{Errno, Sys};

pub(crate) use libc::mmsghdr as MessageHeader;

/// Whether the calls below handle more than one message.
pub(crate) const SEVERAL_MESSAGES: bool = true;

/// Sends a message with this hop limit: by its control messages.
#[inline(always)]
pub(crate) fn with_hop_limit<T>(
    _fd: BorrowedFd<'_>,
    _ipv6: bool,
    _hop_limit: Option<u8>,
    send: impl FnOnce() -> T,
) -> T {
    send()
}

/// recvmmsg(2) without a timeout, which the kernel checks only between messages (recvmmsg(2), BUGS). Returns the
/// number of messages.
///
/// # Safety
/// As for [`receive_header`](crate::net::sys::receive_header), for each header.
#[inline(always)]
pub(crate) unsafe fn receive_headers(
    fd: BorrowedFd<'_>,
    headers: &mut [MessageHeader],
    flags: c_int,
) -> Sys<usize> {
    let length = headers.len() as c_uint;
    // SAFETY: by this function's contract.
    let count =
        unsafe { recvmmsg(fd.as_raw_fd(), headers.as_mut_ptr(), length, flags as _, ptr::null_mut()) };
    usize::try_from(count).map_err(|_| Errno::last())
}

/// sendmmsg(2), with MSG_NOSIGNAL. Returns the number of messages.
///
/// # Safety
/// As for [`send_header`](crate::net::sys::send_header), for each header.
#[inline(always)]
pub(crate) unsafe fn send_headers(
    fd: BorrowedFd<'_>,
    headers: &mut [MessageHeader],
    flags: c_int,
) -> Sys<usize> {
    let length = headers.len() as c_uint;
    let flags = flags | libc::MSG_NOSIGNAL;
    // SAFETY: by this function's contract.
    let count = unsafe { sendmmsg(fd.as_raw_fd(), headers.as_mut_ptr(), length, flags as _) };
    usize::try_from(count).map_err(|_| Errno::last())
}
