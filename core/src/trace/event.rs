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
    /// A call has waited, and has not ended.
    Begin(Begin<'a>),
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
    /// The language of the program: `c`, `java`, `python`, `rust`. A program that the preload library records is `c`.
    pub language: Cow<'a, str>,
    /// The time of the line in nanoseconds of CLOCK_MONOTONIC, as in the calls.
    pub at: u64,
    /// The same time in nanoseconds since 1970-01-01 UTC.
    pub wall: u64,
}

/// A call that waits: written once it has waited for 10 ms, so that a call that never returns is known. If it does return,
/// its [`Call`] has the same `pid`, `fd` and `begin`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin<'a> {
    /// The version of the format.
    pub capsock: u32,
    /// The process.
    pub pid: u32,
    /// The thread; absent for a virtual thread, which is on no thread of the system's while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// When the call began, in nanoseconds of CLOCK_MONOTONIC.
    pub begin: u64,
    /// The time of the line: until then at least it waited.
    pub at: u64,
    /// Its name, as in [`Call`].
    pub call: Cow<'a, str>,
    /// The descriptor, as in [`Call`].
    pub fd: i32,
    /// As in [`Call`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<Cow<'a, str>>,
    /// `tcp` or `udp`; empty for `select`, `poll` and `epoll_wait`.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub transport: Cow<'a, str>,
    /// This end's address, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// The other end's address, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
    /// The length of the caller's buffer in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u64>,
    /// As in [`Call`].
    #[serde(default, skip_serializing_if = "<[i32]>::is_empty")]
    pub waited_in: Cow<'a, [i32]>,
    /// As in [`Call`].
    #[serde(default, skip_serializing_if = "<[i32]>::is_empty")]
    pub waited_out: Cow<'a, [i32]>,
}

/// A socket call.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `recvmsg`, `shutdown`, `close`, and the waits `select`, `poll`, `epoll_wait`.
    pub call: Cow<'a, str>,
    /// The descriptor it was made on; for `socket`, the one that it made; -1 for `select` and `poll`.
    pub fd: i32,
    /// The caller's name for the socket, such as `clientSocket`, of 64 bytes at most; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<Cow<'a, str>>,
    /// For `accept`, the descriptor of the new connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<i32>,
    /// `tcp` or `udp`; empty for `select`, `poll` and `epoll_wait`.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub transport: Cow<'a, str>,
    /// This end's address, where it has one; for `accept`, the new connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// For a `bind` that a link stands before (`CAPSOCK_LINK`), the address that the program asked for, in the place of
    /// `local`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<SocketAddr>,
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
    /// The descriptors that `select`, `poll` or `epoll_wait` waited for to be readable, 32 of them at most.
    #[serde(default, skip_serializing_if = "<[i32]>::is_empty")]
    pub waited_in: Cow<'a, [i32]>,
    /// The descriptors that it waited for to be writable, 32 of them at most.
    #[serde(default, skip_serializing_if = "<[i32]>::is_empty")]
    pub waited_out: Cow<'a, [i32]>,
    /// The descriptors that it found readable, or with an end or an error to report, 32 of them at most.
    #[serde(default, skip_serializing_if = "<[i32]>::is_empty")]
    pub ready_in: Cow<'a, [i32]>,
    /// The descriptors that it found writable, 32 of them at most.
    #[serde(default, skip_serializing_if = "<[i32]>::is_empty")]
    pub ready_out: Cow<'a, [i32]>,
    /// `ok`, or what ended it: an errno's name (`ECONNREFUSED`), `timeout`, `closed` (by another thread),
    /// `interrupted` (by a signal).
    pub outcome: Cow<'a, str>,
}

/// The version of a trace that is newer than [`VERSION`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsupportedVersion(pub u32);
