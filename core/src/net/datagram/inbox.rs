//! Receiving.

use std::{mem, ptr};

use super::ReceiveMeta;
use super::control::{self, Buffer, CONTROL};
use crate::net::socket::Socket;
use crate::net::sys::{self, Errno};
use crate::trace;

/// Room for one datagram, or one train of them: none is longer, so none is ever cut.
pub(super) const SLOT: usize = 65_536;

/// From one slot to the next: a cache line more than a slot, so that the short datagrams at the beginnings
/// of all slots do not crowd into the same lines of the processor's cache.
const STRIDE: usize = SLOT + 64;

/// Buffers for the datagrams that one call receives, allocated once.
pub(crate) struct ReceiveBatch {
    payloads: Vec<u8>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<Buffer>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
    /// How many headers the last call may have changed.
    used: usize,
}

// SAFETY: the pointers in the headers and vectors are to memory that the inbox owns, and are followed only by
// the kernel during a call that borrows the inbox mutably.
unsafe impl Send for ReceiveBatch {}

/// What came in one slot of an [`ReceiveBatch`].
pub(crate) struct Arrival<'a> {
    /// The bytes of one datagram, or of several of `segment` bytes each but for the last.
    pub(crate) bytes: &'a [u8],
    pub(crate) segment: Option<usize>,
    /// `None` if it has no IP address.
    pub(crate) envelope: Option<ReceiveMeta>,
}

impl<'a> Arrival<'a> {
    /// The payload of each datagram.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &'a [u8]> {
        let size = self.segment.unwrap_or(self.bytes.len()).max(1);
        // An empty datagram is one, too.
        let empty = self.bytes.is_empty().then_some(self.bytes);
        self.bytes.chunks(size).chain(empty)
    }
}

impl ReceiveBatch {
    /// Room for `capacity` datagrams of any length, one at least.
    pub(crate) fn new(capacity: usize) -> ReceiveBatch {
        let capacity = capacity.max(1);
        // SAFETY: these are plain C structs, for which zero is a value.
        let (name, vector, header) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        let mut inbox = ReceiveBatch {
            payloads: vec![0; capacity * STRIDE],
            names: vec![name; capacity],
            controls: vec![Buffer::EMPTY; capacity],
            vectors: vec![vector; capacity],
            headers: vec![header; capacity],
            used: 0,
        };
        // The buffers never move, so the headers point to them once and for all.
        let slots = inbox.payloads.as_mut_ptr();
        for index in 0..capacity {
            // SAFETY: the slot is within the buffer.
            let slot = unsafe { slots.add(index * STRIDE) };
            inbox.vectors[index] = libc::iovec { iov_base: slot.cast(), iov_len: SLOT };
            let header = &mut inbox.headers[index].msg_hdr;
            header.msg_iov = &raw mut inbox.vectors[index];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut inbox.names[index]).cast();
            header.msg_control = (&raw mut inbox.controls[index]).cast();
        }
        inbox.used = capacity;
        inbox
    }

    /// Takes back what the last call wrote into the headers.
    fn rearm(&mut self) {
        for header in &mut self.headers[..self.used] {
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_controllen = CONTROL as _;
        }
        self.used = 0;
    }

    /// What came in the slot at `index` of the last receive.
    #[inline(always)]
    pub(crate) fn arrival(&self, index: usize) -> Arrival<'_> {
        let header = &self.headers[index];
        let length = (header.msg_len as usize).min(SLOT);
        // SAFETY: the name is this inbox's own storage, and the kernel wrote its length.
        let source = unsafe { sys::address_at(&raw const self.names[index], header.msg_hdr.msg_namelen) };
        // SAFETY: the header points to this inbox's control buffer, and the kernel wrote how much of it is used.
        let told = unsafe { control::read(&header.msg_hdr) };
        let envelope = source.map(|source| ReceiveMeta {
            source,
            destination: told.destination,
            hop_limit: told.hop_limit,
        });
        Arrival { bytes: &self.payloads[index * STRIDE..][..length], segment: told.segment, envelope }
    }
}

impl Socket {
    /// recvmsg(2) with flags. Returns 1, or 0 if the receiving side was shut down (shutdown(2)).
    #[inline(always)]
    pub(crate) fn receive_one(&self, inbox: &mut ReceiveBatch, flags: libc::c_int) -> Result<usize, Errno> {
        if trace::on() {
            return self.arrivals_traced(inbox, flags, |inbox, flags| self.bare_receive_one(inbox, flags));
        }
        self.bare_receive_one(inbox, flags)
    }

    #[inline(always)]
    fn bare_receive_one(&self, inbox: &mut ReceiveBatch, flags: libc::c_int) -> Result<usize, Errno> {
        inbox.rearm();
        inbox.used = 1;
        let header = &mut inbox.headers[0];
        // SAFETY: the header points to buffers of this inbox, of the lengths given.
        let length = unsafe { libc::recvmsg(self.fd(), &raw mut header.msg_hdr, flags) };
        header.msg_len = libc::c_uint::try_from(length).map_err(|_| Errno::last())?;
        Ok(usize::from(header.msg_hdr.msg_namelen > 0))
    }

    /// recvmmsg(2) with flags: what is there now, up to the inbox's capacity; with MSG_WAITFORONE rather than
    /// MSG_DONTWAIT it waits for the first. 0 if the receiving side was shut down.
    #[inline(always)]
    pub(crate) fn receive_some(&self, inbox: &mut ReceiveBatch, flags: libc::c_int) -> Result<usize, Errno> {
        if trace::on() {
            return self.arrivals_traced(inbox, flags, |inbox, flags| self.bare_receive_some(inbox, flags));
        }
        self.bare_receive_some(inbox, flags)
    }

    #[inline(always)]
    fn bare_receive_some(&self, inbox: &mut ReceiveBatch, flags: libc::c_int) -> Result<usize, Errno> {
        inbox.rearm();
        let capacity = inbox.headers.len() as libc::c_uint;
        // SAFETY: every header points to buffers of this inbox, of the lengths given; no timeout is passed
        // (the kernel's here is not to be trusted: recvmmsg(2), BUGS).
        let count = unsafe {
            libc::recvmmsg(self.fd(), inbox.headers.as_mut_ptr(), capacity, flags as _, ptr::null_mut())
        };
        let count = usize::try_from(count).map_err(|_| Errno::last())?;
        inbox.used = count;
        let came = |header: &libc::mmsghdr| header.msg_hdr.msg_namelen > 0;
        Ok(inbox.headers[..count].iter().take_while(|header| came(header)).count())
    }
}
