//! The control messages of datagrams (cmsg(3); RFC 3542): destination and hop limit.
//!
//! For IPv4 each system has its own: IP_PKTINFO on Linux and macOS, IP_RECVDSTADDR and IP_SENDSRCADDR on FreeBSD.

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

use crate::net::sys::control::{CONTROL, ControlBuffer, ReceivedControl, SentControl};

const _: () = assert!(
    // SAFETY: CMSG_SPACE is arithmetic.
    unsafe { libc::CMSG_SPACE(4) + libc::CMSG_SPACE(size_of::<libc::in6_pktinfo>() as u32) } as usize
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
                (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    received.hop_limit = u8::try_from(data.cast::<c_int>().read_unaligned()).ok();
                }
                (libc::IPPROTO_IP, kind) if kind == ipv4::HOP_LIMIT => {
                    received.hop_limit = ipv4::read_hop_limit(data);
                }
                (libc::IPPROTO_IP, kind) if kind == ipv4::DESTINATION => {
                    received.destination = Some(ipv4::read_destination(data));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    received.destination = Some((ip.into(), info.ipi6_ifindex as u32));
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    received
}

/// Writes the control messages of a message into `buffer`, and `buffer` into the header.
pub(crate) fn write_control(header: &mut libc::msghdr, buffer: &mut ControlBuffer, control: &SentControl) {
    debug_assert!(control.segment.is_none(), "a message is one datagram");
    *buffer = ControlBuffer::EMPTY;
    header.msg_control = (&raw mut *buffer).cast();
    header.msg_controllen = CONTROL as _;
    let mut used = 0;
    // SAFETY: two control messages of the largest kinds fit the buffer (checked above at compile time), and
    // CMSG_NXTHDR finds the next header in zeroed memory.
    unsafe {
        let mut header_at = libc::CMSG_FIRSTHDR(header);
        let mut put = |level, kind, data: *const u8, size: usize| {
            (*header_at).cmsg_level = level;
            (*header_at).cmsg_type = kind;
            (*header_at).cmsg_len = libc::CMSG_LEN(size as u32) as _;
            ptr::copy_nonoverlapping(data, libc::CMSG_DATA(header_at), size);
            used += libc::CMSG_SPACE(size as u32) as usize;
            header_at = libc::CMSG_NXTHDR(header, header_at);
        };
        if let Some(hops) = control.hop_limit.filter(|_| control.ipv6).map(c_int::from) {
            put(libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT, (&raw const hops).cast(), size_of::<c_int>());
        }
        match control.from {
            Some((IpAddr::V4(ip), _)) => {
                let info = ipv4::source(ip);
                put(libc::IPPROTO_IP, ipv4::SOURCE, (&raw const info).cast(), size_of_val(&info));
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
    }
    if used == 0 {
        header.msg_control = ptr::null_mut();
    }
    header.msg_controllen = used as _;
}

/// Linux and macOS.
#[cfg(not(target_os = "freebsd"))]
mod ipv4 {
    use super::*;

    pub(super) const DESTINATION: c_int = libc::IP_PKTINFO;
    pub(super) const SOURCE: c_int = libc::IP_PKTINFO;
    #[cfg(target_os = "linux")]
    pub(super) const HOP_LIMIT: c_int = libc::IP_TTL;
    #[cfg(not(target_os = "linux"))]
    pub(super) const HOP_LIMIT: c_int = libc::IP_RECVTTL;

    /// # Safety
    /// `data` is that of a message of the kind [`HOP_LIMIT`].
    pub(super) unsafe fn read_hop_limit(data: *const u8) -> Option<u8> {
        // SAFETY: an int on Linux, one byte elsewhere.
        unsafe {
            if cfg!(target_os = "linux") {
                u8::try_from(data.cast::<c_int>().read_unaligned()).ok()
            } else {
                Some(data.read())
            }
        }
    }

    /// # Safety
    /// `data` is that of a message of the kind [`DESTINATION`].
    pub(super) unsafe fn read_destination(data: *const u8) -> (IpAddr, u32) {
        // SAFETY: by this function's contract.
        let info = unsafe { data.cast::<libc::in_pktinfo>().read_unaligned() };
        let ip = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
        (ip.into(), info.ipi_ifindex as u32)
    }

    pub(super) fn source(ip: Ipv4Addr) -> libc::in_pktinfo {
        libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from(ip).to_be() },
            ipi_addr: libc::in_addr { s_addr: 0 },
        }
    }
}

#[cfg(target_os = "freebsd")]
mod ipv4 {
    use super::*;

    pub(super) const DESTINATION: c_int = libc::IP_RECVDSTADDR;
    pub(super) const SOURCE: c_int = libc::IP_SENDSRCADDR;
    pub(super) const HOP_LIMIT: c_int = libc::IP_RECVTTL;

    /// # Safety
    /// `data` is that of a message of the kind [`HOP_LIMIT`].
    pub(super) unsafe fn read_hop_limit(data: *const u8) -> Option<u8> {
        // SAFETY: by this function's contract: one byte.
        Some(unsafe { data.read() })
    }

    /// The address as the datagram has it, which for a broadcast is no address of this host; without the interface.
    ///
    /// # Safety
    /// `data` is that of a message of the kind [`DESTINATION`].
    pub(super) unsafe fn read_destination(data: *const u8) -> (IpAddr, u32) {
        // SAFETY: by this function's contract.
        let address = unsafe { data.cast::<libc::in_addr>().read_unaligned() };
        (Ipv4Addr::from(u32::from_be(address.s_addr)).into(), 0)
    }

    pub(super) fn source(ip: Ipv4Addr) -> libc::in_addr {
        libc::in_addr { s_addr: u32::from(ip).to_be() }
    }
}
