//! WSARecvMsg and WSASendMsg, which are for datagrams; WSARecv and WSASend of a stream.

use std::ffi::{c_int, c_void};
use std::io::{IoSlice, IoSliceMut};
use std::mem::{self, MaybeUninit};
use std::net::SocketAddr;
use std::os::windows::io::AsRawSocket;
use std::ptr;
use std::sync::OnceLock;

use socket2::{SockAddr, SockRef, Type};
use windows_sys::Win32::Networking::WinSock::{
    LPFN_WSARECVMSG, SIO_GET_EXTENSION_FUNCTION_POINTER, SOCKET, WSABUF, WSAID_WSARECVMSG, WSAIoctl, WSAMSG,
    WSARecv, WSASend, WSASendMsg,
};

use super::address::address_at;
use super::calls::without_own_flags;
use crate::net::sys::errno::{Errno, Sys, check};
use crate::net::sys::fd::BorrowedFd;
use crate::net::sys::received::Received;
use crate::netc;

/// There are no addresses but those of [`receive_message`].
pub(crate) fn receive_any(_: BorrowedFd<'_>, _: &mut [u8], _: c_int) -> Sys<(usize, c_int, SockAddr)> {
    Err(Errno(netc::EAFNOSUPPORT))
}

/// There are no addresses but those of [`send_message`].
pub(crate) fn send_any(_: &socket2::Socket, _: &[u8], _: &SockAddr, _: c_int) -> Sys<usize> {
    Err(Errno(netc::EAFNOSUPPORT))
}

fn number(fd: BorrowedFd<'_>) -> SOCKET {
    fd.as_raw_socket() as SOCKET
}

/// WSARecvMsg, for whose address Winsock has to be asked. All sockets here are of its own provider.
fn receive_function(fd: BorrowedFd<'_>) -> Sys<LPFN_WSARECVMSG> {
    static ADDRESS: OnceLock<usize> = OnceLock::new();
    let address = match ADDRESS.get() {
        Some(address) => *address,
        None => {
            let (mut address, mut returned) = (0usize, 0u32);
            let name = WSAID_WSARECVMSG;
            // SAFETY: the request reads a GUID and writes an address.
            check(unsafe {
                WSAIoctl(
                    number(fd),
                    SIO_GET_EXTENSION_FUNCTION_POINTER,
                    (&raw const name).cast(),
                    size_of_val(&name) as u32,
                    (&raw mut address).cast(),
                    size_of::<usize>() as u32,
                    &raw mut returned,
                    ptr::null_mut(),
                    None,
                )
            })?;
            *ADDRESS.get_or_init(|| address)
        }
    };
    // SAFETY: the address is that of a function of this type, or null, which is `None`.
    Ok(unsafe { mem::transmute::<usize, LPFN_WSARECVMSG>(address) })
}

/// A header as Winsock has it.
fn message_of(header: &netc::msghdr) -> WSAMSG {
    WSAMSG {
        name: header.msg_name.cast(),
        namelen: header.msg_namelen,
        lpBuffers: header.msg_iov.cast(),
        dwBufferCount: header.msg_iovlen,
        Control: WSABUF { len: header.msg_controllen, buf: header.msg_control.cast() },
        dwFlags: 0,
    }
}

/// The bytes that buffers hold.
///
/// # Safety
/// `buffers` points to `count` buffers.
unsafe fn total(buffers: *const netc::iovec, count: u32) -> usize {
    // SAFETY: by this function's contract.
    (0..count as usize).map(|index| unsafe { (*buffers.add(index)).iov_len } as usize).sum()
}

/// WSARecvMsg into what a header points to. A datagram that is longer than the buffers fills them, with MSG_TRUNC in the
/// header's flags; Winsock reports that as an error as well (WSAEMSGSIZE).
///
/// # Safety
/// The header's pointers are null or valid for writes of the lengths beside them.
pub(crate) unsafe fn receive_header(
    fd: BorrowedFd<'_>,
    header: &mut netc::msghdr,
    flags: c_int,
) -> Sys<usize> {
    let receive = receive_function(fd)?.ok_or(Errno(netc::ENOSYS))?;
    let mut message = message_of(header);
    message.dwFlags = without_own_flags(flags).cast_unsigned();
    let mut length = 0;
    // SAFETY: by this function's contract; without an OVERLAPPED the call has ended when it returns.
    let result =
        check(unsafe { receive(number(fd), &raw mut message, &raw mut length, ptr::null_mut(), None) });
    let length = match result {
        Ok(_) => length as usize,
        // SAFETY: the header points to its buffers.
        Err(Errno(netc::EMSGSIZE)) => unsafe { total(header.msg_iov, header.msg_iovlen) },
        Err(errno) => return Err(errno),
    };
    header.msg_namelen = message.namelen;
    header.msg_controllen = message.Control.len;
    header.msg_flags = message.dwFlags.cast_signed();
    Ok(length)
}

/// WSASendMsg of what a header points to.
///
/// # Safety
/// The header's pointers are null or valid for reads of the lengths beside them.
pub(crate) unsafe fn send_header(fd: BorrowedFd<'_>, header: &netc::msghdr, flags: c_int) -> Sys<usize> {
    let message = message_of(header);
    let flags = without_own_flags(flags).cast_unsigned();
    let mut length = 0;
    // SAFETY: by this function's contract; without an OVERLAPPED the call has ended when it returns.
    check(unsafe {
        WSASendMsg(number(fd), &raw const message, flags, &raw mut length, ptr::null_mut(), None)
    })?;
    Ok(length as usize)
}

fn is_stream(fd: BorrowedFd<'_>) -> bool {
    SockRef::from(&fd).r#type().is_ok_and(|kind| kind == Type::STREAM)
}

/// WSARecvMsg; of a stream WSARecv, which has no control messages.
pub(crate) fn receive_message(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
    control: &mut [u8],
    flags: c_int,
) -> Sys<Received> {
    let count = u32::try_from(buffers.len()).unwrap_or(u32::MAX);
    if is_stream(fd) {
        let (mut length, mut flags) = (0, without_own_flags(flags).cast_unsigned());
        // SAFETY: the buffers (an IoSliceMut is a WSABUF) are writable for their lengths; without an OVERLAPPED the call has
        // ended when it returns.
        let received = check(unsafe {
            WSARecv(
                number(fd),
                buffers.as_mut_ptr().cast(),
                count,
                &raw mut length,
                &raw mut flags,
                ptr::null_mut(),
                None,
            )
        });
        // After a shutdown of the input the stream has ended.
        if !matches!(received, Err(Errno(netc::EPIPE))) {
            received?;
        }
        return Ok(Received {
            length: length as usize,
            control: 0,
            flags: flags.cast_signed(),
            source: None,
        });
    }
    let mut name = MaybeUninit::<netc::sockaddr_storage>::zeroed();
    let mut header = netc::msghdr {
        msg_name: name.as_mut_ptr().cast(),
        msg_namelen: size_of::<netc::sockaddr_storage>() as netc::socklen_t,
        msg_iov: buffers.as_mut_ptr().cast(),
        msg_iovlen: count,
        msg_control: control.as_mut_ptr().cast(),
        msg_controllen: u32::try_from(control.len()).unwrap_or(u32::MAX),
        msg_flags: 0,
    };
    // SAFETY: the buffers (an IoSliceMut is a WSABUF), the control buffer and the name are writable for the lengths given.
    let length = unsafe { receive_header(fd, &mut header, flags) }?;
    // SAFETY: the storage was zero before, which is an address of no family.
    let source = unsafe { address_at(name.as_ptr(), header.msg_namelen) };
    let control = (header.msg_controllen as usize).min(control.len());
    Ok(Received { length, control, flags: header.msg_flags, source })
}

/// WSASendMsg; of a stream WSASend, which has no control messages.
pub(crate) fn send_message(
    fd: BorrowedFd<'_>,
    buffers: &[IoSlice<'_>],
    control: &[u8],
    flags: c_int,
    to: Option<&SocketAddr>,
) -> Sys<usize> {
    let count = u32::try_from(buffers.len()).unwrap_or(u32::MAX);
    if is_stream(fd) || (control.is_empty() && to.is_none()) {
        let (mut length, flags) = (0, without_own_flags(flags).cast_unsigned());
        // SAFETY: the buffers (an IoSlice is a WSABUF) are readable for their lengths; without an OVERLAPPED the call has
        // ended when it returns.
        check(unsafe {
            WSASend(number(fd), buffers.as_ptr().cast(), count, &raw mut length, flags, ptr::null_mut(), None)
        })?;
        return Ok(length as usize);
    }
    let name = to.map(|to| SockAddr::from(*to));
    let header = netc::msghdr {
        msg_name: name.as_ref().map_or(ptr::null_mut(), |name| name.as_ptr().cast_mut().cast::<c_void>()),
        msg_namelen: name.as_ref().map_or(0, SockAddr::len),
        msg_iov: buffers.as_ptr().cast_mut().cast(),
        msg_iovlen: count,
        msg_control: control.as_ptr().cast_mut().cast(),
        msg_controllen: u32::try_from(control.len()).unwrap_or(u32::MAX),
        msg_flags: 0,
    };
    // SAFETY: Winsock only reads what the header points to, which is valid for the lengths given.
    unsafe { send_header(fd, &header, flags) }
}
