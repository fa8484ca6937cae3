//! Control messages (cmsg(3)) as bytes, for sendmsg(2) and recvmsg(2).

use std::{iter, mem, ptr};

use super::sys::{control_message_length, control_message_space};
use crate::netc;

/// A control message (cmsg(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control<'a> {
    /// The protocol: `SOL_SOCKET`, `IPPROTO_IP`, `IPPROTO_IPV6`...
    pub level: i32,
    /// The type: `IP_TTL`, `IPV6_PKTINFO`...
    pub kind: i32,
    /// The data, without header and padding.
    pub data: &'a [u8],
}

/// The length of a control message's header, padding included.
fn header() -> usize {
    control_message_length(0)
}

/// The bytes of a control buffer that a control message with `data` bytes of data occupies (CMSG_SPACE); `None` if that
/// is too large.
#[must_use]
pub fn control_space(data: usize) -> Option<usize> {
    let length = u32::try_from(data).ok().filter(|length| *length < i32::MAX as u32 - 64)?;
    Some(control_message_space(length))
}

/// The length in the header of a control message with `data` bytes of data (CMSG_LEN); `None` if that is too large.
#[must_use]
pub fn control_length(data: usize) -> Option<usize> {
    control_space(data).map(|_| header() + data)
}

/// A control buffer with these messages, for [`send_message`](super::BlockingSocket::send_message).
#[must_use]
pub fn write_controls(messages: &[Control<'_>]) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    for message in messages {
        let (start, length) = (buffer.len(), control_length(message.data.len())?);
        buffer.resize(start.checked_add(control_space(message.data.len())?)?, 0);
        // SAFETY: a cmsghdr is plain numbers, for which zero is a value.
        let mut head: netc::cmsghdr = unsafe { mem::zeroed() };
        head.cmsg_level = message.level;
        head.cmsg_type = message.kind;
        head.cmsg_len = length as _;
        // SAFETY: a cmsghdr is plain numbers and zeroed padding, read as the bytes that it is made of.
        let head = unsafe {
            std::slice::from_raw_parts(ptr::from_ref(&head).cast::<u8>(), size_of::<netc::cmsghdr>())
        };
        buffer[start..][..head.len()].copy_from_slice(head);
        buffer[start + header()..][..message.data.len()].copy_from_slice(message.data);
    }
    Some(buffer)
}

/// The messages of a control buffer that recvmsg(2) filled. A truncated message has the data that is there.
pub fn read_controls(buffer: &[u8]) -> impl Iterator<Item = Control<'_>> {
    let mut rest = buffer;
    iter::from_fn(move || {
        if rest.len() < header() {
            return None;
        }
        // SAFETY: a cmsghdr is plain numbers, and at least as many bytes are there.
        let head = unsafe { rest.as_ptr().cast::<netc::cmsghdr>().read_unaligned() };
        #[allow(clippy::unnecessary_cast, reason = "musl has a u32 here")]
        let length = (head.cmsg_len as usize).checked_sub(header())?;
        let data = &rest[header()..];
        let data = &data[..length.min(data.len())];
        rest = rest.get(control_space(length)?..).unwrap_or_default();
        Some(Control { level: head.cmsg_level, kind: head.cmsg_type, data })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_messages_survive_a_round_trip() {
        let messages = [
            Control { level: netc::IPPROTO_IP, kind: netc::IP_TTL, data: &[1, 0, 0, 0] },
            Control { level: netc::IPPROTO_IPV6, kind: netc::IPV6_UNICAST_HOPS, data: &[] },
            Control { level: 7, kind: 8, data: &[9; 17] },
        ];
        let buffer = write_controls(&messages).unwrap();
        assert_eq!(read_controls(&buffer).collect::<Vec<_>>(), messages);
        let cut = &buffer[..buffer.len() - 16];
        assert_eq!(read_controls(cut).last().unwrap().data, &[9; 8]);
    }

    #[test]
    fn other_bytes_are_no_control_message() {
        for nonsense in [&[][..], &[0; 3], &[0; 64], &[255; 64]] {
            assert!(read_controls(nonsense).count() <= 1, "{nonsense:?}");
        }
        assert_eq!(control_space(usize::MAX), None);
        assert_eq!(control_space(u32::MAX as usize), None);
        assert_eq!(control_space(4), Some(24));
        assert_eq!(control_length(4), Some(20));
    }
}
