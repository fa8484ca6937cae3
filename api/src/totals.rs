//! The totals of a server, and the report of its stop.

use crate::model::{Metric, Total};

/// The documentation of the totals.
pub const STATS: &str = "The totals of a server since its start, at the time of the call that returned them.";

/// The totals.
pub const TOTALS: &[Total] = &[
    total("connections_accepted", "TCP connections accepted, including refused ones."),
    Total {
        metric: Metric::Gauge,
        ..total("connections_active", "TCP connections that are open at present.")
    },
    total(
        "connections_refused",
        "TCP connections closed immediately, because of `max_connections` or because no thread or process was \
         available.",
    ),
    total(
        "connections_refused_per_peer",
        "TCP connections closed immediately because of `max_connections_per_peer`; `connections_refused` includes \
         them.",
    ),
    total("requests", "Requests that got a reply, whether or not the peer has received it."),
    Total { unit: "bytes", ..total("bytes_received", "Bytes of requests, over TCP and UDP.") },
    Total { unit: "bytes", ..total("bytes_sent", "Bytes of replies, over TCP and UDP.") },
    total("datagrams_received", "UDP datagrams received, including those without a reply."),
    total("datagrams_sent", "UDP datagrams sent."),
    total("handler_errors", "Requests whose handler failed."),
    total(
        "oversized_requests",
        "Requests longer than `max_request`: the connection was closed, or the datagram got no reply.",
    ),
    total(
        "malformed_requests",
        "Requests whose length is less than itself, or that ended with the stream before their length: the connection \
         was closed.",
    ),
    total("idle_timeouts", "Connections closed by `idle_timeout`."),
    total("write_timeouts", "Connections closed by `write_timeout`."),
    total(
        "proxy_headers_rejected",
        "TCP connections closed and datagrams discarded because `proxy_protocol` names other networks, or because their \
         header was missing, malformed or late.",
    ),
    total(
        "datagrams_filtered",
        "Datagrams discarded by the source filter: from the server itself, from port 0, from a broadcast or \
         multicast address, or exchanged between servers too often.",
    ),
    total(
        "replies_unsent",
        "Replies that did not fit a datagram or the length before them, that contain the delimiter, or that the system \
         did not send.",
    ),
    total("amplified_replies", "Replies longer than `max_amplification` permits, which were not sent."),
    total(
        "descriptor_shortages",
        "Pauses of accepting because the process or the system had no free descriptor.",
    ),
];

/// The total that is a set of bits instead of a count.
pub const FEATURES: Total = Total {
    metric: Metric::None,
    ..total("features", "The optional features of the system that the server uses.")
};

/// The documentation of the report.
pub const REPORT_SENTENCE: &str = "The result of stopping a server.";

/// The counts in the report of a stop.
pub const REPORT: &[Total] = &[
    total(
        "completed",
        "Requests that got a reply, from the start of the server to its end. All replies were sent, except on \
         connections that were cut or reset by the peer.",
    ),
    total(
        "cut",
        "Connections closed at the deadline with a request in progress or a reply that the peer had not received.",
    ),
    total(
        "running",
        "Calls of the handler or of the log that had not returned at the deadline. Their threads end when the calls \
         return; until then, what the calls use must stay valid.",
    ),
];

const fn total(name: &'static str, sentence: &'static str) -> Total {
    Total { name, metric: Metric::Counter, unit: "", since: "0.1.0", sentence }
}
