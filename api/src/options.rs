//! The options of servers and clients.

use crate::model::{Default, Kind, Opt, Options, Over};

/// All of them.
pub const ALL: [&Options; 3] = [&SERVER, &TCP_CLIENT, &UDP_CLIENT];

/// Those of a server. A handler, and in C a log, are written by hand.
pub const SERVER: Options = Options {
    owner: "server",
    options: &[
        Opt {
            name: "host",
            over: Over::Both,
            kind: Kind::Host,
            unit: "",
            default: Default::Constant,
            range: "",
            since: "0.1.0",
            error: "the host",
            sentence: "The name or IP address to listen on; an empty one is every address of the machine.",
            paragraph: "`localhost` is this machine alone, over IPv4 and IPv6.",
        },
        Opt {
            name: "port",
            over: Over::Both,
            kind: Kind::Port,
            unit: "",
            default: Default::Constant,
            range: "0 to 65,535",
            since: "0.1.0",
            error: "the port",
            sentence: "The port to listen on; 0 picks a free one.",
            paragraph: "",
        },
        Opt {
            name: "concurrency",
            over: Over::Both,
            kind: Kind::Choice("concurrency"),
            unit: "",
            default: Default::Value("events"),
            range: "",
            since: "0.1.0",
            error: "the concurrency",
            sentence: "How many clients are served at once, and by what.",
            paragraph: "",
        },
        Opt {
            name: "framing",
            over: Over::Tcp,
            kind: Kind::Choice("framing"),
            unit: "",
            default: Default::Value("stream"),
            range: "",
            since: "0.1.0",
            error: "the framing",
            sentence: "Where a request ends in a TCP stream.",
            paragraph: "",
        },
        Opt {
            name: "workers",
            over: Over::Both,
            kind: Kind::Size,
            unit: "workers",
            default: Default::Number(0),
            range: "0 to 1,024",
            since: "0.1.0",
            error: "the number of workers",
            sentence: "The number of event loops, or over UDP of threads or processes, for each address of the host; \
                       0 starts one for each processor.",
            paragraph: "With a handler, it is the number of requests that are answered at the same time, with \
                        `events`, and over UDP with `threads`. A handler that waits for something makes use of more \
                        workers than there are processors. Further requests wait in the kernel; accepting, limits, \
                        replies in progress and a stop go on.",
        },
        Opt {
            name: "backlog",
            over: Over::Tcp,
            kind: Kind::Number,
            unit: "connections",
            default: Default::Number(1_024),
            range: "",
            since: "0.1.0",
            error: "the backlog",
            sentence: "The number of connections that the kernel holds until they are accepted (listen(2)).",
            paragraph: "The kernel holds no more than `net.core.somaxconn`.",
        },
        Opt {
            name: "max_connections",
            over: Over::Tcp,
            kind: Kind::Size,
            unit: "connections",
            default: Default::Number(0),
            range: "",
            since: "0.1.0",
            error: "the limit of connections",
            sentence: "The number of TCP connections served at once; a further one is closed at once and counted as \
                       refused.",
            paragraph: "0 is 1,024 with `threads`, 256 with `processes` and 65,536 with `events`. `iterative` serves \
                        one and leaves the others in the backlog.",
        },
        Opt {
            name: "max_connections_per_peer",
            over: Over::Tcp,
            kind: Kind::Size,
            unit: "connections",
            default: Default::Number(0),
            range: "",
            since: "0.1.0",
            error: "the limit of connections of a peer",
            sentence: "The number of TCP connections served at once for one peer, which is an IPv4 address or an \
                       IPv6 network of 64 bits; a further one is closed at once and counted. 0 sets no limit.",
            paragraph: "Clients behind one address translator (NAT) are one peer, and so are all clients behind a \
                        proxy.",
        },
        Opt {
            name: "max_request",
            over: Over::Both,
            kind: Kind::Size,
            unit: "bytes",
            default: Default::Number(1 << 20),
            range: "1 and more",
            since: "0.1.0",
            error: "the limit of a request",
            sentence: "The length of the longest request, in bytes: a line with its newline, or a datagram.",
            paragraph: "It has no effect with `stream`, where nothing is held.",
        },
        Opt {
            name: "max_amplification",
            over: Over::Udp,
            kind: Kind::Size,
            unit: "times",
            default: Default::Number(0),
            range: "",
            since: "0.1.0",
            error: "the limit of amplification",
            sentence: "The length of the longest UDP reply, as a multiple of the length of its request; a longer one \
                       is not sent, and counted. 0 sets no limit.",
            paragraph: "The source address of a datagram may be forged, and its reply then reaches a victim: this is \
                        the factor by which a forger can multiply the traffic. Upper case is three times as long as \
                        its request at most, which QUIC allows itself too (RFC 9000, 8.1). A handler on an open \
                        network should have a limit. With one, an empty request gets an empty reply or none.",
        },
        Opt {
            name: "idle_timeout",
            over: Over::Tcp,
            kind: Kind::Limit,
            unit: "",
            default: Default::Millis(300_000),
            range: "above 0",
            since: "0.1.0",
            error: "the idle timeout",
            sentence: "The time after which a connection on which nothing arrives is closed.",
            paragraph: "",
        },
        Opt {
            name: "write_timeout",
            over: Over::Tcp,
            kind: Kind::Limit,
            unit: "",
            default: Default::Millis(30_000),
            range: "above 0",
            since: "0.1.0",
            error: "the write timeout",
            sentence: "The time after which a connection whose peer receives nothing of its reply is closed.",
            paragraph: "TCP reports progress in steps of a buffer's size, so that a slow peer may take a while to \
                        make any.",
        },
        Opt {
            name: "busy_poll",
            over: Over::Both,
            kind: Kind::Micros,
            unit: "",
            default: Default::Millis(0),
            range: "0 to 1 s",
            since: "0.1.0",
            error: "the time of busy polling",
            sentence: "The time for which an event loop, or over UDP any worker, polls for requests before it \
                       blocks.",
            paragraph: "It takes the time of a wake-up off each reply, and keeps a processor busy while requests \
                        arrive at such short intervals. 0 blocks at once.",
        },
    ],
};

/// Those of a TCP client.
pub const TCP_CLIENT: Options = Options {
    owner: "tcp_client",
    options: &[
        Opt {
            name: "connect_timeout",
            over: Over::Both,
            kind: Kind::Limit,
            unit: "",
            default: Default::Millis(10_000),
            range: "",
            since: "0.1.0",
            error: "the connect timeout",
            sentence: "The time limit for resolving the name and connecting to one of its addresses.",
            paragraph: "A client that connects again within a request has what is left of `timeout`, if that is less.",
        },
        Opt {
            name: "timeout",
            over: Over::Both,
            kind: Kind::Limit,
            unit: "",
            default: Default::Millis(30_000),
            range: "",
            since: "0.1.0",
            error: "the timeout",
            sentence: "The time limit for each request; for many requests the longest wait for the next reply, and \
                       for a copy the longest time without progress.",
            paragraph: "",
        },
        Opt {
            name: "max_reply",
            over: Over::Both,
            kind: Kind::Size,
            unit: "bytes",
            default: Default::Number(16 << 20),
            range: "",
            since: "0.1.0",
            error: "the limit of a reply",
            sentence: "The length of the longest reply that is accepted, in bytes, without its newline.",
            paragraph: "",
        },
        INTERRUPTIBLE,
    ],
};

/// Those of a UDP client.
pub const UDP_CLIENT: Options = Options {
    owner: "udp_client",
    options: &[
        Opt {
            name: "timeout",
            over: Over::Both,
            kind: Kind::Limit,
            unit: "",
            default: Default::Millis(5_000),
            range: "",
            since: "0.1.0",
            error: "the timeout",
            sentence: "The time limit for resolving the name, and for each request with all its retransmissions.",
            paragraph: "Without a limit, a request whose last retransmission is not answered waits for ever.",
        },
        Opt {
            name: "retransmit_after",
            over: Over::Both,
            kind: Kind::Pause,
            unit: "",
            default: Default::Millis(1_000),
            range: "",
            since: "0.1.0",
            error: "the time before a retransmission",
            sentence: "The time without a reply after which a request is sent again; it doubles with each \
                       retransmission (RFC 8085, 3.1.1).",
            paragraph: "",
        },
        Opt {
            name: "retransmissions",
            over: Over::Both,
            kind: Kind::Number,
            unit: "times",
            default: Default::Number(3),
            range: "",
            since: "0.1.0",
            error: "the number of retransmissions",
            sentence: "The number of times that a request is sent again at most.",
            paragraph: "",
        },
        INTERRUPTIBLE,
    ],
};

const INTERRUPTIBLE: Opt = Opt {
    name: "interruptible",
    over: Over::Both,
    kind: Kind::Interruptible,
    unit: "",
    default: Default::False,
    range: "",
    since: "0.1.0",
    error: "",
    sentence: "Whether a signal handler that ran in the calling thread ends its blocking call with \
               `CAPSOCK_INTERRUPTED`.",
    paragraph: "",
};
