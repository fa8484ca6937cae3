//! What happens to the bytes of a connection.

use std::time::Duration;

use crate::fate::Impairments;
use crate::quantities::Rate;

/// What a direction of a link does to streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamImpairments {
    /// How long bytes are on their way, after their transmission.
    pub delay: Duration,
    /// The most by which that time is longer or shorter. Bytes stay in order: none overtakes another.
    pub jitter: Duration,
    /// How fast bytes are transmitted; `None` is at once.
    pub rate: Option<Rate>,
    /// After so many bytes the connection is closed in order, both ways.
    pub cut: Option<u64>,
    /// After so many bytes the connection is reset, both ways.
    pub reset: Option<u64>,
    /// The most bytes of a send, each of which is a segment of its own, a millisecond after the one before.
    pub segment: Option<usize>,
}

impl StreamImpairments {
    /// What it has in common with datagrams.
    pub(super) fn as_impairments(&self) -> Impairments {
        Impairments { delay: self.delay, jitter: self.jitter, rate: self.rate, ..Impairments::default() }
    }
}
