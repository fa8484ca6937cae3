//! Datagrams in batches: recvmmsg(2) and sendmmsg(2), with what a server has to know of each one.

use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::ptr;

use socket2::SockAddr;

use super::socket::Socket;
use super::sys::{self, Errno};

/// The longest payload that a datagram can have, in bytes: 65,535 less the headers that its
/// length counts (RFC 768, RFC 791; RFC 8200 counts no IPv6 header).
pub(crate) fn max_payload(address: &SocketAddr) -> usize {
    if address.is_ipv4() { 65_507 } else { 65_527 }
}

/// Room for one datagram: none is longer, so none is ever cut.
const SLOT: usize = 65_536;

/// Room for the control messages of one datagram: a packet info and a hop limit.
const CONTROL: usize = 128;

/// What is known of a received datagram besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) source: SocketAddr,
    /// The address that it was sent to, and the index of the interface that it came in on; for IPv4 an
    /// address of ours, also where it came by broadcast.
    pub(crate) destination: Option<(IpAddr, u32)>,
    /// What was left of its hop limit (TTL), if the system told.
    pub(crate) hop_limit: Option<u8>,
}

/// A reply to send: `bytes` is a range of the arena.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) to: SocketAddr,
    /// The address of ours to send from, as a request's destination; `None` lets the system choose.
    pub(crate) from: Option<(IpAddr, u32)>,
    pub(crate) hop_limit: u8,
    pub(crate) bytes: Range<usize>,
}

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// The buffers and headers of a batch, allocated once.
pub(crate) struct Batch {
    payloads: Vec<u8>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: the pointers in the headers and vectors are set anew before each call, to memory that the batch owns
// or that the call borrows, and are not followed between calls.
unsafe impl Send for Batch {}

impl Batch {
    /// Room for `capacity` datagrams of any length.
    pub(crate) fn new(capacity: usize) -> Batch {
        // SAFETY: these are plain C structs, for which zero is a value.
        let (name, vector, header) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        Batch {
            payloads: vec![0; capacity * SLOT],
            names: vec![name; capacity],
            controls: vec![Control([0; CONTROL]); capacity],
            vectors: vec![vector; capacity],
            headers: vec![header; capacity],
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.headers.len()
    }

    /// The bytes of the datagram at `index` of the last receive.
    pub(crate) fn payload(&self, index: usize) -> &[u8] {
        let length = (self.headers[index].msg_len as usize).min(SLOT);
        &self.payloads[index * SLOT..][..length]
    }

    /// The sender and receiver of the datagram at `index` of the last receive; `None` if it has no
    /// IP address.
    pub(crate) fn envelope(&self, index: usize) -> Option<Envelope> {
        let header = &self.headers[index].msg_hdr;
        // SAFETY: the name is this batch's own storage, and the kernel wrote its length.
        let source = unsafe { sys::address_at(&raw const self.names[index], header.msg_namelen) }?;
        let mut envelope = Envelope { source, destination: None, hop_limit: None };
        // SAFETY: the header points to this batch's control buffer, and the kernel wrote how much of it is used;
        // the macros of cmsg(3) stay within that, and each payload is read for its own kind's type alone.
        unsafe {
            let mut message = libc::CMSG_FIRSTHDR(header);
            while let Some(control) = message.as_ref() {
                let data = libc::CMSG_DATA(message);
                match (control.cmsg_level, control.cmsg_type) {
                    (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                        let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                        let ip = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
                        envelope.destination = Some((ip.into(), info.ipi_ifindex as u32));
                    }
                    (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                        let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                        let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                        envelope.destination = Some((ip.into(), info.ipi6_ifindex));
                    }
                    (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                        envelope.hop_limit = u8::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                    }
                    _ => {}
                }
                message = libc::CMSG_NXTHDR(header, message);
            }
        }
        Some(envelope)
    }

    fn prepare(&mut self, index: usize, bytes: *mut u8, length: usize, control: usize) {
        self.vectors[index] = libc::iovec { iov_base: bytes.cast(), iov_len: length };
        let header = &mut self.headers[index].msg_hdr;
        header.msg_iov = &raw mut self.vectors[index];
        header.msg_iovlen = 1;
        header.msg_name = (&raw mut self.names[index]).cast();
        header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        header.msg_control = (&raw mut self.controls[index]).cast();
        header.msg_controllen = control;
        header.msg_flags = 0;
    }

    /// Writes the reply's addresses and hop limit into the prepared header at `index`.
    fn address_reply(&mut self, index: usize, reply: &Reply) {
        let name = SockAddr::from(reply.to);
        let header = &mut self.headers[index].msg_hdr;
        header.msg_namelen = name.len();
        let hops = libc::c_int::from(reply.hop_limit);
        // SAFETY: an IPv4 or IPv6 address fits the storage; two control messages of the largest kinds fit CONTROL
        // (checked below at compile time), and CMSG_NXTHDR finds the second one's place in zeroed memory.
        unsafe {
            ptr::copy_nonoverlapping(
                name.as_ptr().cast::<u8>(),
                (&raw mut self.names[index]).cast::<u8>(),
                name.len() as usize,
            );
            self.controls[index] = Control([0; CONTROL]);
            let mut place = libc::CMSG_FIRSTHDR(header);
            let mut used = 0;
            let mut put = |level, kind, data: *const u8, size: usize| {
                (*place).cmsg_level = level;
                (*place).cmsg_type = kind;
                (*place).cmsg_len = libc::CMSG_LEN(size as u32) as _;
                ptr::copy_nonoverlapping(data, libc::CMSG_DATA(place), size);
                used += libc::CMSG_SPACE(size as u32) as usize;
                place = libc::CMSG_NXTHDR(header, place);
            };
            let hops_at = (&raw const hops).cast::<u8>();
            if reply.to.is_ipv4() {
                put(libc::IPPROTO_IP, libc::IP_TTL, hops_at, size_of::<libc::c_int>());
            } else {
                put(libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT, hops_at, size_of::<libc::c_int>());
            }
            match reply.from {
                Some((IpAddr::V4(ip), _)) => {
                    let info = libc::in_pktinfo {
                        ipi_ifindex: 0,
                        ipi_spec_dst: libc::in_addr { s_addr: u32::from(ip).to_be() },
                        ipi_addr: libc::in_addr { s_addr: 0 },
                    };
                    put(libc::IPPROTO_IP, libc::IP_PKTINFO, (&raw const info).cast(), size_of_val(&info));
                }
                Some((IpAddr::V6(ip), interface)) => {
                    // A link-local address is one only together with its link; other replies go by the routes.
                    let link = if ip.is_unicast_link_local() { interface } else { 0 };
                    let info = libc::in6_pktinfo {
                        ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
                        ipi6_ifindex: link as _,
                    };
                    put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, (&raw const info).cast(), size_of_val(&info));
                }
                None => {}
            }
            header.msg_controllen = used as _;
        }
    }
}

const _: () = assert!(
    // SAFETY: CMSG_SPACE is arithmetic.
    unsafe { libc::CMSG_SPACE(4) + libc::CMSG_SPACE(size_of::<libc::in6_pktinfo>() as u32) } as usize
        <= CONTROL
);

impl Socket {
    /// recvmmsg(2), at once: what is there now, up to the batch's capacity, one at least.
    pub(crate) fn receive_batch(&self, batch: &mut Batch) -> Result<usize, Errno> {
        for index in 0..batch.capacity() {
            let slot = batch.payloads[index * SLOT..][..SLOT].as_mut_ptr();
            batch.prepare(index, slot, SLOT, CONTROL);
        }
        // SAFETY: every header points to buffers of this batch, of the lengths given; no timeout is
        // passed, since the socket is non-blocking (the kernel's timeout here is not to be trusted).
        let count = unsafe {
            libc::recvmmsg(
                self.fd(),
                batch.headers.as_mut_ptr(),
                batch.capacity() as libc::c_uint,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        usize::try_from(count).map_err(|_| Errno::last())
    }

    /// sendmmsg(2), at once: how many of `replies`, from the first on, were sent. An error is the first one's.
    pub(crate) fn send_batch(
        &self,
        batch: &mut Batch,
        replies: &[Reply],
        arena: &[u8],
    ) -> Result<usize, Errno> {
        let count = replies.len().min(batch.capacity());
        for (index, reply) in replies.iter().take(count).enumerate() {
            let bytes = &arena[reply.bytes.clone()];
            // sendmmsg(2) only reads what the vector points to.
            batch.prepare(index, bytes.as_ptr().cast_mut(), bytes.len(), CONTROL);
            batch.address_reply(index, reply);
        }
        // SAFETY: the first `count` headers point to names and controls of this batch and to bytes of the arena.
        let sent = unsafe {
            libc::sendmmsg(
                self.fd(),
                batch.headers.as_mut_ptr(),
                count as libc::c_uint,
                libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            )
        };
        usize::try_from(sent).map_err(|_| Errno::last())
    }
}
