//! What a socket has been used for so far, as far as hints ask for it. It is kept while hints are wanted.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

/// A connection was asked for with connect(), or the socket came with a descriptor.
const CONNECTED: u8 = 1;
/// It is the side that asks: it called connect(), or sent a datagram before it received one.
const CLIENT: u8 = 2;
/// Bytes were sent, and nothing has been received since.
const SENT: u8 = 4;
/// The last of them was no newline.
const OPEN_LINE: u8 = 8;
/// A send of no bytes, and nothing has been received since.
const EMPTY: u8 = 16;
const EVER_SENT: u8 = 32;
const EVER_HEARD: u8 = 64;
/// A receive that left something has been reported.
const CUT: u8 = 128;

#[derive(Default)]
pub(super) struct Story {
    bits: AtomicU8,
    /// The name and the size of the last receive, if it filled its buffer and left something in the stream.
    cut: Mutex<Option<(&'static str, usize)>>,
}

/// Why nothing may come for a receive that waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// What was sent does not end with a newline.
    Newline,
    /// What was sent is no bytes at all.
    Empty,
    /// Nothing has been sent, on a connection that this side asked for.
    Unsent,
    /// Nothing has been sent or bound: nobody knows the port.
    Unbound,
    /// A datagram has been sent, and UDP does not say whether somebody has it.
    Nobody,
}

impl Silence {
    /// As the adviser calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Silence::Newline => "newline",
            Silence::Empty => "empty",
            Silence::Unsent => "unsent",
            Silence::Unbound => "unbound",
            Silence::Nobody => "nobody",
        }
    }
}

impl Story {
    fn has(&self, bits: u8) -> bool {
        self.bits.load(Ordering::Relaxed) & bits != 0
    }

    fn set(&self, bits: u8) -> u8 {
        self.bits.fetch_or(bits, Ordering::Relaxed)
    }

    /// The socket came with a descriptor: what was done with it before is not known.
    pub(super) fn adopted(&self) {
        self.set(CONNECTED);
    }

    /// connect() was called.
    pub(super) fn connected(&self) {
        self.set(CONNECTED | CLIENT);
    }

    pub(super) fn is_connected(&self) -> bool {
        self.has(CONNECTED)
    }

    pub(super) fn sent(&self, bytes: &[u8], is_stream: bool) {
        let Some(last) = bytes.last() else {
            self.set(EMPTY);
            return;
        };
        let asks = if is_stream || self.has(EVER_HEARD) { 0 } else { CLIENT };
        // Numbers have no lines.
        if *last == b'\n' || !is_text(bytes) {
            self.bits.fetch_and(!OPEN_LINE, Ordering::Relaxed);
            self.set(SENT | EVER_SENT | asks);
        } else {
            self.set(SENT | EVER_SENT | OPEN_LINE | asks);
        }
    }

    pub(super) fn heard(&self) {
        self.bits.fetch_and(!(SENT | OPEN_LINE | EMPTY), Ordering::Relaxed);
        self.set(EVER_HEARD);
    }

    /// What a receive that begins now may wait for in vain.
    pub(super) fn silence(&self, is_stream: bool, is_bound: impl FnOnce() -> bool) -> Option<Silence> {
        let spoke = self.has(EVER_SENT | EVER_HEARD);
        if is_stream {
            // Who accepted a connection waits for its client as a matter of course.
            let asks = self.has(CLIENT) && self.has(CONNECTED);
            return match () {
                () if self.has(EMPTY) && !self.has(SENT) => Some(Silence::Empty),
                () if asks && self.has(OPEN_LINE) => Some(Silence::Newline),
                () if asks && !spoke => Some(Silence::Unsent),
                () => None,
            };
        }
        match () {
            () if self.has(SENT) && self.has(CLIENT) => Some(Silence::Nobody),
            () if spoke => None,
            () if self.has(CLIENT) => Some(Silence::Unsent),
            () if !is_bound() => Some(Silence::Unbound),
            () => None,
        }
    }

    /// A receive filled its buffer and left something in the stream; returns whether that is the first time.
    pub(super) fn cut(&self, call: &'static str, size: usize) -> bool {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some((call, size));
        self.set(CUT) & CUT == 0
    }

    /// Another receive: what the last one left is not lost.
    pub(super) fn goes_on(&self) {
        if self.has(CUT) {
            *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    pub(super) fn left(&self) -> Option<(&'static str, usize)> {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether these bytes are what a person writes, and not numbers that end with zeroes.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|one| !one.is_control() || matches!(one, '\t' | '\r' | '\n')))
}
