//! The totals of a server, as they are counted and as they are read, and the report of its stop.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use super::counter::Counter;
use super::metric::Metric;
use crate::net::Features;

/// The totals of a server since its start, at the time of the call that returned them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// TCP connections accepted, including refused ones.
    pub connections_accepted: u64,
    /// TCP connections that are open at present.
    pub connections_active: u64,
    /// TCP connections closed immediately, because of `max_connections` or because no thread or process was
    /// available.
    pub connections_refused: u64,
    /// TCP connections closed immediately because of `max_connections_per_peer`; `connections_refused`
    /// includes them.
    pub connections_refused_per_peer: u64,
    /// Requests that got a reply, whether or not the peer has received it.
    pub requests: u64,
    /// Bytes of requests, over TCP and UDP.
    pub bytes_received: u64,
    /// Bytes of replies, over TCP and UDP.
    pub bytes_sent: u64,
    /// UDP datagrams received, including those without a reply.
    pub datagrams_received: u64,
    /// UDP datagrams sent.
    pub datagrams_sent: u64,
    /// Requests whose handler failed.
    pub handler_errors: u64,
    /// Requests longer than `max_request`: the connection was closed, or the datagram got no reply.
    pub oversized_requests: u64,
    /// Requests whose length is less than itself, or that ended with the stream before their length: the
    /// connection was closed.
    pub malformed_requests: u64,
    /// Connections closed by `idle_timeout`.
    pub idle_timeouts: u64,
    /// Connections closed by `write_timeout`.
    pub write_timeouts: u64,
    /// TCP connections closed and datagrams discarded because `proxy_protocol` names other networks, or
    /// because their header was missing, malformed or late.
    pub proxy_headers_rejected: u64,
    /// Datagrams discarded by the source filter: from the server itself, from port 0, from a broadcast or
    /// multicast address, or exchanged between servers too often.
    pub datagrams_filtered: u64,
    /// Replies that did not fit a datagram or the length before them, that contain the delimiter, or that the
    /// system did not send.
    pub replies_unsent: u64,
    /// Replies longer than `max_amplification` permits, which were not sent.
    pub amplified_replies: u64,
    /// Pauses of accepting because the process or the system had no free descriptor.
    pub descriptor_shortages: u64,
    /// The optional features of the system that the server uses.
    /// The number is that of [`Features::bits`].
    pub features: u64,
}

impl Stats {
    /// The totals with their names, in their order, without the features.
    #[must_use]
    pub fn by_name(&self) -> [(&'static str, u64); 19] {
        [
            ("connections_accepted", self.connections_accepted),
            ("connections_active", self.connections_active),
            ("connections_refused", self.connections_refused),
            ("connections_refused_per_peer", self.connections_refused_per_peer),
            ("requests", self.requests),
            ("bytes_received", self.bytes_received),
            ("bytes_sent", self.bytes_sent),
            ("datagrams_received", self.datagrams_received),
            ("datagrams_sent", self.datagrams_sent),
            ("handler_errors", self.handler_errors),
            ("oversized_requests", self.oversized_requests),
            ("malformed_requests", self.malformed_requests),
            ("idle_timeouts", self.idle_timeouts),
            ("write_timeouts", self.write_timeouts),
            ("proxy_headers_rejected", self.proxy_headers_rejected),
            ("datagrams_filtered", self.datagrams_filtered),
            ("replies_unsent", self.replies_unsent),
            ("amplified_replies", self.amplified_replies),
            ("descriptor_shortages", self.descriptor_shortages),
        ]
    }

    /// The totals as metrics, in their order, without the features.
    pub(in crate::server) fn metrics(&self) -> [Metric; 19] {
        [
            Metric {
                family: "capsock_connections_accepted",
                gauge: false,
                unit: "",
                help: "TCP connections accepted, including refused ones.",
                value: self.connections_accepted,
            },
            Metric {
                family: "capsock_connections_active",
                gauge: true,
                unit: "",
                help: "TCP connections that are open at present.",
                value: self.connections_active,
            },
            Metric {
                family: "capsock_connections_refused",
                gauge: false,
                unit: "",
                help: "TCP connections closed immediately, because of max_connections or because no thread or process was available.",
                value: self.connections_refused,
            },
            Metric {
                family: "capsock_connections_refused_per_peer",
                gauge: false,
                unit: "",
                help: "TCP connections closed immediately because of max_connections_per_peer; connections_refused includes them.",
                value: self.connections_refused_per_peer,
            },
            Metric {
                family: "capsock_requests",
                gauge: false,
                unit: "",
                help: "Requests that got a reply, whether or not the peer has received it.",
                value: self.requests,
            },
            Metric {
                family: "capsock_received_bytes",
                gauge: false,
                unit: "bytes",
                help: "Bytes of requests, over TCP and UDP.",
                value: self.bytes_received,
            },
            Metric {
                family: "capsock_sent_bytes",
                gauge: false,
                unit: "bytes",
                help: "Bytes of replies, over TCP and UDP.",
                value: self.bytes_sent,
            },
            Metric {
                family: "capsock_datagrams_received",
                gauge: false,
                unit: "",
                help: "UDP datagrams received, including those without a reply.",
                value: self.datagrams_received,
            },
            Metric {
                family: "capsock_datagrams_sent",
                gauge: false,
                unit: "",
                help: "UDP datagrams sent.",
                value: self.datagrams_sent,
            },
            Metric {
                family: "capsock_handler_errors",
                gauge: false,
                unit: "",
                help: "Requests whose handler failed.",
                value: self.handler_errors,
            },
            Metric {
                family: "capsock_oversized_requests",
                gauge: false,
                unit: "",
                help: "Requests longer than max_request: the connection was closed, or the datagram got no reply.",
                value: self.oversized_requests,
            },
            Metric {
                family: "capsock_malformed_requests",
                gauge: false,
                unit: "",
                help: "Requests whose length is less than itself, or that ended with the stream before their length: the connection was closed.",
                value: self.malformed_requests,
            },
            Metric {
                family: "capsock_idle_timeouts",
                gauge: false,
                unit: "",
                help: "Connections closed by idle_timeout.",
                value: self.idle_timeouts,
            },
            Metric {
                family: "capsock_write_timeouts",
                gauge: false,
                unit: "",
                help: "Connections closed by write_timeout.",
                value: self.write_timeouts,
            },
            Metric {
                family: "capsock_proxy_headers_rejected",
                gauge: false,
                unit: "",
                help: "TCP connections closed and datagrams discarded because proxy_protocol names other networks, or because their header was missing, malformed or late.",
                value: self.proxy_headers_rejected,
            },
            Metric {
                family: "capsock_datagrams_filtered",
                gauge: false,
                unit: "",
                help: "Datagrams discarded by the source filter: from the server itself, from port 0, from a broadcast or multicast address, or exchanged between servers too often.",
                value: self.datagrams_filtered,
            },
            Metric {
                family: "capsock_replies_unsent",
                gauge: false,
                unit: "",
                help: "Replies that did not fit a datagram or the length before them, that contain the delimiter, or that the system did not send.",
                value: self.replies_unsent,
            },
            Metric {
                family: "capsock_amplified_replies",
                gauge: false,
                unit: "",
                help: "Replies longer than max_amplification permits, which were not sent.",
                value: self.amplified_replies,
            },
            Metric {
                family: "capsock_descriptor_shortages",
                gauge: false,
                unit: "",
                help: "Pauses of accepting because the process or the system had no free descriptor.",
                value: self.descriptor_shortages,
            },
        ]
    }
}

/// The totals as one or some threads count them, without a lock.
#[derive(Debug, Default)]
pub(in crate::server) struct Counters {
    pub(in crate::server) connections_accepted: Counter,
    pub(in crate::server) connections_active: Counter,
    pub(in crate::server) connections_refused: Counter,
    pub(in crate::server) connections_refused_per_peer: Counter,
    pub(in crate::server) requests: Counter,
    pub(in crate::server) bytes_received: Counter,
    pub(in crate::server) bytes_sent: Counter,
    pub(in crate::server) datagrams_received: Counter,
    pub(in crate::server) datagrams_sent: Counter,
    pub(in crate::server) handler_errors: Counter,
    pub(in crate::server) oversized_requests: Counter,
    pub(in crate::server) malformed_requests: Counter,
    pub(in crate::server) idle_timeouts: Counter,
    pub(in crate::server) write_timeouts: Counter,
    pub(in crate::server) proxy_headers_rejected: Counter,
    pub(in crate::server) datagrams_filtered: Counter,
    pub(in crate::server) replies_unsent: Counter,
    pub(in crate::server) amplified_replies: Counter,
    pub(in crate::server) descriptor_shortages: Counter,
}

impl Counters {
    /// `total` adds up a counter over all threads.
    pub(in crate::server) fn snapshot(
        total: impl Fn(fn(&Counters) -> &Counter) -> u64,
        features: Features,
    ) -> Stats {
        Stats {
            connections_accepted: total(|counters| &counters.connections_accepted),
            connections_active: total(|counters| &counters.connections_active),
            connections_refused: total(|counters| &counters.connections_refused),
            connections_refused_per_peer: total(|counters| &counters.connections_refused_per_peer),
            requests: total(|counters| &counters.requests),
            bytes_received: total(|counters| &counters.bytes_received),
            bytes_sent: total(|counters| &counters.bytes_sent),
            datagrams_received: total(|counters| &counters.datagrams_received),
            datagrams_sent: total(|counters| &counters.datagrams_sent),
            handler_errors: total(|counters| &counters.handler_errors),
            oversized_requests: total(|counters| &counters.oversized_requests),
            malformed_requests: total(|counters| &counters.malformed_requests),
            idle_timeouts: total(|counters| &counters.idle_timeouts),
            write_timeouts: total(|counters| &counters.write_timeouts),
            proxy_headers_rejected: total(|counters| &counters.proxy_headers_rejected),
            datagrams_filtered: total(|counters| &counters.datagrams_filtered),
            replies_unsent: total(|counters| &counters.replies_unsent),
            amplified_replies: total(|counters| &counters.amplified_replies),
            descriptor_shortages: total(|counters| &counters.descriptor_shortages),
            features: features.bits(),
        }
    }
}

/// The result of stopping a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StopReport {
    /// Requests that got a reply, from the start of the server to its end. All replies were sent, except on
    /// connections that were cut or reset by the peer.
    pub completed: u64,
    /// Connections closed at the deadline with a request in progress or a reply that the peer had not
    /// received.
    pub cut: u64,
    /// Calls of the handler or of the log that had not returned at the deadline. Their threads end when the
    /// calls return; until then, what the calls use must stay valid.
    pub running: u64,
}
