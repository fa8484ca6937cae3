//! The options of the clients.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use crate::net::InterruptHook;

/// How a [`TcpClient`](super::TcpClient) connects and waits.
#[derive(Debug, Clone)]
pub struct TcpClientOptions {
    /// The time limit for resolving the name and connecting to one of its addresses. `None` sets no limit.
    /// Default 10 s.
    ///
    /// A client that connects again within a request has what is left of `timeout`, if that is less.
    pub connect_timeout: Option<Duration>,
    /// The time limit for each request; for many requests the longest wait for the next reply, and for a copy
    /// the longest time without progress. `None` sets no limit. Default 30 s.
    pub timeout: Option<Duration>,
    /// The length of the longest reply that is accepted, in bytes, without its newline. Default 16,777,216.
    pub max_reply: usize,
    /// Called after a signal handler has run in a thread with a blocking call: whether it ends the call.
    /// Default `None`: the call goes on.
    pub on_interrupt: Option<InterruptHook>,
}

impl Default for TcpClientOptions {
    fn default() -> TcpClientOptions {
        TcpClientOptions {
            connect_timeout: Some(Duration::from_secs(10)),
            timeout: Some(Duration::from_secs(30)),
            max_reply: 16_777_216,
            on_interrupt: None,
        }
    }
}

/// How a [`UdpClient`](super::UdpClient) waits and sends again.
#[derive(Debug, Clone)]
pub struct UdpClientOptions {
    /// The time limit for resolving the name, and for each request with all its retransmissions. `None` sets
    /// no limit. Default 5 s.
    ///
    /// Without a limit, a request whose last retransmission is not answered waits for ever.
    pub timeout: Option<Duration>,
    /// The time without a reply after which a request is sent again; it doubles with each retransmission (RFC
    /// 8085, 3.1.1). Default 1 s.
    pub retransmit_after: Duration,
    /// The number of times that a request is sent again at most. Default 3.
    pub retransmissions: u32,
    /// Called after a signal handler has run in a thread with a blocking call: whether it ends the call.
    /// Default `None`: the call goes on.
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
