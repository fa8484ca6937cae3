//! What is recorded of a call.

use crate::net::sys::fd::RawFd;
use std::net::SocketAddr;

/// The bytes of a payload that are recorded.
pub(crate) const PAYLOAD: usize = 32;

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    TimedOut,
    Closed,
    Interrupted,
    Errno(i32),
}

/// What a call did.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct CallRecord<'a> {
    pub(crate) datagrams: bool,
    pub(crate) accepted: Option<RawFd>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) bytes: Option<usize>,
    pub(crate) room: Option<usize>,
    /// What was sent or received, or its beginning.
    pub(crate) data: &'a [u8],
    pub(crate) argument: Option<i32>,
}

/// A call that has ended, with all that its line says.
#[derive(Debug)]
pub(super) struct EndedCall<'a> {
    pub(super) name: &'static str,
    pub(super) fd: RawFd,
    /// Nanoseconds of the monotonic clock, as `end`.
    pub(super) begin: u64,
    pub(super) end: u64,
    /// Nanoseconds.
    pub(super) blocked: u64,
    /// The number of its line, if the call took it before it ended.
    pub(super) sequence: Option<u64>,
    /// The thread that is recorded as the caller, if not this one.
    pub(super) thread: Option<u32>,
    pub(super) outcome: Outcome,
    pub(super) record: CallRecord<'a>,
}
