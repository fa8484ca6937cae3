//! The totals of a server, and the report of its stop.

use crate::model::Total;

/// What a server's totals are.
pub const STATS: &str = "A server's totals since its start, as they were when they were read.";

/// The totals.
pub const TOTALS: &[Total] = &[
    total("connections_accepted", "TCP connections accepted, refused ones included."),
    total("connections_active", "TCP connections that are open at present."),
    total(
        "connections_refused",
        "TCP connections closed at once: over `max_connections`, or no thread or process was available.",
    ),
    total(
        "connections_refused_per_peer",
        "TCP connections closed at once by `max_connections_per_peer`; `connections_refused` has them too.",
    ),
    total("requests", "Requests with a reply, whether or not the peer has received it."),
    total("bytes_received", "Bytes of requests, over TCP and UDP."),
    total("bytes_sent", "Bytes of replies, over TCP and UDP."),
    total("datagrams_received", "UDP datagrams received, those without a reply included."),
    total("datagrams_sent", "UDP datagrams sent."),
    total("handler_errors", "Requests whose handler failed."),
    total(
        "oversized_requests",
        "Requests over `max_request`: the connection was closed, or the datagram got no reply.",
    ),
    total("idle_timeouts", "Connections closed by `idle_timeout`."),
    total("write_timeouts", "Connections closed by `write_timeout`."),
    total(
        "datagrams_guarded",
        "Datagrams refused by the source filter: from the server itself, port 0, a broadcast or multicast address, \
         or exchanged between servers too often.",
    ),
    total("replies_unsent", "Replies that did not fit a datagram or that the system refused to send."),
    total("amplified_replies", "Replies over `max_amplification`, which were not sent."),
    total(
        "descriptor_shortages",
        "Times that accepting paused because the process or the system had no free descriptor.",
    ),
];

/// The total that is no count.
pub const FEATURES: Total = total("features", "The optional calls of the system that the server uses.");

/// What a stop returns.
pub const REPORT_SENTENCE: &str = "The result of stopping a server.";

/// The report of a stop.
pub const REPORT: &[Total] = &[
    total(
        "completed",
        "Requests with a reply, from the start of the server to its end. Unless a connection was cut, or reset by \
         its peer, all of the replies were sent.",
    ),
    total(
        "cut",
        "Connections closed at the deadline with a request in progress or a reply not yet received by the peer.",
    ),
    total(
        "running",
        "Calls of the handler or of the log that had not returned at the deadline. Their threads end when the call \
         returns; until then what the call uses has to stay.",
    ),
];

const fn total(name: &'static str, sentence: &'static str) -> Total {
    Total { name, since: "0.1.0", sentence }
}
