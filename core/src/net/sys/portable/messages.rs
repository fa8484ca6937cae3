//! Several messages by one system call: the first one alone (recvmsg(2), sendmsg(2)).

use std::ffi::{c_int, c_uint};

use socket2::SockRef;

use crate::net::sys::errno::Sys;
use crate::net::sys::fd::BorrowedFd;
use crate::net::sys::{receive_header, send_header};
use crate::netc;

/// Whether the calls below handle more than one message.
pub(crate) const SEVERAL_MESSAGES: bool = false;

/// A message, and the length of what was received of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageHeader {
    pub(crate) msg_hdr: netc::msghdr,
    pub(crate) msg_len: c_uint,
}

/// Sends a message with this hop limit: over IPv6 by its control messages, over IPv4 by the socket's option (IP_TTL), which
/// is set for the time of the call. What another thread sends on the socket meanwhile has the same limit.
pub(crate) fn with_hop_limit<T>(
    fd: BorrowedFd<'_>,
    ipv6: bool,
    hop_limit: Option<u8>,
    send: impl FnOnce() -> T,
) -> T {
    let Some(hops) = hop_limit.filter(|_| !ipv6) else { return send() };
    let socket = SockRef::from(&fd);
    let before = socket.ttl_v4();
    let _ = socket.set_ttl_v4(hops.into());
    let sent = send();
    if let Ok(before) = before {
        let _ = socket.set_ttl_v4(before);
    }
    sent
}

/// recvmsg(2) into the first header. Returns 1, the number of messages.
///
/// # Safety
/// As for [`receive_header`].
pub(crate) unsafe fn receive_headers(
    fd: BorrowedFd<'_>,
    headers: &mut [MessageHeader],
    flags: c_int,
) -> Sys<usize> {
    let Some(first) = headers.first_mut() else { return Ok(0) };
    // SAFETY: by this function's contract.
    first.msg_len = unsafe { receive_header(fd, &mut first.msg_hdr, flags) }? as c_uint;
    Ok(1)
}

/// sendmsg(2) of the first header. Returns 1, the number of messages.
///
/// # Safety
/// As for [`send_header`].
pub(crate) unsafe fn send_headers(
    fd: BorrowedFd<'_>,
    headers: &mut [MessageHeader],
    flags: c_int,
) -> Sys<usize> {
    let Some(first) = headers.first() else { return Ok(0) };
    // SAFETY: by this function's contract.
    unsafe { send_header(fd, &first.msg_hdr, flags) }.map(|_| 1)
}
