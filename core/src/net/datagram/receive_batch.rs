//! Receiving datagrams, one or several by a system call.

use std::ffi::{c_int, c_uint};
use std::{iter, mem};

use super::meta::ReceiveMeta;
use crate::net::socket::Socket;
use crate::net::sys::fd::AsFd;
use crate::net::sys::{self, CONTROL, ControlBuffer, Errno, MessageHeader};
use crate::net::traced::{self, Datagram, ReceivedDatagrams};
use crate::netc;

/// The bytes for one message, which is one datagram or several segments: none is longer, so none is truncated.
const SLOT: usize = 65_536;

/// The distance between slots: a cache line more than a slot, so that the short datagrams at the beginnings of all
/// slots do not share cache sets.
const STRIDE: usize = SLOT + 64;

/// The buffers for the datagrams that one call receives, allocated once.
pub(crate) struct ReceiveBatch {
    payloads: Vec<u8>,
    names: Vec<netc::sockaddr_storage>,
    controls: Vec<ControlBuffer>,
    vectors: Vec<netc::iovec>,
    headers: Vec<MessageHeader>,
    /// How many headers the last call may have changed.
    used: usize,
}

// SAFETY: the pointers in the headers and vectors are to memory that the batch owns, and are followed only by the
// kernel during a call that borrows the batch mutably.
unsafe impl Send for ReceiveBatch {}

/// The message in one slot of a [`ReceiveBatch`].
pub(crate) struct ReceivedMessage<'a> {
    /// The bytes of one datagram, or of several of `segment` bytes each but for the last.
    pub(crate) bytes: &'a [u8],
    pub(crate) segment: Option<usize>,
    /// `None` if the source has no IP address.
    pub(crate) meta: Option<ReceiveMeta>,
}

impl<'a> ReceivedMessage<'a> {
    /// The payload of each datagram.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let size = self.segment.unwrap_or(usize::MAX).max(1);
        // The first one may be empty.
        let mut rest = Some(self.bytes);
        iter::from_fn(move || {
            let bytes = rest.take()?;
            let (datagram, more) = bytes.split_at(size.min(bytes.len()));
            rest = Some(more).filter(|more| !more.is_empty());
            Some(datagram)
        })
    }
}

impl ReceiveBatch {
    /// A batch of `capacity` datagrams of any length, at least one.
    pub(crate) fn new(capacity: usize) -> ReceiveBatch {
        let capacity = capacity.max(1);
        // SAFETY: these are plain C structs, for which zero is a value.
        let (name, vector, header) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        let mut batch = ReceiveBatch {
            payloads: vec![0; capacity * STRIDE],
            names: vec![name; capacity],
            controls: vec![ControlBuffer::EMPTY; capacity],
            vectors: vec![vector; capacity],
            headers: vec![header; capacity],
            used: 0,
        };
        // The buffers do not move, so the headers are filled in once.
        let slots = batch.payloads.as_mut_ptr();
        for index in 0..capacity {
            // SAFETY: the slot is within the buffer.
            let slot = unsafe { slots.add(index * STRIDE) };
            batch.vectors[index] = netc::iovec { iov_base: slot.cast(), iov_len: SLOT as netc::iov_length };
            let header = &mut batch.headers[index].msg_hdr;
            header.msg_iov = &raw mut batch.vectors[index];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut batch.names[index]).cast();
            header.msg_control = (&raw mut batch.controls[index]).cast();
        }
        batch.used = capacity;
        batch
    }

    /// Resets what the last call wrote into the headers.
    fn rearm(&mut self) {
        for header in &mut self.headers[..self.used] {
            header.msg_hdr.msg_namelen = size_of::<netc::sockaddr_storage>() as netc::socklen_t;
            header.msg_hdr.msg_controllen = CONTROL as _;
        }
        self.used = 0;
    }

    /// The message in the slot at `index`, which the last receive filled.
    #[inline(always)]
    pub(crate) fn message(&self, index: usize) -> ReceivedMessage<'_> {
        let header = &self.headers[index];
        let length = (header.msg_len as usize).min(SLOT);
        // SAFETY: the name is this batch's own storage, and the kernel wrote its length.
        let source = unsafe { sys::address_at(&raw const self.names[index], header.msg_hdr.msg_namelen) };
        // SAFETY: the header points to this batch's control buffer, and the kernel wrote how much of it is used.
        let control = unsafe { sys::read_control(&header.msg_hdr) };
        let meta = source.map(|source| ReceiveMeta {
            source,
            destination: control.destination,
            hop_limit: control.hop_limit,
        });
        ReceivedMessage { bytes: &self.payloads[index * STRIDE..][..length], segment: control.segment, meta }
    }
}

impl ReceivedDatagrams for ReceiveBatch {
    const CAPACITY: usize = SLOT;

    fn received(&self, slots: usize) -> impl Iterator<Item = Datagram<'_>> {
        (0..slots).map(|index| self.message(index)).flat_map(|message| {
            let peer = message.meta.map(|meta| meta.source);
            let local = message.meta.and_then(|meta| meta.destination).map(|(ip, _)| ip);
            message.datagrams().map(move |bytes| Datagram { peer, local, bytes })
        })
    }
}

impl Socket {
    /// recvmsg(2) with flags. Returns 1, or 0 if the input was shut down (shutdown(2)).
    #[inline(always)]
    pub(crate) fn receive_one(&self, batch: &mut ReceiveBatch, flags: c_int) -> Result<usize, Errno> {
        traced::receive_batch(&self.raw, batch, flags, |raw, batch, flags| {
            batch.rearm();
            batch.used = 1;
            let header = &mut batch.headers[0];
            // SAFETY: the header points to buffers of this batch, of the lengths given.
            let length = unsafe { sys::receive_header(raw.as_fd(), &mut header.msg_hdr, flags) }?;
            header.msg_len = length as c_uint;
            Ok(usize::from(header.msg_hdr.msg_namelen > 0))
        })
    }

    /// recvmmsg(2) with flags: up to the batch's capacity of the datagrams that are queued. With MSG_WAITFORONE instead
    /// of MSG_DONTWAIT it blocks until the first. Returns 0 if the input was shut down.
    #[inline(always)]
    pub(crate) fn receive_some(&self, batch: &mut ReceiveBatch, flags: c_int) -> Result<usize, Errno> {
        traced::receive_batch(&self.raw, batch, flags, |raw, batch, flags| {
            batch.rearm();
            // SAFETY: every header points to buffers of this batch, of the lengths given.
            let count = unsafe { sys::receive_headers(raw.as_fd(), &mut batch.headers, flags) }?;
            batch.used = count;
            let is_datagram = |header: &&MessageHeader| header.msg_hdr.msg_namelen > 0;
            Ok(batch.headers[..count].iter().take_while(is_datagram).count())
        })
    }
}
