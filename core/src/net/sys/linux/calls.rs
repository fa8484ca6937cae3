//! The calls of each request, without libc's functions.
//!
//! Those are cancellation points of pthread_cancel(3), which costs two atomic operations for each call in a process with
//! threads. No thread can be cancelled in this library in any case: that would unwind Rust's frames.

#[cfg(target_env = "gnu")]
use std::ffi::c_uint;
use std::ffi::{c_int, c_long};
use std::net::SocketAddr;
#[cfg(target_env = "gnu")]
use std::os::fd::RawFd;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use rustix::net::{RecvFlags, SendFlags};
use socket2::Socket;

use crate::net::sys::errno::{Errno, Sys, check_size};

impl From<rustix::io::Errno> for Errno {
    #[inline(always)]
    fn from(error: rustix::io::Errno) -> Errno {
        Errno(error.raw_os_error())
    }
}

/// recv(2).
#[inline(always)]
pub(crate) fn receive(socket: &Socket, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
    let (_, length) = rustix::net::recv(socket, buffer, RecvFlags::from_bits_retain(flags as u32))?;
    Ok(length)
}

/// send(2), with MSG_NOSIGNAL.
#[inline(always)]
pub(crate) fn send(socket: &Socket, bytes: &[u8], flags: c_int) -> Sys<usize> {
    Ok(rustix::net::send(socket, bytes, SendFlags::from_bits_retain(flags as u32) | SendFlags::NOSIGNAL)?)
}

/// recvfrom(2). A connected stream has no sender's address.
#[inline(always)]
pub(crate) fn receive_from(
    socket: &Socket,
    buffer: &mut [u8],
    flags: c_int,
) -> Sys<(usize, Option<SocketAddr>)> {
    let (_, length, address) =
        rustix::net::recvfrom(socket, buffer, RecvFlags::from_bits_retain(flags as u32))?;
    Ok((length, address.and_then(|address| SocketAddr::try_from(address).ok())))
}

/// sendto(2), with MSG_NOSIGNAL.
#[inline(always)]
pub(crate) fn send_to(socket: &Socket, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
    let flags = SendFlags::from_bits_retain(flags as u32) | SendFlags::NOSIGNAL;
    Ok(rustix::net::sendto(socket, bytes, flags, address)?)
}

fn checked(result: c_long) -> Sys<usize> {
    check_size(result as isize)
}

/// epoll_wait(2), with a timeout in milliseconds.
///
/// # Safety
/// `events` is writable for `count`.
#[inline(always)]
pub(super) unsafe fn epoll_wait(
    selector: BorrowedFd<'_>,
    events: *mut libc::epoll_event,
    count: c_int,
    timeout: c_int,
) -> Sys<usize> {
    let (fd, no_signals) = (selector.as_raw_fd(), ptr::null::<u8>());
    // Not every processor has epoll_wait(2) itself.
    // SAFETY: by this function's contract, and no signal mask is given.
    checked(unsafe { libc::syscall(libc::SYS_epoll_pwait, fd, events, count, timeout, no_signals, 0_usize) })
}

// musl's headers have other fields than the kernel's, which its functions translate.
#[cfg(not(target_env = "gnu"))]
pub(super) use libc::{recvmmsg, sendmmsg};
#[cfg(not(target_env = "gnu"))]
pub(crate) use libc::{recvmsg, sendmsg};

/// recvmsg(2).
///
/// # Safety
/// As for libc's.
#[cfg(target_env = "gnu")]
#[inline(always)]
pub(crate) unsafe fn recvmsg(fd: RawFd, header: *mut libc::msghdr, flags: c_int) -> isize {
    // SAFETY: by this function's contract.
    unsafe { libc::syscall(libc::SYS_recvmsg, fd, header, flags) as isize }
}

/// sendmsg(2).
///
/// # Safety
/// As for libc's.
#[cfg(target_env = "gnu")]
#[inline(always)]
pub(crate) unsafe fn sendmsg(fd: RawFd, header: *const libc::msghdr, flags: c_int) -> isize {
    // SAFETY: by this function's contract.
    unsafe { libc::syscall(libc::SYS_sendmsg, fd, header, flags) as isize }
}

/// recvmmsg(2).
///
/// # Safety
/// As for libc's.
#[cfg(target_env = "gnu")]
#[inline(always)]
pub(super) unsafe fn recvmmsg(
    fd: RawFd,
    headers: *mut libc::mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut libc::timespec,
) -> c_int {
    // SAFETY: by this function's contract.
    unsafe { libc::syscall(libc::SYS_recvmmsg, fd, headers, count, flags, timeout) as c_int }
}

/// sendmmsg(2).
///
/// # Safety
/// As for libc's.
#[cfg(target_env = "gnu")]
#[inline(always)]
pub(super) unsafe fn sendmmsg(fd: RawFd, headers: *mut libc::mmsghdr, count: c_uint, flags: c_int) -> c_int {
    // SAFETY: by this function's contract.
    unsafe { libc::syscall(libc::SYS_sendmmsg, fd, headers, count, flags) as c_int }
}
