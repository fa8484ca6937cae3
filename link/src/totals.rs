//! What a link has done.

use capsock::trace::Impairment;

/// The datagrams of one direction.
///
/// `received` and `duplicated` together are `sent`, `lost`, `overflowed`, `unsent` and those that the link holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatagramTotals {
    /// Received.
    pub received: u64,
    /// Sent, copies included.
    pub sent: u64,
    /// Lost on purpose.
    pub lost: u64,
    /// Sent once more.
    pub duplicated: u64,
    /// Sent after a later one.
    pub reordered: u64,
    /// Sent with a bit inverted.
    pub corrupted: u64,
    /// Not sent because the queue was full.
    pub overflowed: u64,
    /// Not sent because the system refused it, or because its client is forgotten.
    pub unsent: u64,
}

impl DatagramTotals {
    pub(crate) fn count(&mut self, impairment: Impairment) {
        *match impairment {
            Impairment::Lost => &mut self.lost,
            Impairment::Overflowed => &mut self.overflowed,
            Impairment::Duplicated => &mut self.duplicated,
            Impairment::Corrupted => &mut self.corrupted,
            Impairment::Reordered => &mut self.reordered,
            _ => return,
        } += 1;
    }

    pub(crate) fn left(&mut self, sent: bool) {
        *if sent { &mut self.sent } else { &mut self.unsent } += 1;
    }

    /// Each total with its name.
    #[must_use]
    pub fn by_name(&self) -> [(&'static str, u64); 8] {
        [
            ("received", self.received),
            ("sent", self.sent),
            ("lost", self.lost),
            ("duplicated", self.duplicated),
            ("reordered", self.reordered),
            ("corrupted", self.corrupted),
            ("overflowed", self.overflowed),
            ("unsent", self.unsent),
        ]
    }
}

/// The bytes of one direction of all connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamTotals {
    /// Received.
    pub received: u64,
    /// Sent.
    pub sent: u64,
    /// Connections that were cut after the given number of bytes.
    pub cut: u64,
    /// Connections that were reset after the given number of bytes.
    pub reset: u64,
}

impl StreamTotals {
    /// Each total with its name.
    #[must_use]
    pub fn by_name(&self) -> [(&'static str, u64); 4] {
        [
            ("bytes received", self.received),
            ("bytes sent", self.sent),
            ("cut", self.cut),
            ("reset", self.reset),
        ]
    }
}
