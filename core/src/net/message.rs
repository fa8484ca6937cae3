//! Messages with control data: sendmsg(2), recvmsg(2) and cmsg(3).

use std::ffi::c_int;
use std::io::{IoSlice, IoSliceMut};
use std::mem::{self, MaybeUninit};
use std::net::SocketAddr;
use std::{iter, ptr};

use socket2::SockAddr;

use super::socket::Socket;
use super::sys::{self, Errno};
use crate::trace;

/// What recvmsg(2) tells of a message besides its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// How many bytes of the buffers were filled.
    pub length: usize,
    /// How many bytes of the control buffer were filled.
    pub control: usize,
    /// `MSG_TRUNC`, `MSG_CTRUNC` and others of recvmsg(2).
    pub flags: i32,
    /// The sender; a connected stream names none.
    pub source: Option<SocketAddr>,
}

/// One piece of control data (cmsg(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control<'a> {
    /// The protocol that it is for: `SOL_SOCKET`, `IPPROTO_IP`, `IPPROTO_IPV6`...
    pub level: i32,
    /// What it is: `IP_TTL`, `IPV6_PKTINFO`...
    pub kind: i32,
    /// Its data, without the header and padding.
    pub data: &'a [u8],
}

/// The length of a control message's header, padding included.
fn header() -> usize {
    // SAFETY: CMSG_LEN is arithmetic.
    unsafe { libc::CMSG_LEN(0) as usize }
}

/// The bytes that a control message with so much data takes of a control buffer (CMSG_SPACE);
/// `None` if it cannot be.
#[must_use]
pub fn control_space(data: usize) -> Option<usize> {
    let length = u32::try_from(data).ok().filter(|length| *length < i32::MAX as u32 - 64)?;
    // SAFETY: CMSG_SPACE is arithmetic, which the bound keeps from overflowing.
    Some(unsafe { libc::CMSG_SPACE(length) as usize })
}

/// The length that a control message with so much data says that it has (CMSG_LEN); `None` if it
/// cannot be.
#[must_use]
pub fn control_length(data: usize) -> Option<usize> {
    control_space(data).map(|_| header() + data)
}

/// A control buffer of these messages, for [`send_message`](super::BlockingSocket::send_message).
#[must_use]
pub fn write_controls(messages: &[Control<'_>]) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    for message in messages {
        let (start, length) = (buffer.len(), control_length(message.data.len())?);
        buffer.resize(start.checked_add(control_space(message.data.len())?)?, 0);
        let head =
            libc::cmsghdr { cmsg_level: message.level, cmsg_type: message.kind, cmsg_len: length as _ };
        // SAFETY: a cmsghdr is plain numbers without padding, read as the bytes that it is made of.
        let head = unsafe {
            std::slice::from_raw_parts(ptr::from_ref(&head).cast::<u8>(), size_of::<libc::cmsghdr>())
        };
        buffer[start..][..head.len()].copy_from_slice(head);
        buffer[start + header()..][..message.data.len()].copy_from_slice(message.data);
    }
    Some(buffer)
}

/// The messages of a control buffer as far as recvmsg(2) filled it. One that was cut has the data
/// that is there.
pub fn read_controls(buffer: &[u8]) -> impl Iterator<Item = Control<'_>> {
    let mut rest = buffer;
    iter::from_fn(move || {
        if rest.len() < header() {
            return None;
        }
        // SAFETY: a cmsghdr is plain numbers, and at least as many bytes are there.
        let head = unsafe { rest.as_ptr().cast::<libc::cmsghdr>().read_unaligned() };
        #[allow(clippy::unnecessary_cast, reason = "musl has a u32 here")]
        let length = (head.cmsg_len as usize).checked_sub(header())?;
        let data = &rest[header()..];
        let data = &data[..length.min(data.len())];
        rest = rest.get(control_space(length)?..).unwrap_or_default();
        Some(Control { level: head.cmsg_level, kind: head.cmsg_type, data })
    })
}

impl Socket {
    /// recvmsg(2).
    pub(crate) fn receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: c_int,
    ) -> Result<Received, Errno> {
        if trace::on() {
            return self.receive_message_traced(buffers, control, flags);
        }
        self.bare_receive_message(buffers, control, flags)
    }

    #[inline(always)]
    pub(super) fn bare_receive_message(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: c_int,
    ) -> Result<Received, Errno> {
        let mut name = MaybeUninit::<libc::sockaddr_storage>::zeroed();
        // SAFETY: a msghdr of zeroes is one with nothing in it.
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
        let length = unsafe { libc::recvmsg(self.fd(), &raw mut message, flags) };
        let length = usize::try_from(length).map_err(|_| Errno::last())?;
        // SAFETY: the storage was zero before, and the kernel says how much of it it wrote.
        let source = unsafe { sys::address_at(name.as_ptr(), message.msg_namelen) };
        let control = (message.msg_controllen as usize).min(control.len());
        Ok(Received { length, control, flags: message.msg_flags, source })
    }

    /// sendmsg(2), with MSG_NOSIGNAL.
    pub(super) fn bare_send_message(
        &self,
        buffers: &[IoSlice<'_>],
        control: &[u8],
        flags: c_int,
        to: Option<&SocketAddr>,
    ) -> Result<usize, Errno> {
        let name = to.map(|to| SockAddr::from(*to));
        // SAFETY: a msghdr of zeroes is one with nothing in it.
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
        let sent = unsafe { libc::sendmsg(self.fd(), &raw const message, flags | libc::MSG_NOSIGNAL) };
        usize::try_from(sent).map_err(|_| Errno::last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_data_comes_back_as_it_was_written() {
        let messages = [
            Control { level: libc::IPPROTO_IP, kind: libc::IP_TTL, data: &[1, 0, 0, 0] },
            Control { level: libc::IPPROTO_IPV6, kind: libc::IPV6_TCLASS, data: &[] },
            Control { level: 7, kind: 8, data: &[9; 17] },
        ];
        let buffer = write_controls(&messages).unwrap();
        assert_eq!(read_controls(&buffer).collect::<Vec<_>>(), messages);
        let cut = &buffer[..buffer.len() - 16];
        assert_eq!(read_controls(cut).last().unwrap().data, &[9; 8]);
    }

    #[test]
    fn nonsense_is_no_control_data() {
        for nonsense in [&[][..], &[0; 3], &[0; 64], &[255; 64]] {
            assert!(read_controls(nonsense).count() <= 1, "{nonsense:?}");
        }
        assert_eq!(control_space(usize::MAX), None);
        assert_eq!(control_space(u32::MAX as usize), None);
        assert_eq!(control_space(4), Some(24));
        assert_eq!(control_length(4), Some(20));
    }
}
