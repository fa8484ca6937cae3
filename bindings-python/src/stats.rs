//! What a server has done, as Python reads it.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use pyo3::prelude::*;

use crate::reports::{Feature, report};

report! {
    /// The totals of a server since its start, at the time of the call that returned them.
    Stats {
        /// TCP connections accepted, including refused ones.
        connections_accepted: u64,
        /// TCP connections that are open at present.
        connections_active: u64,
        /// TCP connections closed immediately, because of max_connections or because no thread or
        /// process was available.
        connections_refused: u64,
        /// TCP connections closed immediately because of max_connections_per_peer;
        /// connections_refused includes them.
        connections_refused_per_peer: u64,
        /// Requests that got a reply, whether or not the peer has received it.
        requests: u64,
        /// Bytes of requests, over TCP and UDP.
        bytes_received: u64,
        /// Bytes of replies, over TCP and UDP.
        bytes_sent: u64,
        /// UDP datagrams received, including those without a reply.
        datagrams_received: u64,
        /// UDP datagrams sent.
        datagrams_sent: u64,
        /// Requests whose handler failed.
        handler_errors: u64,
        /// Requests longer than max_request: the connection was closed, or the datagram got no
        /// reply.
        oversized_requests: u64,
        /// Requests whose length is less than itself, or that ended with the stream before their
        /// length: the connection was closed.
        malformed_requests: u64,
        /// Connections closed by idle_timeout.
        idle_timeouts: u64,
        /// Connections closed by write_timeout.
        write_timeouts: u64,
        /// TCP connections closed and datagrams discarded because proxy_protocol names other
        /// networks, or because their header was missing, malformed or late.
        proxy_headers_rejected: u64,
        /// Datagrams discarded by the source filter: from the server itself, from port 0, from a
        /// broadcast or multicast address, or exchanged between servers too often.
        datagrams_filtered: u64,
        /// Replies that did not fit a datagram or the length before them, that contain the
        /// delimiter, or that the system did not send.
        replies_unsent: u64,
        /// Replies longer than max_amplification permits, which were not sent.
        amplified_replies: u64,
        /// Pauses of accepting because the process or the system had no free descriptor.
        descriptor_shortages: u64,
        /// The optional features of the system that the server uses.
        features: Feature,
    }
}

report! {
    /// The result of stopping a server.
    StopReport {
        /// Requests that got a reply, from the start of the server to its end. All replies were
        /// sent, except on connections that were cut or reset by the peer.
        completed: u64,
        /// Connections closed at the deadline with a request in progress or a reply that the peer
        /// had not received.
        cut: u64,
        /// Calls of the handler or of the log that had not returned at the deadline. Their threads
        /// end when the calls return; until then, what the calls use must stay valid.
        running: u64,
    }
}
