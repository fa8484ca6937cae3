//! The choices that C makes by number. The functions take any number, and the core checks it.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

/// The transport protocol of a server.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_transport {
    /// A reliable byte stream.
    CAPSOCK_TRANSPORT_TCP = 0,
    /// Datagrams.
    CAPSOCK_TRANSPORT_UDP = 1,
}

/// How many clients a server serves at once, and by what.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_concurrency {
    /// One client at a time: accept, serve to the end, next. Over UDP: receive, reply, next.
    CAPSOCK_CONCURRENCY_ITERATIVE = 0,
    /// A thread for each TCP connection; over UDP a fixed number of threads on one port.
    CAPSOCK_CONCURRENCY_THREADS = 1,
    /// A process for each TCP connection; over UDP a fixed number of processes on one port. A
    /// handler is refused.
    CAPSOCK_CONCURRENCY_PROCESSES = 2,
    /// Event loops, one for each worker. The default.
    CAPSOCK_CONCURRENCY_EVENTS = 3,
}

/// Where a request ends in a TCP stream. Over UDP a datagram is a request.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_framing {
    /// Whatever has arrived. The default. A handler is refused, since a part of a stream is not a
    /// request.
    CAPSOCK_FRAMING_STREAM = 0,
    /// Up to and including a newline, of at most `max_request` bytes. The last line may end with
    /// the stream instead of a newline.
    CAPSOCK_FRAMING_LINE = 1,
    /// What one receive returns; the server replies, then closes the connection, as the textbook's
    /// Python TCPServer does.
    CAPSOCK_FRAMING_ONCE = 2,
}

/// The severity of a line of a server's log.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_level {
    /// A limit was reached. Each limit is logged once a second at most; a child process counts it
    /// and logs nothing.
    CAPSOCK_LEVEL_WARNING = 1,
    /// A request failed: its handler reported an error.
    CAPSOCK_LEVEL_ERROR = 2,
}

/// Optional calls of the system that a server uses where they are available and works without where
/// they are not. The environment variable `CAPSOCK_WITHOUT` disables those that it names, as in
/// `CAPSOCK_WITHOUT=udp-gro,recvmmsg`; a server is refused if it has another name. They are bits of
/// the number that `capsock_stats_features` returns.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_feature {
    /// A blocked receive ends when another thread shuts the socket down (shutdown(2)), so that no
    /// poll is needed before it.
    CAPSOCK_FEATURE_BLOCKING_RECEIVE = 1,
    /// recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
    CAPSOCK_FEATURE_RECVMMSG = 2,
    /// UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
    CAPSOCK_FEATURE_UDP_SEGMENT = 4,
    /// UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
    CAPSOCK_FEATURE_UDP_GRO = 8,
}
