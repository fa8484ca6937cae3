//! The choices that C makes by number. The functions take any number, and the core checks it.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

/// The transport protocol of a server.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_transport {
    /// A reliable byte stream.
    CAPSOCK_TRANSPORT_TCP = 0,
    /// Datagrams. A reply is sent with the hop limit of its request less 8, 56 at most: a client
    /// whose hop limit starts at 64 gets replies over paths of at most 28 hops.
    CAPSOCK_TRANSPORT_UDP = 1,
}

/// The concurrency model of a server: what serves several clients at once.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_concurrency {
    /// One client at a time: accepts a connection, serves it to its end, accepts the next. Over
    /// UDP: receives a datagram, replies, receives the next.
    CAPSOCK_CONCURRENCY_ITERATIVE = 0,
    /// A thread for each TCP connection; over UDP a fixed number of threads on one port.
    CAPSOCK_CONCURRENCY_THREADS = 1,
    /// A process for each TCP connection; over UDP a fixed number of processes on one port. A
    /// handler is not permitted.
    CAPSOCK_CONCURRENCY_PROCESSES = 2,
    /// Event loops, one for each worker. The default.
    CAPSOCK_CONCURRENCY_EVENTS = 3,
}

/// How a TCP stream is divided into requests. Over UDP each datagram is a request.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_framing {
    /// The stream is not divided: the server converts the data that each receive returns. The
    /// default. A handler is not permitted, since a part of a stream is not a request.
    CAPSOCK_FRAMING_STREAM = 0,
    /// A request is a line, including its newline, of at most `max_request` bytes. The last line
    /// may end with the stream instead of a newline.
    CAPSOCK_FRAMING_LINE = 1,
    /// A request is the data that one receive returns; the server replies, then closes the
    /// connection, as the textbook's Python TCPServer does.
    CAPSOCK_FRAMING_ONCE = 2,
    /// A request and its reply each begin with their length, a number of `length_bytes` bytes,
    /// which a handler neither gets nor gives. A length over `max_request`, one that is less than
    /// itself, and a stream that ends within a request are errors: the connection is closed.
    CAPSOCK_FRAMING_LENGTH = 3,
    /// A request and its reply each end with the byte string of the option of this name, which a
    /// handler neither gets nor gives. A request, including its delimiter, has at most
    /// `max_request` bytes. The last request may end with the stream instead of a delimiter, as its
    /// reply then does.
    CAPSOCK_FRAMING_DELIMITER = 4,
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_endian {
    /// The most significant byte first: network byte order (RFC 791, appendix B). The default.
    CAPSOCK_ENDIAN_BIG = 0,
    /// The least significant byte first.
    CAPSOCK_ENDIAN_LITTLE = 1,
}

/// The severity of a line of a server's log.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_level {
    /// A limit was reached. Each limit is logged at most once a second; a child process counts it
    /// and does not log it.
    CAPSOCK_LEVEL_WARNING = 1,
    /// A request failed: its handler reported an error.
    CAPSOCK_LEVEL_ERROR = 2,
}

/// Optional features of the system that servers and clients use if they are available. The
/// environment variable `CAPSOCK_WITHOUT` disables the features that it lists, as in
/// `CAPSOCK_WITHOUT=udp-gro,recvmmsg`; if it lists an unknown name, no server starts and no UDP
/// client connects. They are bits of the number that `capsock_stats_features` returns.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_feature {
    /// shutdown(2) in another thread unblocks a receive, so that the receive needs no poll before
    /// it.
    CAPSOCK_FEATURE_BLOCKING_RECEIVE = 1,
    /// recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
    CAPSOCK_FEATURE_RECVMMSG = 2,
    /// UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
    CAPSOCK_FEATURE_UDP_SEGMENT = 4,
    /// UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
    CAPSOCK_FEATURE_UDP_GRO = 8,
    /// pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.
    CAPSOCK_FEATURE_PIDFD = 16,
    /// IP_RECVORIGDSTADDR and IP_RECVERR (ip(7)): a UDP client sends requests from several ports in
    /// turn by one socket, in place of a socket for each port.
    CAPSOCK_FEATURE_ORIG_DST = 32,
    /// Each address of 127.0.0.0/8 is local: a UDP client that has orig-dst as well sends requests
    /// to this machine from an address each by one socket, in place of a port each.
    CAPSOCK_FEATURE_LOOPBACK_ADDRESSES = 64,
}
