//! Choices that have a name and a stable number in every language.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use crate::named::named;

/// The transport protocol of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Transport {
    /// A reliable byte stream.
    Tcp = 0,
    /// Datagrams. A reply is sent with the hop limit of its request less 8, 56 at most: a client whose hop
    /// limit starts at 64 gets replies over paths of at most 28 hops.
    Udp = 1,
}

/// The concurrency model of a server: what serves several clients at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum Concurrency {
    /// One client at a time: accepts a connection, serves it to its end, accepts the next. Over UDP: receives
    /// a datagram, replies, receives the next.
    Iterative = 0,
    /// A thread for each TCP connection; over UDP a fixed number of threads on one port.
    Threads = 1,
    /// A process for each TCP connection; over UDP a fixed number of processes on one port. A handler is not
    /// permitted.
    Processes = 2,
    /// Event loops, one for each worker. The default.
    #[default]
    Events = 3,
}

/// How a TCP stream is divided into requests. Over UDP each datagram is a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum Framing {
    /// The stream is not divided: the server converts the data that each receive returns. The default. A
    /// handler is not permitted, since a part of a stream is not a request.
    #[default]
    Stream = 0,
    /// A request is a line, including its newline, of at most `max_request` bytes. The last line may end with
    /// the stream instead of a newline.
    Line = 1,
    /// A request is the data that one receive returns; the server replies, then closes the connection, as the
    /// textbook's Python TCPServer does.
    Once = 2,
    /// A request and its reply each begin with their length, a number of `length_bytes` bytes, which a
    /// handler neither gets nor gives. A length over `max_request`, one that is less than itself, and a
    /// stream that ends within a request are errors: the connection is closed.
    Length = 3,
    /// A request and its reply each end with the byte string of the option of this name, which a handler
    /// neither gets nor gives. A request, including its delimiter, has at most `max_request` bytes. The last
    /// request may end with the stream instead of a delimiter, as its reply then does.
    Delimiter = 4,
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum Endian {
    /// The most significant byte first: network byte order (RFC 791, appendix B). The default.
    #[default]
    Big = 0,
    /// The least significant byte first.
    Little = 1,
}

/// The severity of a line of a server's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Level {
    /// A limit was reached. Each limit is logged at most once a second; a child process counts it and does
    /// not log it.
    Warning = 1,
    /// A request failed: its handler reported an error.
    Error = 2,
}

named!(Transport, "transport", Tcp => "tcp", Udp => "udp");

named!(Concurrency, "concurrency", Iterative => "iterative", Threads => "threads", Processes => "processes", Events => "events");

named!(Framing, "framing", Stream => "stream", Line => "line", Once => "once", Length => "length", Delimiter => "delimiter");

named!(Endian, "endian", Big => "big", Little => "little");

named!(Level, "level", Warning => "warning", Error => "error");
