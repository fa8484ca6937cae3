//! The result of a receive.

use std::net::SocketAddr;

/// The result of recvmsg(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The bytes received, as recvmsg(2) returns them.
    pub length: usize,
    /// The bytes of control data received.
    pub control: usize,
    /// `MSG_TRUNC`, `MSG_CTRUNC` and others (`msg_flags` of recvmsg(2)).
    pub flags: i32,
    /// The sender; `None` for a connected stream.
    pub source: Option<SocketAddr>,
}
