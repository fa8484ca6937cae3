//! recvmsg(2) and sendmsg(2).

use std::ffi::c_int;
use std::io::{IoSlice, IoSliceMut};
use std::mem::{self, MaybeUninit};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use socket2::SockAddr;

use super::address::address_at;
use crate::net::sys::errno::{Sys, check_size};
use crate::net::sys::received::Received;
use crate::net::sys::{recvmsg, sendmsg};
use crate::netc;

/// recvmsg(2).
#[inline(always)]
pub(crate) fn receive_message(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
    control: &mut [u8],
    flags: c_int,
) -> Sys<Received> {
    let mut name = MaybeUninit::<libc::sockaddr_storage>::zeroed();
    // SAFETY: an all-zero msghdr is an empty one.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_name = name.as_mut_ptr().cast();
    message.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    message.msg_iov = buffers.as_mut_ptr().cast();
    message.msg_iovlen = buffers.len() as _;
    if !control.is_empty() {
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = control.len() as _;
    }
    // SAFETY: the buffers (an IoSliceMut is an iovec), the control buffer and the name are writable for the
    // lengths given.
    let length = unsafe { receive_header(fd, &mut message, flags) }?;
    // SAFETY: the storage was zero before, and msg_namelen is what the kernel wrote of it.
    let source = unsafe { address_at(name.as_ptr(), message.msg_namelen) };
    let control = (message.msg_controllen as usize).min(control.len());
    Ok(Received { length, control, flags: message.msg_flags, source })
}

/// recvmsg(2), with an address of any family: the length, the flags that it returns, and the source.
pub(crate) fn receive_any(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: c_int,
) -> Sys<(usize, c_int, SockAddr)> {
    // SAFETY: the storage is zeroed and as long as its length says, and recvmsg writes an address and its length.
    let received = unsafe {
        SockAddr::try_init(|storage, length| {
            let mut buffers = [IoSliceMut::new(buffer)];
            let mut message: libc::msghdr = mem::zeroed();
            message.msg_name = storage.cast();
            message.msg_namelen = *length;
            message.msg_iov = buffers.as_mut_ptr().cast();
            message.msg_iovlen = buffers.len() as _;
            let received = receive_header(fd, &mut message, flags);
            *length = message.msg_namelen;
            received
                .map(|received| (received, message.msg_flags))
                .map_err(|errno| std::io::Error::from_raw_os_error(errno.0))
        })
    };
    let ((length, flags), source) = received?;
    Ok((length, flags, source))
}

/// sendto(2), with MSG_NOSIGNAL, to an address of any family.
pub(crate) fn send_any(socket: &socket2::Socket, bytes: &[u8], to: &SockAddr, flags: c_int) -> Sys<usize> {
    Ok(socket.send_to_with_flags(bytes, to, flags | netc::MSG_NOSIGNAL)?)
}

/// sendmsg(2), with MSG_NOSIGNAL.
#[inline(always)]
pub(crate) fn send_message(
    fd: BorrowedFd<'_>,
    buffers: &[IoSlice<'_>],
    control: &[u8],
    flags: c_int,
    to: Option<&SocketAddr>,
) -> Sys<usize> {
    let name = to.map(|to| SockAddr::from(*to));
    // SAFETY: an all-zero msghdr is an empty one.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    if let Some(name) = &name {
        message.msg_name = name.as_ptr().cast_mut().cast();
        message.msg_namelen = name.len();
    }
    message.msg_iov = buffers.as_ptr().cast_mut().cast();
    message.msg_iovlen = buffers.len() as _;
    if !control.is_empty() {
        message.msg_control = control.as_ptr().cast_mut().cast();
        message.msg_controllen = control.len() as _;
    }
    // SAFETY: the kernel only reads what the header points to, which is valid for the lengths given.
    unsafe { send_header(fd, &message, flags) }
}

/// recvmsg(2) into what a header points to.
///
/// # Safety
/// The header's pointers are null or valid for writes of the lengths beside them.
#[inline(always)]
pub(crate) unsafe fn receive_header(
    fd: BorrowedFd<'_>,
    header: &mut libc::msghdr,
    flags: c_int,
) -> Sys<usize> {
    // SAFETY: by this function's contract.
    check_size(unsafe { recvmsg(fd.as_raw_fd(), header, flags) })
}

/// sendmsg(2) of what a header points to, with MSG_NOSIGNAL.
///
/// # Safety
/// The header's pointers are null or valid for reads of the lengths beside them.
#[inline(always)]
pub(crate) unsafe fn send_header(fd: BorrowedFd<'_>, header: &libc::msghdr, flags: c_int) -> Sys<usize> {
    // SAFETY: by this function's contract.
    check_size(unsafe { sendmsg(fd.as_raw_fd(), header, flags | netc::MSG_NOSIGNAL) })
}

/// The bytes that a control message with `data` bytes of data occupies (CMSG_SPACE of cmsg(3)).
pub(crate) fn control_message_space(data: u32) -> usize {
    // SAFETY: CMSG_SPACE is arithmetic.
    unsafe { libc::CMSG_SPACE(data) as usize }
}

/// The length in the header of a control message with `data` bytes of data (CMSG_LEN of cmsg(3)).
pub(crate) fn control_message_length(data: u32) -> usize {
    // SAFETY: CMSG_LEN is arithmetic.
    unsafe { libc::CMSG_LEN(data) as usize }
}
