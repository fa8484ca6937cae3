//! What is recorded of a call.

use super::variable::Variable;
use crate::net::sys::fd::RawFd;
use std::net::SocketAddr;
use std::time::Duration;

/// The bytes of a payload that are recorded.
pub(crate) const PAYLOAD: usize = 32;

/// The descriptors of a list that are recorded.
pub(crate) const LISTED: usize = 32;

/// How long a call has waited when the line is written that it has begun.
pub const BEGIN_AFTER: Duration = Duration::from_millis(10);

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Data to receive, or a connection to accept.
    In,
    /// Space in the send buffer, or the end of a connect.
    Out,
}

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
    /// For a bind that was moved, the address that the program gave.
    pub(crate) asked: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) bytes: Option<usize>,
    pub(crate) room: Option<usize>,
    /// What was sent or received, or its beginning.
    pub(crate) data: &'a [u8],
    pub(crate) argument: Option<i32>,
    /// For a wait for several descriptors.
    pub(crate) waited: Descriptors<'a>,
    pub(crate) ready: Descriptors<'a>,
}

/// The descriptors of a wait for several, by what each is waited for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors<'a> {
    /// Those for input: data, a connection to accept, an end or an error.
    pub readable: &'a [i32],
    /// Those for space in the send buffer, or the end of a connect.
    pub writable: &'a [i32],
}

impl Descriptors<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.readable.is_empty() && self.writable.is_empty()
    }
}

/// A call that is about to begin, as whoever steps the program is told of it.
#[derive(Debug)]
pub(crate) struct Upcoming<'a> {
    pub(crate) name: &'static str,
    pub(crate) fd: RawFd,
    pub(crate) direction: Direction,
    /// What is known of it before it is made.
    pub(crate) record: CallRecord<'a>,
}

/// A call that waits, with all that its line says.
#[derive(Debug)]
pub(super) struct BegunCall<'a> {
    pub(super) name: &'static str,
    pub(super) fd: RawFd,
    pub(super) variable: Option<Variable>,
    /// Nanoseconds of the monotonic clock, as `at`.
    pub(super) begin: u64,
    pub(super) at: u64,
    /// `None` for a virtual thread.
    pub(super) thread: Option<u32>,
    pub(super) record: CallRecord<'a>,
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
