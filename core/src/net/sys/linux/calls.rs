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
    let address = address.and_then(|address| SocketAddr::try_from(address).ok());
    Ok((length, address.map(with_flow_of_the_network)))
}

/// sendto(2), with MSG_NOSIGNAL.
#[inline(always)]
pub(crate) fn send_to(socket: &Socket, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
    let flags = SendFlags::from_bits_retain(flags as u32) | SendFlags::NOSIGNAL;
    Ok(rustix::net::sendto(socket, bytes, flags, &with_flow_of_the_network(*address))?)
}

/// The address with its flow information in the other order of bytes: rustix has it in the host's, all else here in the
/// network's.
#[inline(always)]
fn with_flow_of_the_network(mut address: SocketAddr) -> SocketAddr {
    if let SocketAddr::V6(v6) = &mut address {
        v6.set_flowinfo(v6.flowinfo().to_be());
    }
    address
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

#[cfg(test)]
mod tests {
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsFd;

    use socket2::{Domain, Type};

    use super::*;
    use crate::net::sys::{receive_message, send_message, set_option};

    /// Of linux/in6.h: the header that is received is a control message, and that of a sent address is used.
    const IPV6_FLOWINFO: c_int = 11;
    const IPV6_FLOWINFO_SEND: c_int = 33;

    #[test]
    fn flow_information_has_the_same_order_of_bytes_in_each_call() {
        let [from, to] = [(); 2].map(|()| {
            let socket = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
            socket.bind(&"[::1]:0".parse::<SocketAddr>().unwrap().into()).unwrap();
            socket
        });
        set_option(from.as_fd(), libc::IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1).unwrap();
        set_option(to.as_fd(), libc::IPPROTO_IPV6, IPV6_FLOWINFO, 1).unwrap();
        let SocketAddr::V6(mut address) = to.local_addr().unwrap().as_socket().unwrap() else { panic!() };
        // A flow label of 20 bits (RFC 6437), in the network's order of bytes.
        let flow = 0x0001_2345_u32.to_be();
        address.set_flowinfo(flow);
        let address = SocketAddr::V6(address);
        let received = || {
            let (mut bytes, mut control) = ([0; 8], [0_u8; 64]);
            receive_message(to.as_fd(), &mut [IoSliceMut::new(&mut bytes)], &mut control, 0).unwrap();
            // Behind the header of the one control message.
            let (_, data) = control.split_at(size_of::<libc::cmsghdr>());
            u32::from_ne_bytes(*data.first_chunk().unwrap())
        };
        send_to(&from, b"by sendto", &address, 0).unwrap();
        assert_eq!(received(), flow);
        send_message(from.as_fd(), &[IoSlice::new(b"by sendmsg")], &[], 0, Some(&address)).unwrap();
        assert_eq!(received(), flow);
    }
}
