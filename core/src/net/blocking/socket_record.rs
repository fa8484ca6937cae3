//! What a recording keeps of a [`BlockingSocket`](super::socket::BlockingSocket) between calls.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::net::raw::RawSocket;
use crate::trace::{self, Direction, Span};

/// What a recording keeps of a socket.
#[derive(Debug, Default)]
pub(super) struct SocketRecord {
    /// The thread that closed it, and when, while calls in progress keep it open.
    closer: OnceLock<(u32, u64)>,
    /// Since when a poller waits for input, and for space in the send buffer; 0 if it does not.
    watched: [AtomicU64; 2],
}

impl SocketRecord {
    /// This thread closes the socket.
    #[inline(always)]
    pub(super) fn note_closer(&self) {
        if trace::on() {
            let _ = self.closer.set(trace::here_and_now());
        }
    }

    pub(super) fn closer(&self) -> Option<(u32, u64)> {
        self.closer.get().copied()
    }

    /// A poller waits on behalf of a later call, which begins now: at the time that is returned if it does not already.
    #[inline(always)]
    pub(super) fn note_watch(&self, direction: Direction) -> Option<u64> {
        if !trace::on() {
            return None;
        }
        let (_, now) = trace::here_and_now();
        let watched = &self.watched[direction as usize];
        watched.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).ok().map(|_| now)
    }

    pub(super) fn begin(&self, name: &'static str, socket: &RawSocket, direction: Direction) -> Span {
        match self.watched[direction as usize].swap(0, Ordering::Relaxed) {
            0 => Span::begin(name, socket.fd(), direction),
            since => Span::since(name, socket.fd(), direction, since),
        }
    }
}
