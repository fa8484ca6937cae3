//! The format of a trace: one line is one event.
//!
//! Writing an event allocates nothing, so that a forked child may do it. `docs/trace.schema.json` is the same format for
//! other programs.

use std::borrow::Cow;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The version of the format. A reader ignores unknown fields, which a later release may add to the same version, and
/// refuses a higher version.
pub const VERSION: u32 = 1;

/// One line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event<'a> {
    /// A process began to record: its first line.
    #[serde(borrow)]
    Process(Process<'a>),
    /// A socket call has ended.
    Call(Call<'a>),
}

/// A process that records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process<'a> {
    /// The version of the format.
    pub capsock: u32,
    /// The process.
    pub pid: u32,
    /// For a child that a server has forked, the parent process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// The program: the name of the script, class or executable, without its directory.
    pub program: Cow<'a, str>,
    /// The language of the program: `c`, `java`, `python`, `rust`.
    pub language: Cow<'a, str>,
    /// The time of the line in nanoseconds of CLOCK_MONOTONIC, as in the calls.
    pub at: u64,
    /// The same time in nanoseconds since 1970-01-01 UTC.
    pub wall: u64,
}

/// A socket call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call<'a> {
    /// The version of the format.
    pub capsock: u32,
    /// The process.
    pub pid: u32,
    /// The thread (gettid(2)).
    pub tid: u32,
    /// The order of the calls of a process: a call is numbered when it ends, `close` when it begins, so that all calls on a
    /// descriptor are between the call that made it and its close.
    pub seq: u64,
    /// When the call began, in nanoseconds of CLOCK_MONOTONIC.
    pub begin: u64,
    /// When it ended.
    pub end: u64,
    /// How long of that it was blocked, in nanoseconds.
    pub blocked: u64,
    /// Its name: `socket`, `bind`, `listen`, `accept`, `connect`, `send`, `recv`, `sendto`, `recvfrom`, `sendmsg`,
    /// `recvmsg`, `shutdown`, `close`.
    pub call: Cow<'a, str>,
    /// The descriptor it was made on; for `socket`, the one that it made.
    pub fd: i32,
    /// For `accept`, the descriptor of the new connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<i32>,
    /// `tcp` or `udp`.
    pub transport: Cow<'a, str>,
    /// This end's address, where it has one; for `accept`, the new connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// The other end's address: that of the connection, or of the datagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
    /// Bytes sent or received; for a receive, 0 is the end of a stream or an empty datagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The length of the caller's buffer in bytes: what it offered to send, or could receive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u64>,
    /// The first of those bytes, escaped by [`escape_into`](super::escape_into); absent if none are to be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Cow<'a, str>>,
    /// What a link did to the datagram on purpose: `lost`, `overflowed` (of a receive), `duplicated`, `corrupted`,
    /// `reordered` (of a send).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impairment: Option<Cow<'a, str>>,
    /// The argument of `listen` (the backlog), or of `shutdown` (0 for the input, 1 the output, 2 both).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<i32>,
    /// `ok`, or what ended it: an errno's name (`ECONNREFUSED`), `timeout`, `closed` (by another thread),
    /// `interrupted` (by a signal).
    pub outcome: Cow<'a, str>,
}

/// The version of a trace that is newer than [`VERSION`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsupportedVersion(pub u32);
