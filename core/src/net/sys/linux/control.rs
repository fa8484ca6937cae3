//! The control messages of datagrams (cmsg(3), ip(7), ipv6(7), udp(7)): destination, hop limit, segment size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

use crate::net::sys::control::{CONTROL, ControlBuffer, ReceivedControl, SentControl};

const _: () = assert!(
    // SAFETY: CMSG_SPACE is arithmetic.
    unsafe {
        libc::CMSG_SPACE(4) + libc::CMSG_SPACE(4) + libc::CMSG_SPACE(size_of::<libc::in6_pktinfo>() as u32)
    } as usize
        <= CONTROL
);

/// Reads the control messages that the kernel wrote.
///
/// # Safety
/// The header's control pointer and length are those of a buffer that recvmsg(2) filled.
pub(crate) unsafe fn read_control(header: &libc::msghdr) -> ReceivedControl {
    let mut received = ReceivedControl::default();
    // SAFETY: by this function's contract the macros of cmsg(3) stay within the buffer; each payload is read for
    // its own kind's type alone.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(control) = message.as_ref() {
            let data = libc::CMSG_DATA(message);
            match (control.cmsg_level, control.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    received.hop_limit = u8::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    let ip = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
                    received.destination = Some((ip.into(), info.ipi_ifindex as u32));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    received.destination = Some((ip.into(), info.ipi6_ifindex));
                }
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    let size = data.cast::<libc::c_int>().read_unaligned();
                    received.segment = usize::try_from(size).ok().filter(|size| *size > 0);
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    received
}

/// Writes the control messages of a message into `buffer`, and `buffer` into the header.
#[inline]
pub(crate) fn write_control(header: &mut libc::msghdr, buffer: &mut ControlBuffer, control: &SentControl) {
    if control.segment.is_none() && control.from.is_none() && control.hop_limit.is_none() {
        header.msg_control = ptr::null_mut();
        header.msg_controllen = 0;
        return;
    }
    *buffer = ControlBuffer::EMPTY;
    header.msg_control = (&raw mut *buffer).cast();
    header.msg_controllen = CONTROL as _;
    // SAFETY: three control messages of the largest kinds fit the buffer (checked above at compile time), and
    // CMSG_NXTHDR finds the next header in zeroed memory.
    unsafe {
        let mut header_at = libc::CMSG_FIRSTHDR(header);
        let mut used = 0;
        let mut put = |level, kind, data: *const u8, size: usize| {
            (*header_at).cmsg_level = level;
            (*header_at).cmsg_type = kind;
            (*header_at).cmsg_len = libc::CMSG_LEN(size as u32) as _;
            ptr::copy_nonoverlapping(data, libc::CMSG_DATA(header_at), size);
            used += libc::CMSG_SPACE(size as u32) as usize;
            header_at = libc::CMSG_NXTHDR(header, header_at);
        };
        if let Some(hops) = control.hop_limit.map(libc::c_int::from) {
            let (level, kind) = if control.ipv6 {
                (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT)
            } else {
                (libc::IPPROTO_IP, libc::IP_TTL)
            };
            put(level, kind, (&raw const hops).cast(), size_of::<libc::c_int>());
        }
        match control.from {
            Some((IpAddr::V4(ip), _)) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr { s_addr: u32::from(ip).to_be() },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                put(libc::IPPROTO_IP, libc::IP_PKTINFO, (&raw const info).cast(), size_of_val(&info));
            }
            Some((IpAddr::V6(ip), interface)) => {
                // A link-local address needs its interface; other replies follow the routes.
                let link = if ip.is_unicast_link_local() { interface } else { 0 };
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
                    ipi6_ifindex: link as _,
                };
                put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, (&raw const info).cast(), size_of_val(&info));
            }
            None => {}
        }
        if let Some(segment) = control.segment {
            put(libc::SOL_UDP, libc::UDP_SEGMENT, (&raw const segment).cast(), size_of::<u16>());
        }
        header.msg_controllen = used as _;
    }
}
