//! The control messages of datagrams (WSARecvMsg, WSASendMsg; RFC 3542): destination and hop limit.

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

use windows_sys::Win32::Networking::WinSock::{
    IN_ADDR, IN_ADDR_0, IN_PKTINFO, IN6_ADDR, IN6_ADDR_0, IN6_PKTINFO, IP_HOPLIMIT, IP_PKTINFO, IP_TTL,
    IPV6_HOPLIMIT, IPV6_PKTINFO,
};

use crate::net::sys::control::{CONTROL, ControlBuffer, ReceivedControl, SentControl};
use crate::netc;

/// The length of a header, and the alignment of headers and data (WSA_CMSGHDR_ALIGN, WSA_CMSGDATA_ALIGN).
const HEADER: usize = size_of::<netc::cmsghdr>().next_multiple_of(ALIGNMENT);
const ALIGNMENT: usize = align_of::<usize>();

/// The bytes that a control message with `data` bytes of data occupies (WSA_CMSG_SPACE).
pub(crate) fn control_message_space(data: u32) -> usize {
    HEADER + (data as usize).next_multiple_of(ALIGNMENT)
}

/// The length in the header of a control message with `data` bytes of data (WSA_CMSG_LEN).
pub(crate) fn control_message_length(data: u32) -> usize {
    HEADER + data as usize
}

/// Reads the control messages that the system wrote.
///
/// # Safety
/// The header's control pointer and length are those of a buffer that a receive filled.
pub(crate) unsafe fn read_control(header: &netc::msghdr) -> ReceivedControl {
    let mut received = ReceivedControl::default();
    let (start, total) = (header.msg_control.cast::<u8>().cast_const(), header.msg_controllen as usize);
    let mut at = 0;
    while !start.is_null() && at + HEADER <= total {
        // SAFETY: by this function's contract as many bytes are there.
        let head = unsafe { start.add(at).cast::<netc::cmsghdr>().read_unaligned() };
        if head.cmsg_len < HEADER || head.cmsg_len > total - at {
            break;
        }
        let size = head.cmsg_len - HEADER;
        // SAFETY: as above.
        let data = unsafe { start.add(at + HEADER) };
        // SAFETY: each payload is read for its own kind's type, whose length was checked.
        unsafe {
            match (head.cmsg_level, head.cmsg_type) {
                (netc::IPPROTO_IP, IP_TTL | IP_HOPLIMIT) | (netc::IPPROTO_IPV6, IPV6_HOPLIMIT)
                    if size >= size_of::<c_int>() =>
                {
                    received.hop_limit = u8::try_from(data.cast::<c_int>().read_unaligned()).ok();
                }
                (netc::IPPROTO_IP, IP_PKTINFO) if size >= size_of::<IN_PKTINFO>() => {
                    let info = data.cast::<IN_PKTINFO>().read_unaligned();
                    let ip = Ipv4Addr::from(u32::from_be(info.ipi_addr.S_un.S_addr));
                    received.destination = Some((ip.into(), info.ipi_ifindex));
                }
                (netc::IPPROTO_IPV6, IPV6_PKTINFO) if size >= size_of::<IN6_PKTINFO>() => {
                    let info = data.cast::<IN6_PKTINFO>().read_unaligned();
                    let ip = Ipv6Addr::from(info.ipi6_addr.u.Byte);
                    received.destination = Some((ip.into(), info.ipi6_ifindex));
                }
                _ => {}
            }
        }
        at += head.cmsg_len.next_multiple_of(ALIGNMENT);
    }
    received
}

/// Writes the control messages of a message into `buffer`, and `buffer` into the header.
pub(crate) fn write_control(header: &mut netc::msghdr, buffer: &mut ControlBuffer, control: &SentControl) {
    debug_assert!(control.segment.is_none(), "a message is one datagram");
    *buffer = ControlBuffer::EMPTY;
    let start: *mut u8 = (&raw mut *buffer).cast();
    let mut used = 0;
    let mut put = |level: c_int, kind: c_int, data: *const u8, size: usize| {
        let head = netc::cmsghdr { cmsg_len: HEADER + size, cmsg_level: level, cmsg_type: kind };
        let next = used + control_message_space(size as u32);
        if next <= CONTROL {
            // SAFETY: the message is within the buffer, and `data` is readable for its size.
            unsafe {
                start.add(used).cast::<netc::cmsghdr>().write_unaligned(head);
                ptr::copy_nonoverlapping(data, start.add(used + HEADER), size);
            }
            used = next;
        }
    };
    if let Some(hops) = control.hop_limit.filter(|_| control.ipv6).map(c_int::from) {
        put(netc::IPPROTO_IPV6, IPV6_HOPLIMIT, (&raw const hops).cast(), size_of::<c_int>());
    }
    match control.from {
        Some((IpAddr::V4(ip), _)) => {
            let address = IN_ADDR { S_un: IN_ADDR_0 { S_addr: u32::from(ip).to_be() } };
            let info = IN_PKTINFO { ipi_addr: address, ipi_ifindex: 0 };
            put(netc::IPPROTO_IP, IP_PKTINFO, (&raw const info).cast(), size_of_val(&info));
        }
        Some((IpAddr::V6(ip), interface)) => {
            // A link-local address needs its interface; other replies follow the routes.
            let link = if ip.is_unicast_link_local() { interface } else { 0 };
            let address = IN6_ADDR { u: IN6_ADDR_0 { Byte: ip.octets() } };
            let info = IN6_PKTINFO { ipi6_addr: address, ipi6_ifindex: link };
            put(netc::IPPROTO_IPV6, IPV6_PKTINFO, (&raw const info).cast(), size_of_val(&info));
        }
        None => {}
    }
    header.msg_control = if used == 0 { ptr::null_mut() } else { start.cast() };
    header.msg_controllen = used as u32;
}
