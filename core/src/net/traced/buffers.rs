//! What a send or a receive has in common, whatever its buffers and its result are.

use std::io::{IoSlice, IoSliceMut};
use std::net::SocketAddr;

use crate::net::sys::Received;
use crate::trace::{self, CallRecord};

/// The buffers of a receive or a send.
pub(in crate::net) trait Buffers {
    fn slices(&self) -> impl Iterator<Item = &[u8]>;
}

impl Buffers for [u8] {
    fn slices(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self)
    }
}

impl Buffers for [IoSlice<'_>] {
    fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.iter().map(|buffer| &**buffer)
    }
}

impl Buffers for [IoSliceMut<'_>] {
    fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.iter().map(|buffer| &**buffer)
    }
}

/// The first bytes of the buffers, and the length of all.
pub(super) struct Gathered {
    bytes: [u8; trace::PAYLOAD],
    filled: usize,
    pub(super) whole: usize,
}

impl Gathered {
    pub(super) fn of<B: Buffers + ?Sized>(buffers: &B) -> Gathered {
        let mut gathered = Gathered { bytes: [0; trace::PAYLOAD], filled: 0, whole: 0 };
        for buffer in buffers.slices() {
            let part = buffer.len().min(gathered.bytes.len() - gathered.filled);
            gathered.bytes[gathered.filled..][..part].copy_from_slice(&buffer[..part]);
            gathered.filled += part;
            gathered.whole += buffer.len();
        }
        gathered
    }

    pub(super) fn record(&self, peer: Option<SocketAddr>) -> CallRecord<'_> {
        let data = &self.bytes[..self.filled];
        CallRecord { room: Some(self.whole), data, peer, ..CallRecord::default() }
    }
}

/// The result of a receive.
pub(in crate::net) trait ReceiveResult {
    /// The return value of the call, and the sender of a datagram.
    fn length_and_source(&self) -> (usize, Option<SocketAddr>);
}

impl ReceiveResult for usize {
    fn length_and_source(&self) -> (usize, Option<SocketAddr>) {
        (*self, None)
    }
}

impl ReceiveResult for (usize, Option<SocketAddr>) {
    fn length_and_source(&self) -> (usize, Option<SocketAddr>) {
        *self
    }
}

impl ReceiveResult for Received {
    fn length_and_source(&self) -> (usize, Option<SocketAddr>) {
        (self.length, self.source)
    }
}

/// The result of a send.
pub(in crate::net) trait Sent<E> {
    /// The bytes that were sent.
    fn sent(&self) -> Result<usize, E>;
}

impl<E: Copy> Sent<E> for Result<usize, E> {
    fn sent(&self) -> Result<usize, E> {
        *self
    }
}

/// Of several sends that are one call: if one fails, the bytes sent before it.
impl<E: Copy> Sent<E> for (usize, Result<(), E>) {
    fn sent(&self) -> Result<usize, E> {
        match *self {
            (0, result) => result.map(|()| 0),
            (count, _) => Ok(count),
        }
    }
}
