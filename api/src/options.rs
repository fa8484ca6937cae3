//! The options of servers and clients.

use crate::model::{Default, Kind, Opt, Options, Over};

/// The options of all objects.
pub const ALL: [&Options; 3] = [&SERVER, &TCP_CLIENT, &UDP_CLIENT];

/// The options of a server. The handler, and in C the log, are not generated.
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
            sentence: "The name or IP address to listen on; an empty string means all addresses of the machine. \
                       `unix:PATH` is a Unix domain socket, `unix:@NAME` one of Linux's abstract names.",
            paragraph: "`localhost` means the loopback addresses alone, of IPv4 and IPv6. A host that begins with a \
                        slash is the path of a Unix domain socket as well.",
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
            sentence: "The port to listen on; 0 selects a free port.",
            paragraph: "A Unix domain socket has none: it is not looked at.",
        },
        Opt {
            name: "socket_mode",
            over: Over::Both,
            kind: Kind::Mode,
            unit: "",
            default: Default::Number(0),
            range: "0 to 511, octal 777",
            since: "0.1.0",
            error: "the mode of the socket",
            sentence: "The permissions of the file of a Unix domain socket, as for chmod(2): who may write to it may \
                       connect. 0 leaves them to the umask, with which it is most often the user alone.",
            paragraph: "It is refused without such a file: an abstract name has no permissions.",
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
            sentence: "The concurrency model: whether threads, processes or event loops serve several clients at \
                       once.",
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
            sentence: "How a TCP stream is divided into requests.",
            paragraph: "",
        },
        LENGTH_BYTES,
        LENGTH_ENDIAN,
        LENGTH_INCLUDES_ITSELF,
        DELIMITER,
        Opt {
            name: "workers",
            over: Over::Both,
            kind: Kind::Size,
            unit: "workers",
            default: Default::Number(0),
            range: "0 to 1,024",
            since: "0.1.0",
            error: "the number of workers",
            sentence: "The number of event loops. Over UDP, the number of threads or processes for each address that \
                       the server is bound to. 0 means one for each processor.",
            paragraph: "It has no effect with `iterative`, nor over TCP with `threads` and `processes`. With a handler \
                        and `events`, and over UDP with `threads`, it is the number of requests handled at the same \
                        time. If the handler blocks, more workers than processors are of use. If it is asynchronous, it is \
                        the number of requests pending at the same time, up to 65,536, and 0 means 1,024. Further requests wait \
                        in the kernel; they do not delay accepting, time limits, replies in progress or a stop.",
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
            sentence: "The maximum number of connections that the kernel queues until they are accepted (listen(2)).",
            paragraph: "The kernel reduces it to `net.core.somaxconn`.",
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
            sentence: "The maximum number of TCP connections served at once; a further one is closed immediately \
                       and counted as refused.",
            paragraph: "0 means 1,024 with `threads`, 256 with `processes` and 65,536 with `events`. `iterative` \
                        serves one connection and leaves the others in the backlog.",
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
            sentence: "The maximum number of TCP connections served at once for one peer, which is an IPv4 address \
                       or a /64 network of IPv6; a further one is closed immediately and counted. 0 sets no limit.",
            paragraph: "All clients behind one address translator (NAT) are one peer, and so are those behind one \
                        proxy without `proxy_protocol`. It has no effect on a Unix domain socket.",
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
            sentence: "The maximum length of a request, in bytes: a line with its newline, a message without its \
                       length or with its delimiter, or a datagram.",
            paragraph: "It has no effect with `stream`, which buffers no request.",
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
            sentence: "The maximum length of a UDP reply, as a multiple of the length of its request; a longer \
                       reply is counted and not sent. 0 sets no limit.",
            paragraph: "The source address of a datagram may be forged, and the reply is then sent to a victim: the \
                        limit is the factor by which an attacker can amplify traffic. The upper case of a request \
                        is at most three times as long as the request, a factor that QUIC permits as well (RFC \
                        9000, 8.1). A handler on an open network should have a limit. With a limit, an empty \
                        request gets an empty reply or none.",
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
            sentence: "The time without incoming data after which a connection is closed.",
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
            sentence: "The time after which a connection is closed if its peer receives nothing of the reply.",
            paragraph: "TCP acknowledgements free the send buffer in large steps, so that a slow peer may seem to \
                        receive nothing for some time.",
        },
        Opt {
            name: "proxy_protocol",
            over: Over::Both,
            kind: Kind::Text,
            unit: "",
            default: Default::Empty,
            range: "IP addresses and networks with commas between them, or `any`",
            since: "0.1.0",
            error: "the proxies",
            sentence: "The networks of the proxies in front of the server, such as `10.0.0.0/8,::1`, or `any`. If one \
                       is given, each connection and each datagram has to come from it, and to begin with a header \
                       of the PROXY protocol.",
            paragraph: "Over TCP the header is of version 1 or 2, over UDP of version 2 in each datagram. What has no \
                        valid header or comes from elsewhere is closed or discarded, and counted in \
                        `proxy_headers_rejected`. The header tells who the proxy's client is: the context of a \
                        request has its address, and `max_connections_per_peer` counts by it, which `processes` \
                        refuses. Replies go to the proxy, without a header. A sender with an address of the list can \
                        claim any address; over UDP it can forge that one.",
        },
        Opt {
            name: "proxy_header_timeout",
            over: Over::Tcp,
            kind: Kind::Limit,
            unit: "",
            default: Default::Millis(5_000),
            range: "above 0",
            since: "0.1.0",
            error: "the timeout of a header",
            sentence: "The time after which a connection is closed if the header of `proxy_protocol` has not arrived.",
            paragraph: "A connection whose header is due is closed after `idle_timeout` as well, even if a part of it \
                        has arrived. With `iterative` no other client is served meanwhile.",
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
            paragraph: "Polling avoids the latency of a wake-up, and uses a whole processor as long as requests \
                        arrive within this time of each other. With 0, a worker blocks at once.",
        },
        Opt {
            name: "handler_latency",
            over: Over::Both,
            kind: Kind::Flag,
            unit: "",
            default: Default::False,
            range: "",
            since: "0.1.0",
            error: "",
            sentence: "Whether the time of each call of the handler is counted in a histogram, which the text of \
                       OpenMetrics then contains.",
            paragraph: "Reading the clock twice and adding to two counters takes some 50 to 100 ns for each call. The \
                        built-in service is not timed.",
        },
    ],
};

/// The options of a TCP client.
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
            paragraph: "If the client connects again during a request, the connect is limited to the smaller of \
                        `connect_timeout` and the time left of the request's `timeout`.",
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
            sentence: "The time limit for a request. In a call with many requests, it applies to each reply, \
                       counted from the reply before; in a copy, it applies to the time without progress.",
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
            sentence: "The maximum length of a reply, in bytes, without its newline, length or delimiter.",
            paragraph: "",
        },
        Opt {
            name: "framing",
            over: Over::Tcp,
            kind: Kind::Choice("framing"),
            unit: "",
            default: Default::Value("line"),
            range: "`line`, `length` or `delimiter`",
            since: "0.1.0",
            error: "the framing",
            sentence: "The framing of requests and replies: that of the server.",
            paragraph: "A copy sends a stream, whatever the framing.",
        },
        LENGTH_BYTES,
        LENGTH_ENDIAN,
        LENGTH_INCLUDES_ITSELF,
        DELIMITER,
        INTERRUPTIBLE,
    ],
};

/// The options of a UDP client.
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
            sentence: "The time limit for resolving the name, and for each request including its retransmissions.",
            paragraph: "With no limit, a request that gets no reply never times out.",
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
            sentence: "The time after which a request without a reply is sent again; it doubles with each \
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
            sentence: "The maximum number of times that a request is sent again.",
            paragraph: "",
        },
        INTERRUPTIBLE,
    ],
};

// Servers and TCP clients have the same options of framing.

const LENGTH_BYTES: Opt = Opt {
    name: "length_bytes",
    over: Over::Tcp,
    kind: Kind::Number,
    unit: "bytes",
    default: Default::Number(4),
    range: "1, 2 or 4",
    since: "0.1.0",
    error: "the bytes of a length",
    sentence: "The number of bytes of the length before a message, an unsigned number.",
    paragraph: "It has no effect without `length`. DNS over TCP has 2 bytes (RFC 7766, 8).",
};

const LENGTH_ENDIAN: Opt = Opt {
    name: "length_endian",
    over: Over::Tcp,
    kind: Kind::Choice("endian"),
    unit: "",
    default: Default::Value("big"),
    range: "",
    since: "0.1.0",
    error: "the order of the bytes of a length",
    sentence: "The order of the bytes of the length before a message.",
    paragraph: "It has no effect without `length`.",
};

const LENGTH_INCLUDES_ITSELF: Opt = Opt {
    name: "length_includes_itself",
    over: Over::Tcp,
    kind: Kind::Flag,
    unit: "",
    default: Default::False,
    range: "",
    since: "0.1.0",
    error: "",
    sentence: "Whether the length before a message counts its own bytes beside those of the message.",
    paragraph: "It has no effect without `length`.",
};

const DELIMITER: Opt = Opt {
    name: "delimiter",
    over: Over::Tcp,
    kind: Kind::Bytes,
    unit: "bytes",
    default: Default::CrLf,
    range: "1 to 255 bytes",
    since: "0.1.0",
    error: "the delimiter",
    sentence: "The bytes that end a message.",
    paragraph: "It has no effect without the framing of this name. A message that contains the delimiter, or \
                whose end together with it does, cannot be sent.",
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
    sentence: "Whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in its \
               thread.",
    paragraph: "",
};
