//! The choices, and the features of the system.

use crate::model::{Choice, Value};

/// The choices.
pub const CHOICES: &[Choice] = &[
    Choice {
        name: "transport",
        sentence: "The transport protocol of a server.",
        default: None,
        in_java: false,
        values: &[
            Value { name: "tcp", number: 0, sentence: "A reliable byte stream." },
            Value { name: "udp", number: 1, sentence: "Datagrams." },
        ],
    },
    Choice {
        name: "concurrency",
        sentence: "How many clients a server serves at once, and by what.",
        default: Some("events"),
        in_java: true,
        values: &[
            Value {
                name: "iterative",
                number: 0,
                sentence: "One client at a time: accept, serve to the end, next. Over UDP: receive, reply, next.",
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
                           handler is refused.",
            },
            Value { name: "events", number: 3, sentence: "Event loops, one for each worker. The default." },
        ],
    },
    Choice {
        name: "framing",
        sentence: "Where a request ends in a TCP stream. Over UDP a datagram is a request.",
        default: Some("stream"),
        in_java: true,
        values: &[
            Value {
                name: "stream",
                number: 0,
                sentence: "Whatever has arrived. The default. A handler is refused, since a part of a stream is not \
                           a request.",
            },
            Value {
                name: "line",
                number: 1,
                sentence: "Up to and including a newline, of at most `max_request` bytes. The last line may end with \
                           the stream instead of a newline.",
            },
            Value {
                name: "once",
                number: 2,
                sentence: "What one receive returns; the server replies, then closes the connection, as the \
                           textbook's Python TCPServer does.",
            },
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
                sentence: "A limit was reached. Each limit is logged once a second at most; a child process counts \
                           it and logs nothing.",
            },
            Value { name: "error", number: 2, sentence: "A request failed: its handler reported an error." },
        ],
    },
];

/// Optional calls of the system, each with a bit of its own.
pub const FEATURES: &[Value] = &[
    Value {
        name: "blocking-receive",
        number: 1,
        sentence: "A blocked receive ends when another thread shuts the socket down (shutdown(2)), so that no poll \
                   is needed before it.",
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
];

/// What a feature is.
pub const FEATURE: &str = "Optional calls of the system that a server uses where they are available and works \
                           without where they are not. The environment variable `CAPSOCK_WITHOUT` disables those \
                           that it names, as in `CAPSOCK_WITHOUT=udp-gro,recvmmsg`; a server is refused if it has \
                           another name.";
