//! The choices, and the features of the system.

use crate::model::{Choice, Value};

/// The enums of the interface.
pub const CHOICES: &[Choice] = &[
    Choice {
        name: "transport",
        sentence: "The transport protocol of a server.",
        default: None,
        in_java: true,
        values: &[
            Value { name: "tcp", number: 0, sentence: "A reliable byte stream." },
            Value {
                name: "udp",
                number: 1,
                sentence: "Datagrams. A reply is sent with the hop limit of its request less 8, 56 at most: a client \
                           whose hop limit starts at 64 gets replies over paths of at most 28 hops.",
            },
        ],
    },
    Choice {
        name: "concurrency",
        sentence: "The concurrency model of a server: what serves several clients at once.",
        default: Some("events"),
        in_java: true,
        values: &[
            Value {
                name: "iterative",
                number: 0,
                sentence: "One client at a time: accepts a connection, serves it to its end, accepts the next. Over \
                           UDP: receives a datagram, replies, receives the next.",
            },
            Value {
                name: "threads",
                number: 1,
                sentence: "A thread for each TCP connection; over UDP a fixed number of threads on one port.",
            },
            Value {
                name: "processes",
                number: 2,
                sentence: "A process for each TCP connection; over UDP a fixed number of processes on one port. A \
                           handler is not permitted.",
            },
            Value { name: "events", number: 3, sentence: "Event loops, one for each worker. The default." },
        ],
    },
    Choice {
        name: "framing",
        sentence: "How a TCP stream is divided into requests. Over UDP each datagram is a request.",
        default: Some("stream"),
        in_java: true,
        values: &[
            Value {
                name: "stream",
                number: 0,
                sentence: "The stream is not divided: the server converts the data that each receive returns. The \
                           default. A handler is not permitted, since a part of a stream is not a request.",
            },
            Value {
                name: "line",
                number: 1,
                sentence: "A request is a line, including its newline, of at most `max_request` bytes. The last \
                           line may end with the stream instead of a newline.",
            },
            Value {
                name: "once",
                number: 2,
                sentence: "A request is the data that one receive returns; the server replies, then closes the \
                           connection, as the textbook's Python TCPServer does.",
            },
            Value {
                name: "length",
                number: 3,
                sentence: "A request and its reply each begin with their length, a number of `length_bytes` bytes, \
                           which a handler neither gets nor gives. A length over `max_request`, one that is less \
                           than itself, and a stream that ends within a request are errors: the connection is closed.",
            },
            Value {
                name: "delimiter",
                number: 4,
                sentence: "A request and its reply each end with the byte string of the option of this name, which \
                           a handler neither gets nor gives. A request, including its delimiter, has at most \
                           `max_request` bytes. The last request may end with the stream instead of a delimiter, as \
                           its reply then does.",
            },
        ],
    },
    Choice {
        name: "endian",
        sentence: "The order of the bytes of a number.",
        default: Some("big"),
        in_java: true,
        values: &[
            Value {
                name: "big",
                number: 0,
                sentence: "The most significant byte first: network byte order (RFC 791, appendix B). The default.",
            },
            Value { name: "little", number: 1, sentence: "The least significant byte first." },
        ],
    },
    Choice {
        name: "level",
        sentence: "The severity of a line of a server's log.",
        default: None,
        in_java: false,
        values: &[
            Value {
                name: "warning",
                number: 1,
                sentence: "A limit was reached. Each limit is logged at most once a second; a child process counts \
                           it and does not log it.",
            },
            Value { name: "error", number: 2, sentence: "A request failed: its handler reported an error." },
        ],
    },
];

/// The optional features of the system, each with a bit of its own.
pub const FEATURES: &[Value] = &[
    Value {
        name: "blocking-receive",
        number: 1,
        sentence: "shutdown(2) in another thread unblocks a receive, so that the receive needs no poll before it.",
    },
    Value {
        name: "recvmmsg",
        number: 2,
        sentence: "recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.",
    },
    Value {
        name: "udp-segment",
        number: 4,
        sentence: "UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.",
    },
    Value {
        name: "udp-gro",
        number: 8,
        sentence: "UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.",
    },
    Value {
        name: "pidfd",
        number: 16,
        sentence: "pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.",
    },
    Value {
        name: "orig-dst",
        number: 32,
        sentence: "IP_RECVORIGDSTADDR and IP_RECVERR (ip(7)): a UDP client sends requests from several ports in turn by \
                   one socket, in place of a socket for each port.",
    },
    Value {
        name: "loopback-addresses",
        number: 64,
        sentence: "Each address of 127.0.0.0/8 is local: a UDP client that has orig-dst as well sends requests to this \
                   machine from an address each by one socket, in place of a port each.",
    },
];

/// The documentation of the features.
pub const FEATURE: &str = "Optional features of the system that servers and clients use if they are available. The \
                           environment variable `CAPSOCK_WITHOUT` disables the features that it lists, as in \
                           `CAPSOCK_WITHOUT=udp-gro,recvmmsg`; if it lists an unknown name, no server starts and no \
                           UDP client connects.";
