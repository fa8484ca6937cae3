//! Sending.

use std::net::SocketAddr;
use std::ops::Range;
use std::{iter, mem, ptr};

use socket2::SockAddr;

use super::control::{self, Buffer};
use super::{SendMeta, max_payload};
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::trace;

/// Datagrams that a train has at most (`UDP_MAX_SEGMENTS` of kernels before 6.9).
const LONGEST_TRAIN: usize = 64;

/// Messages that one call sends at most.
const AT_ONCE: usize = 64;

/// So many bytes are enough to be sent before more is collected.
const ENOUGH: usize = 64 * 1024;

/// A payload that every path takes in one piece: the least that a host has to take, less the longest headers
/// (RFC 791, RFC 1122).
const FITS_EVERY_PATH: usize = 508;

/// The end of a chain of pieces.
const NONE: usize = usize::MAX;

/// Replies on their way out. Those of one size to one peer leave as one train where the kernel can send it.
pub(crate) struct SendBatch {
    /// The replies' bytes, one behind the other.
    arena: Vec<u8>,
    pieces: Vec<Piece>,
    trains: Vec<Segments>,
    /// Trains before this one have been dealt with.
    next: usize,
    /// The longest datagrams that may travel in a train; 0 if none may.
    longest_segment: usize,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<Buffer>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: the pointers in the headers and vectors are set anew before each call, to memory that the outbox owns,
// and are not followed between calls.
unsafe impl Send for SendBatch {}

/// One reply.
struct Piece {
    bytes: Range<usize>,
    /// The next reply of the same train.
    next: usize,
}

/// Replies that leave as one message.
struct Segments {
    label: SendMeta,
    /// The length of each reply but the last, which may be shorter.
    segment: usize,
    total: usize,
    count: usize,
    first: usize,
    last: usize,
    /// Whether it takes more.
    open: bool,
}

/// What a call has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentBatch {
    pub(crate) datagrams: usize,
    pub(crate) bytes: usize,
}

impl SendBatch {
    /// Room for `capacity` replies. Allocates nothing later for replies of up to `growth` bytes each.
    pub(crate) fn new(capacity: usize, growth: usize, trains: bool, several: bool) -> SendBatch {
        // SAFETY: these are plain C structs, for which zero is a value.
        let (name, vector, header) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        let at_once = if several { capacity.min(AT_ONCE) } else { 1 };
        SendBatch {
            arena: Vec::with_capacity(ENOUGH + growth),
            pieces: Vec::with_capacity(capacity),
            // Each reply may come to be a message of its own after the train that it was in.
            trains: Vec::with_capacity(2 * capacity),
            next: 0,
            longest_segment: if trains { usize::from(u16::MAX) } else { 0 },
            names: vec![name; at_once],
            controls: vec![Buffer::EMPTY; at_once],
            vectors: vec![vector; capacity],
            headers: vec![header; at_once],
        }
    }

    /// Whether it should be sent before more is added.
    pub(crate) fn is_full(&self) -> bool {
        self.pieces.len() == self.pieces.capacity() || self.arena.len() >= ENOUGH
    }

    /// Whether all has been sent or given up.
    pub(crate) fn is_empty(&self) -> bool {
        self.next == self.trains.len()
    }

    /// Adds the reply that `write` appends to the buffer that it is given; if it returns `false`, or the
    /// reply does not fit a datagram, there is none.
    pub(crate) fn add(&mut self, label: &SendMeta, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Added {
        let start = self.arena.len();
        if !write(&mut self.arena) {
            self.arena.truncate(start);
            return Added::Nothing;
        }
        let length = self.arena.len() - start;
        if length > max_payload(&label.to) {
            self.arena.truncate(start);
            return Added::TooLong;
        }
        let piece = self.pieces.len();
        self.pieces.push(Piece { bytes: start..self.arena.len(), next: NONE });
        let travels = 0 < length && length <= self.longest_segment;
        if travels && let Some(train) = self.trains.iter_mut().rev().find(|train| train.label == *label) {
            if train.takes(length) {
                self.pieces[train.last].next = piece;
                train.last = piece;
                train.count += 1;
                train.total += length;
                train.open = length == train.segment;
                return Added::Reply;
            }
            train.open = false;
        }
        self.trains.push(Segments::of_one(*label, length, piece, travels));
        Added::Reply
    }

    /// Forgets what has been sent, and keeps the memory that a full outbox needs.
    pub(crate) fn clear(&mut self, growth: usize) {
        self.arena.clear();
        self.arena.shrink_to(ENOUGH + growth);
        self.pieces.clear();
        self.trains.clear();
        self.next = 0;
    }

    /// Where the next messages begin.
    pub(super) fn place(&self) -> usize {
        self.next
    }

    /// The replies in the messages from one place to another, each with its bytes.
    pub(super) fn replies(&self, messages: Range<usize>) -> impl Iterator<Item = (&SendMeta, &[u8])> {
        // One that was broken up has none of its own.
        self.trains[messages].iter().filter(|train| train.count > 0).flat_map(|train| {
            let first = self.pieces.get(train.first);
            let pieces = iter::successors(first, |piece| self.pieces.get(piece.next));
            pieces.map(|piece| (&train.label, &self.arena[piece.bytes.clone()]))
        })
    }

    /// Gives up the next message.
    pub(crate) fn give_up_one(&mut self) -> usize {
        let count = self.trains.get(self.next).map_or(0, |train| train.count);
        self.next = (self.next + 1).min(self.trains.len());
        count
    }

    /// Writes the header of the train at `index` into the place `at`, with vectors from `vector` on; returns
    /// how many of them it took.
    fn address(&mut self, at: usize, index: usize, vector: usize) -> usize {
        let train = &self.trains[index];
        let mut used = 0;
        let mut end = NONE;
        let mut piece = train.first;
        while piece != NONE {
            let Piece { bytes, next } = &self.pieces[piece];
            if used > 0 && end == bytes.start {
                self.vectors[vector + used - 1].iov_len += bytes.len();
            } else {
                // sendmsg(2) only reads what the vector points to.
                let base = self.arena[bytes.clone()].as_ptr().cast_mut().cast();
                self.vectors[vector + used] = libc::iovec { iov_base: base, iov_len: bytes.len() };
                used += 1;
            }
            end = bytes.end;
            piece = *next;
        }
        let header = &mut self.headers[at].msg_hdr;
        header.msg_namelen = write_name(&mut self.names[at], train.label.to);
        header.msg_name = (&raw mut self.names[at]).cast();
        header.msg_iov = &raw mut self.vectors[vector];
        header.msg_iovlen = used as _;
        let segment = u16::try_from(train.segment).ok().filter(|_| train.count > 1);
        control::write(header, &mut self.controls[at], &train.label, segment);
        used
    }

    /// Makes a message of each reply of the next train, if it is the train that the kernel does not send
    /// (udp(7): EINVAL and EMSGSIZE for datagrams longer than the path takes, EIO where the device lacks what it
    /// needs).
    fn break_up(&mut self, errno: Errno) -> bool {
        let train = &self.trains[self.next];
        let (label, mut piece) = (train.label, train.first);
        if train.count == 1 {
            return false;
        }
        match errno.0 {
            // Short ones fit every path: the error is of something else, and says nothing of the others.
            libc::EINVAL | libc::EMSGSIZE if train.segment <= FITS_EVERY_PATH => {}
            libc::EINVAL | libc::EMSGSIZE => {
                self.longest_segment = self.longest_segment.min(train.segment - 1);
            }
            libc::EIO | libc::EOPNOTSUPP | libc::ENOPROTOOPT => self.longest_segment = 0,
            _ => return false,
        }
        self.trains[self.next].count = 0;
        self.next += 1;
        while piece != NONE {
            let Piece { bytes, next } = &mut self.pieces[piece];
            let (length, following) = (bytes.len(), mem::replace(next, NONE));
            self.trains.push(Segments::of_one(label, length, piece, false));
            piece = following;
        }
        true
    }
}

fn write_name(place: &mut libc::sockaddr_storage, address: SocketAddr) -> libc::socklen_t {
    let name = SockAddr::from(address);
    // SAFETY: an IPv4 or IPv6 address fits the storage.
    unsafe {
        ptr::copy_nonoverlapping(
            name.as_ptr().cast::<u8>(),
            ptr::from_mut(place).cast::<u8>(),
            name.len() as usize,
        );
    }
    name.len()
}

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    Reply,
    Nothing,
    TooLong,
}

impl Segments {
    fn of_one(label: SendMeta, length: usize, piece: usize, open: bool) -> Segments {
        Segments { label, segment: length, total: length, count: 1, first: piece, last: piece, open }
    }

    fn takes(&self, length: usize) -> bool {
        self.open
            && length <= self.segment
            && self.count < LONGEST_TRAIN
            && self.total + length <= max_payload(&self.label.to)
    }
}

impl Socket {
    /// sendto(2), sendmsg(2) or sendmmsg(2), at once: the next messages of an outbox that is not empty. An error
    /// is the next one's.
    pub(crate) fn send_some(&self, outbox: &mut SendBatch) -> Result<SentBatch, Errno> {
        if trace::on() {
            return self.departures_traced(outbox);
        }
        self.bare_send_some(outbox)
    }

    #[inline(always)]
    pub(super) fn bare_send_some(&self, outbox: &mut SendBatch) -> Result<SentBatch, Errno> {
        if let [only] = &outbox.trains[outbox.next..]
            && only.count == 1
            && only.label.is_plain()
        {
            // The least costly call of the three.
            let bytes = &outbox.arena[outbox.pieces[only.first].bytes.clone()];
            self.bare_send_to(bytes, &only.label.to, libc::MSG_DONTWAIT)?;
            outbox.next += 1;
            return Ok(SentBatch { datagrams: 1, bytes: bytes.len() });
        }
        loop {
            let count = (outbox.trains.len() - outbox.next).min(outbox.headers.len());
            let mut vector = 0;
            for at in 0..count {
                vector += outbox.address(at, outbox.next + at, vector);
            }
            match self.send_headers(&mut outbox.headers[..count]) {
                Ok(sent) => {
                    let gone = &outbox.trains[outbox.next..][..sent];
                    let departed = SentBatch {
                        datagrams: gone.iter().map(|train| train.count).sum(),
                        bytes: gone.iter().map(|train| train.total).sum(),
                    };
                    outbox.next += sent;
                    return Ok(departed);
                }
                Err(errno) if outbox.break_up(errno) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Sends messages whose headers are complete.
    fn send_headers(&self, headers: &mut [libc::mmsghdr]) -> Result<usize, Errno> {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let sent = if let [one] = headers {
            // SAFETY: the header points to a name, controls and vectors of the outbox, and they to its bytes.
            let sent = unsafe { libc::sendmsg(self.fd(), &raw const one.msg_hdr, flags) };
            if sent < 0 { -1 } else { 1 }
        } else {
            // SAFETY: as above, for each of them.
            unsafe {
                libc::sendmmsg(self.fd(), headers.as_mut_ptr(), headers.len() as libc::c_uint, flags as _)
            }
        };
        usize::try_from(sent).map_err(|_| Errno::last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(port: u16) -> SendMeta {
        SendMeta { to: ([127, 0, 0, 1], port).into(), from: None, hop_limit: None }
    }

    fn filled(replies: &[(u16, usize)]) -> SendBatch {
        let mut outbox = SendBatch::new(200, 0, true, true);
        for (port, length) in replies {
            let added = outbox.add(&label(*port), |bytes| {
                bytes.resize(bytes.len() + length, b'x');
                true
            });
            assert_eq!(added, Added::Reply);
        }
        outbox
    }

    /// Port, count and total of each message that is left.
    fn messages(outbox: &SendBatch) -> Vec<(u16, usize, usize)> {
        let rest = &outbox.trains[outbox.next..];
        rest.iter().map(|train| (train.label.to.port(), train.count, train.total)).collect()
    }

    #[test]
    fn replies_of_one_size_to_one_peer_travel_together() {
        type Row<'a> = (&'a [(u16, usize)], &'a [(u16, usize, usize)]);
        let table: [Row<'_>; 6] = [
            (&[(1, 5), (2, 5), (1, 5), (2, 5)], &[(1, 2, 10), (2, 2, 10)]),
            // A shorter one is a train's last.
            (&[(1, 5), (1, 4), (1, 4)], &[(1, 2, 9), (1, 1, 4)]),
            (&[(1, 5), (1, 6), (1, 5)], &[(1, 1, 5), (1, 2, 11)]),
            (&[(1, 0), (1, 0), (1, 5)], &[(1, 1, 0), (1, 1, 0), (1, 1, 5)]),
            (&[(1, 5), (1, 0), (1, 5)], &[(1, 1, 5), (1, 1, 0), (1, 1, 5)]),
            (&[(1, 40_000), (1, 40_000)], &[(1, 1, 40_000), (1, 1, 40_000)]),
        ];
        for (replies, expected) in table {
            assert_eq!(messages(&filled(replies)), expected, "{replies:?}");
        }
        let many = filled(&[(1, 8); 130]);
        assert_eq!(messages(&many), [(1, 64, 512), (1, 64, 512), (1, 2, 16)]);
    }

    #[test]
    fn a_train_that_the_kernel_does_not_send_is_broken_up() {
        let all = usize::from(u16::MAX);
        let table = [
            (800, libc::EINVAL, 799),
            (800, libc::EMSGSIZE, 799),
            (8, libc::EINVAL, all),
            (800, libc::EIO, 0),
        ];
        for (size, errno, longest) in table {
            let mut outbox = filled(&[(1, size), (1, size), (2, size), (1, 3)]);
            assert!(outbox.break_up(Errno(errno)));
            assert_eq!(messages(&outbox), [(2, 1, size), (1, 1, size), (1, 1, size), (1, 1, 3)]);
            assert_eq!(outbox.longest_segment, longest);
            // An error of a single reply is its own.
            assert!(!outbox.break_up(Errno(errno)));
        }
        assert!(!filled(&[(1, 8), (1, 8)]).break_up(Errno(libc::EPERM)));
    }

    #[test]
    fn what_there_is_no_reply_to_leaves_nothing() {
        let mut outbox = SendBatch::new(4, 0, true, true);
        let too_long = |bytes: &mut Vec<u8>| {
            bytes.resize(65_508, 0);
            true
        };
        assert_eq!(outbox.add(&label(1), too_long), Added::TooLong);
        assert_eq!(
            outbox.add(&label(1), |bytes| {
                bytes.push(1);
                false
            }),
            Added::Nothing
        );
        assert!(outbox.is_empty() && outbox.arena.is_empty());
    }
}
