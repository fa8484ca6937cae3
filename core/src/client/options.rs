//! The options of the clients.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use crate::choices::{Endian, Framing};
use crate::net::InterruptHook;

/// How a [`TcpClient`](super::TcpClient) connects and waits.
#[derive(Debug, Clone)]
pub struct TcpClientOptions {
    /// The time limit for resolving the name and connecting to one of its addresses. `None` sets no limit.
    /// Default 10 s.
    ///
    /// If the client connects again during a request, the connect is limited to the smaller of
    /// `connect_timeout` and the time left of the request's `timeout`.
    pub connect_timeout: Option<Duration>,
    /// The time limit for a request. In a call with many requests, it applies to each reply, counted from the
    /// reply before; in a copy, it applies to the time without progress. `None` sets no limit. Default 30 s.
    pub timeout: Option<Duration>,
    /// The maximum length of a reply, in bytes, without its newline, length or delimiter. Default 16,777,216.
    pub max_reply: usize,
    /// The framing of requests and replies: that of the server. Default `Framing::Line`; range:
    /// `Framing::Line`, `Framing::Length` or `Framing::Delimiter`.
    ///
    /// A copy sends a stream, whatever the framing.
    pub framing: Framing,
    /// The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2 or 4.
    ///
    /// It has no effect without `Framing::Length`. DNS over TCP has 2 bytes (RFC 7766, 8).
    pub length_bytes: u32,
    /// The order of the bytes of the length before a message. Default `Endian::Big`.
    ///
    /// It has no effect without `Framing::Length`.
    pub length_endian: Endian,
    /// Whether the length before a message counts its own bytes beside those of the message. Default false.
    ///
    /// It has no effect without `Framing::Length`.
    pub length_includes_itself: bool,
    /// The bytes that end a message. Default CR LF; range: 1 to 255 bytes.
    ///
    /// It has no effect without the framing of this name. A message that contains the delimiter, or whose end
    /// together with it does, cannot be sent.
    pub delimiter: Vec<u8>,
    /// Called when a signal handler has run in a thread during a blocking call: `true` ends the call with
    /// `Interrupted`, `false` continues it. Default `None`: the call continues.
    pub on_interrupt: Option<InterruptHook>,
}

impl Default for TcpClientOptions {
    fn default() -> TcpClientOptions {
        TcpClientOptions {
            connect_timeout: Some(Duration::from_secs(10)),
            timeout: Some(Duration::from_secs(30)),
            max_reply: 16_777_216,
            framing: Framing::Line,
            length_bytes: 4,
            length_endian: Endian::Big,
            length_includes_itself: false,
            delimiter: b"\r\n".to_vec(),
            on_interrupt: None,
        }
    }
}

/// How a [`UdpClient`](super::UdpClient) waits and sends again.
#[derive(Debug, Clone)]
pub struct UdpClientOptions {
    /// The time limit for resolving the name, and for each request including its retransmissions. `None` sets
    /// no limit. Default 5 s.
    ///
    /// With no limit, a request that gets no reply never times out.
    pub timeout: Option<Duration>,
    /// The time after which a request without a reply is sent again; it doubles with each retransmission (RFC
    /// 8085, 3.1.1). Default 1 s.
    pub retransmit_after: Duration,
    /// The maximum number of times that a request is sent again. Default 3.
    pub retransmissions: u32,
    /// Called when a signal handler has run in a thread during a blocking call: `true` ends the call with
    /// `Interrupted`, `false` continues it. Default `None`: the call continues.
    pub on_interrupt: Option<InterruptHook>,
}

impl Default for UdpClientOptions {
    fn default() -> UdpClientOptions {
        UdpClientOptions {
            timeout: Some(Duration::from_secs(5)),
            retransmit_after: Duration::from_secs(1),
            retransmissions: 3,
            on_interrupt: None,
        }
    }
}
