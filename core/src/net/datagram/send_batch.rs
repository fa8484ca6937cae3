//! Sending replies, one or several messages by a system call.

use std::net::SocketAddr;
use std::ops::Range;
use std::{mem, ptr};

use socket2::SockAddr;

use super::meta::SendMeta;
use super::queue::{Added, NONE, Queue, Reply};
use crate::net::raw::RawSocket;
use crate::net::socket::Socket;
use crate::net::sys::fd::AsFd;
use crate::net::sys::{self, ControlBuffer, Errno, MessageHeader, SentControl};
use crate::net::traced::{self, Datagram, SentDatagrams};
use crate::netc;

/// The most messages of one call.
const MAX_MESSAGES: usize = 64;

/// Replies that are sent together.
pub(crate) struct SendBatch {
    queue: Queue,
    names: Vec<netc::sockaddr_storage>,
    controls: Vec<ControlBuffer>,
    vectors: Vec<netc::iovec>,
    headers: Vec<MessageHeader>,
}

// SAFETY: the pointers in the headers and vectors are set before each call, to memory that the batch owns, and are
// not followed between calls.
unsafe impl Send for SendBatch {}

/// What a call has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentBatch {
    pub(crate) datagrams: usize,
    pub(crate) bytes: usize,
}

impl SendBatch {
    /// A batch of `capacity` replies, which allocates nothing later for replies of up to `growth` bytes each.
    /// `segments` allows UDP_SEGMENT, `several` sendmmsg(2).
    pub(crate) fn new(capacity: usize, growth: usize, segments: bool, several: bool) -> SendBatch {
        // SAFETY: these are plain C structs, for which zero is a value.
        let (name, vector, header) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        let messages = if several { capacity.min(MAX_MESSAGES) } else { 1 };
        SendBatch {
            queue: Queue::new(capacity, growth, segments),
            names: vec![name; messages],
            controls: vec![ControlBuffer::EMPTY; messages],
            vectors: vec![vector; capacity],
            headers: vec![header; messages],
        }
    }

    /// Whether it is to be sent before another reply is added.
    pub(crate) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Whether every reply has been sent or given up.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds the reply that `write` appends to its buffer. There is none if `write` returns `false` or the reply is too
    /// long for a datagram.
    pub(crate) fn add(&mut self, meta: &SendMeta, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Added {
        self.queue.add(meta, write)
    }

    /// Removes all replies, and keeps the memory that a full batch needs.
    pub(crate) fn clear(&mut self, growth: usize) {
        self.queue.clear(growth);
    }

    /// Gives up the next message, and returns the number of its replies.
    pub(crate) fn drop_next_message(&mut self) -> usize {
        self.queue.drop_next_message()
    }

    /// Fills in the header at `at` for the message that many after the next, with vectors from `vector` on; returns the
    /// number of vectors.
    fn fill_header(&mut self, at: usize, vector: usize) -> usize {
        let message = &self.queue.unsent_messages()[at];
        let mut used = 0;
        let mut end = NONE;
        let mut reply = message.first;
        while reply != NONE {
            let Reply { bytes, next } = &self.queue.replies[reply];
            if used > 0 && end == bytes.start {
                self.vectors[vector + used - 1].iov_len += bytes.len() as netc::iov_length;
            } else {
                // sendmsg(2) only reads what the vector points to.
                let base = self.queue.arena[bytes.clone()].as_ptr().cast_mut().cast();
                self.vectors[vector + used] =
                    netc::iovec { iov_base: base, iov_len: bytes.len() as netc::iov_length };
                used += 1;
            }
            end = bytes.end;
            reply = *next;
        }
        let header = &mut self.headers[at].msg_hdr;
        header.msg_namelen = write_name(&mut self.names[at], message.meta.to);
        header.msg_name = (&raw mut self.names[at]).cast();
        header.msg_iov = &raw mut self.vectors[vector];
        header.msg_iovlen = used as _;
        let segment = u16::try_from(message.segment).ok().filter(|_| message.count > 1);
        let SendMeta { to, from, hop_limit } = message.meta;
        let control = SentControl { ipv6: is_native_ipv6(&to), from, hop_limit, segment };
        sys::write_control(header, &mut self.controls[at], &control);
        used
    }
}

/// Whether a datagram to the address is sent over IPv6. To an IPv4-mapped address, as an IPv6 socket has it for an IPv4
/// peer, it is sent over IPv4, whose options apply.
fn is_native_ipv6(to: &SocketAddr) -> bool {
    matches!(to, SocketAddr::V6(to) if to.ip().to_ipv4_mapped().is_none())
}

fn write_name(storage: &mut netc::sockaddr_storage, address: SocketAddr) -> netc::socklen_t {
    let name = SockAddr::from(address);
    // SAFETY: an IPv4 or IPv6 address fits the storage.
    unsafe {
        ptr::copy_nonoverlapping(
            name.as_ptr().cast::<u8>(),
            ptr::from_mut(storage).cast::<u8>(),
            name.len() as usize,
        );
    }
    name.len()
}

impl SentDatagrams for SendBatch {
    fn next_index(&self) -> usize {
        self.queue.next_index()
    }

    fn datagrams(&self, messages: Range<usize>) -> impl Iterator<Item = Datagram<'_>> {
        self.queue.replies(messages).map(|(meta, bytes)| {
            let local = meta.from.map(|(ip, _)| ip);
            Datagram { peer: Some(meta.to), local, bytes }
        })
    }
}

impl Socket {
    /// sendto(2), sendmsg(2) or sendmmsg(2) with MSG_DONTWAIT: the next messages of a batch that is not empty. An error
    /// is the next message's.
    pub(crate) fn send_some(&self, batch: &mut SendBatch) -> Result<SentBatch, Errno> {
        traced::send_batch(&self.raw, batch, RawSocket::send_next)
    }
}

impl RawSocket {
    #[inline(always)]
    fn send_next(&self, batch: &mut SendBatch) -> Result<SentBatch, Errno> {
        if let [only] = batch.queue.unsent_messages()
            && only.count == 1
            && only.meta.is_plain()
        {
            // The cheapest of the three calls.
            let bytes = &batch.queue.arena[batch.queue.replies[only.first].bytes.clone()];
            self.send_to(bytes, &only.meta.to, netc::MSG_DONTWAIT)?;
            let sent = SentBatch { datagrams: 1, bytes: bytes.len() };
            batch.queue.advance(1);
            return Ok(sent);
        }
        loop {
            let count = batch.queue.unsent_messages().len().min(batch.headers.len());
            let mut vector = 0;
            for at in 0..count {
                vector += batch.fill_header(at, vector);
            }
            let next = batch.queue.unsent_messages()[0].meta;
            let sent = sys::with_hop_limit(self.as_fd(), is_native_ipv6(&next.to), next.hop_limit, || {
                self.send_headers(&mut batch.headers[..count])
            });
            match sent {
                Ok(count) => {
                    let messages = &batch.queue.unsent_messages()[..count];
                    let sent = SentBatch {
                        datagrams: messages.iter().map(|message| message.count).sum(),
                        bytes: messages.iter().map(|message| message.total).sum(),
                    };
                    batch.queue.advance(count);
                    return Ok(sent);
                }
                Err(errno) if batch.queue.split(errno) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Sends messages whose headers are complete; returns the number sent.
    fn send_headers(&self, headers: &mut [MessageHeader]) -> Result<usize, Errno> {
        if let [one] = headers {
            // SAFETY: the header points to a name, controls and vectors of the batch, and they to its bytes.
            unsafe { sys::send_header(self.as_fd(), &one.msg_hdr, netc::MSG_DONTWAIT) }.map(|_| 1)
        } else {
            // SAFETY: as above, for each of them.
            unsafe { sys::send_headers(self.as_fd(), headers, netc::MSG_DONTWAIT) }
        }
    }
}
