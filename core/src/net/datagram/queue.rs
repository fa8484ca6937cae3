//! Replies to send, grouped into messages: those of one size to one peer are the segments of one message.

use std::iter;
use std::mem;
use std::ops::Range;

use super::meta::{SendMeta, max_payload};
use crate::net::sys::Errno;
use crate::netc;

/// The most segments of a message (`UDP_MAX_SEGMENTS` of kernels before 6.9).
const MAX_SEGMENTS: usize = 64;

/// The bytes after which a queue is full.
const FULL: usize = 64 * 1024;

/// A payload that no path fragments: the length that every host accepts, less the longest headers (RFC 791,
/// RFC 1122).
const FITS_EVERY_PATH: usize = 508;

/// The end of a list of replies.
pub(super) const NONE: usize = usize::MAX;

/// The replies of a batch, and the messages that they are sent as.
pub(super) struct Queue {
    /// The replies' bytes, one after the other.
    pub(super) arena: Vec<u8>,
    pub(super) replies: Vec<Reply>,
    messages: Vec<Segments>,
    /// The messages before this one have been sent or given up.
    next: usize,
    /// The longest datagrams that may be segments; 0 if none may.
    longest_segment: usize,
}

/// One reply.
pub(super) struct Reply {
    pub(super) bytes: Range<usize>,
    /// The next reply of the same message.
    pub(super) next: usize,
}

/// Replies that are one message.
pub(super) struct Segments {
    pub(super) meta: SendMeta,
    /// The length of each reply but the last, which may be shorter.
    pub(super) segment: usize,
    pub(super) total: usize,
    pub(super) count: usize,
    pub(super) first: usize,
    last: usize,
    /// Whether another reply may be appended.
    open: bool,
}

/// The result of adding a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    Reply,
    Nothing,
    TooLong,
}

impl Queue {
    pub(super) fn new(capacity: usize, growth: usize, segments: bool) -> Queue {
        Queue {
            arena: Vec::with_capacity(FULL + growth),
            replies: Vec::with_capacity(capacity),
            // A reply may become a message of its own after the message that it was in.
            messages: Vec::with_capacity(2 * capacity),
            next: 0,
            longest_segment: if segments { usize::from(u16::MAX) } else { 0 },
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.replies.len() == self.replies.capacity() || self.arena.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next == self.messages.len()
    }

    pub(super) fn add(&mut self, meta: &SendMeta, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Added {
        let start = self.arena.len();
        if !write(&mut self.arena) {
            self.arena.truncate(start);
            return Added::Nothing;
        }
        let length = self.arena.len() - start;
        if length > max_payload(&meta.to) {
            self.arena.truncate(start);
            return Added::TooLong;
        }
        let reply = self.replies.len();
        self.replies.push(Reply { bytes: start..self.arena.len(), next: NONE });
        let may_join = 0 < length && length <= self.longest_segment;
        if may_join && let Some(open) = self.messages.iter_mut().rev().find(|other| other.meta == *meta) {
            if open.takes(length) {
                self.replies[open.last].next = reply;
                open.last = reply;
                open.count += 1;
                open.total += length;
                open.open = length == open.segment;
                return Added::Reply;
            }
            open.open = false;
        }
        self.messages.push(Segments::of_one(*meta, length, reply, may_join));
        Added::Reply
    }

    /// Forgets all replies, and keeps the memory that a full queue needs.
    pub(super) fn clear(&mut self, growth: usize) {
        self.arena.clear();
        self.arena.shrink_to(FULL + growth);
        self.replies.clear();
        self.messages.clear();
        self.next = 0;
    }

    /// The index of the next message to send.
    pub(super) fn next_index(&self) -> usize {
        self.next
    }

    /// The messages that have not been sent or given up.
    pub(super) fn unsent_messages(&self) -> &[Segments] {
        &self.messages[self.next..]
    }

    /// The next `count` messages have been sent.
    pub(super) fn advance(&mut self, count: usize) {
        self.next += count;
    }

    /// Gives up the next message, and returns the number of its replies.
    pub(super) fn drop_next_message(&mut self) -> usize {
        let count = self.unsent_messages().first().map_or(0, |message| message.count);
        self.next = (self.next + 1).min(self.messages.len());
        count
    }

    /// The replies of these messages, each with its bytes.
    pub(super) fn replies(&self, messages: Range<usize>) -> impl Iterator<Item = (&SendMeta, &[u8])> {
        // A message that was split has none.
        self.messages[messages].iter().filter(|message| message.count > 0).flat_map(|message| {
            let first = self.replies.get(message.first);
            let replies = iter::successors(first, |reply| self.replies.get(reply.next));
            replies.map(|reply| (&message.meta, &self.arena[reply.bytes.clone()]))
        })
    }

    /// Makes each reply of the next message a message of its own, if the error is that of segments (udp(7): EINVAL and
    /// EMSGSIZE for datagrams longer than the path's MTU, EIO where the device lacks an offload).
    pub(super) fn split(&mut self, errno: Errno) -> bool {
        let message = &self.messages[self.next];
        let (meta, mut reply) = (message.meta, message.first);
        if message.count == 1 {
            return false;
        }
        match errno.0 {
            // Short segments fit every path, so the error has another cause, which other messages may not have.
            netc::EINVAL | netc::EMSGSIZE if message.segment <= FITS_EVERY_PATH => {}
            netc::EINVAL | netc::EMSGSIZE => {
                self.longest_segment = self.longest_segment.min(message.segment - 1);
            }
            netc::EIO | netc::EOPNOTSUPP | netc::ENOPROTOOPT => self.longest_segment = 0,
            _ => return false,
        }
        self.messages[self.next].count = 0;
        self.next += 1;
        while reply != NONE {
            let Reply { bytes, next } = &mut self.replies[reply];
            let (length, following) = (bytes.len(), mem::replace(next, NONE));
            self.messages.push(Segments::of_one(meta, length, reply, false));
            reply = following;
        }
        true
    }
}

impl Segments {
    fn of_one(meta: SendMeta, length: usize, reply: usize, open: bool) -> Segments {
        Segments { meta, segment: length, total: length, count: 1, first: reply, last: reply, open }
    }

    fn takes(&self, length: usize) -> bool {
        self.open
            && length <= self.segment
            && self.count < MAX_SEGMENTS
            && self.total + length <= max_payload(&self.meta.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(port: u16) -> SendMeta {
        SendMeta { to: ([127, 0, 0, 1], port).into(), from: None, hop_limit: None }
    }

    fn filled(replies: &[(u16, usize)]) -> Queue {
        let mut queue = Queue::new(200, 0, true);
        for (port, length) in replies {
            let added = queue.add(&meta(*port), |bytes| {
                bytes.resize(bytes.len() + length, b'x');
                true
            });
            assert_eq!(added, Added::Reply);
        }
        queue
    }

    /// Port, count and total of each message that is left.
    fn messages(queue: &Queue) -> Vec<(u16, usize, usize)> {
        let rest = queue.unsent_messages().iter();
        rest.map(|message| (message.meta.to.port(), message.count, message.total)).collect()
    }

    #[test]
    fn replies_of_one_size_to_one_peer_are_segments_of_a_message() {
        type Row<'a> = (&'a [(u16, usize)], &'a [(u16, usize, usize)]);
        let table: [Row<'_>; 6] = [
            (&[(1, 5), (2, 5), (1, 5), (2, 5)], &[(1, 2, 10), (2, 2, 10)]),
            // A shorter one is the last segment.
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
    fn segments_that_the_kernel_does_not_send_become_messages() {
        let all = usize::from(u16::MAX);
        let table = [
            (800, netc::EINVAL, 799),
            (800, netc::EMSGSIZE, 799),
            (8, netc::EINVAL, all),
            (800, netc::EIO, 0),
        ];
        for (size, errno, longest) in table {
            let mut queue = filled(&[(1, size), (1, size), (2, size), (1, 3)]);
            assert!(queue.split(Errno(errno)));
            assert_eq!(messages(&queue), [(2, 1, size), (1, 1, size), (1, 1, size), (1, 1, 3)]);
            assert_eq!(queue.longest_segment, longest);
            // An error of a single reply is its own.
            assert!(!queue.split(Errno(errno)));
        }
        assert!(!filled(&[(1, 8), (1, 8)]).split(Errno(netc::EPERM)));
    }

    #[test]
    fn a_refused_reply_leaves_nothing() {
        let mut queue = Queue::new(4, 0, true);
        let too_long = |bytes: &mut Vec<u8>| {
            bytes.resize(65_508, 0);
            true
        };
        assert_eq!(queue.add(&meta(1), too_long), Added::TooLong);
        assert_eq!(
            queue.add(&meta(1), |bytes| {
                bytes.push(1);
                false
            }),
            Added::Nothing
        );
        assert!(queue.is_empty() && queue.arena.is_empty());
    }
}
