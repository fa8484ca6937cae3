//! What a server has done, as Python reads it.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use pyo3::prelude::*;

use crate::reports::{Feature, report};

report! {
    /// A server's totals since its start, as they were when they were read.
    Stats {
        /// TCP connections accepted, refused ones included.
        connections_accepted: u64,
        /// TCP connections that are open at present.
        connections_active: u64,
        /// TCP connections closed at once: over max_connections, or no thread or process was
        /// available.
        connections_refused: u64,
        /// TCP connections closed at once by max_connections_per_peer; connections_refused has them
        /// too.
        connections_refused_per_peer: u64,
        /// Requests with a reply, whether or not the peer has received it.
        requests: u64,
        /// Bytes of requests, over TCP and UDP.
        bytes_received: u64,
        /// Bytes of replies, over TCP and UDP.
        bytes_sent: u64,
        /// UDP datagrams received, those without a reply included.
        datagrams_received: u64,
        /// UDP datagrams sent.
        datagrams_sent: u64,
        /// Requests whose handler failed.
        handler_errors: u64,
        /// Requests over max_request: the connection was closed, or the datagram got no reply.
        oversized_requests: u64,
        /// Connections closed by idle_timeout.
        idle_timeouts: u64,
        /// Connections closed by write_timeout.
        write_timeouts: u64,
        /// Datagrams refused by the source filter: from the server itself, port 0, a broadcast or
        /// multicast address, or exchanged between servers too often.
        datagrams_guarded: u64,
        /// Replies that did not fit a datagram or that the system refused to send.
        replies_unsent: u64,
        /// Replies over max_amplification, which were not sent.
        amplified_replies: u64,
        /// Times that accepting paused because the process or the system had no free descriptor.
        descriptor_shortages: u64,
        /// The optional calls of the system that the server uses.
        features: Feature,
    }
}

report! {
    /// The result of stopping a server.
    StopReport {
        /// Requests with a reply, from the start of the server to its end. Unless a connection was
        /// cut, or reset by its peer, all of the replies were sent.
        completed: u64,
        /// Connections closed at the deadline with a request in progress or a reply not yet
        /// received by the peer.
        cut: u64,
        /// Calls of the handler or of the log that had not returned at the deadline. Their threads
        /// end when the call returns; until then what the call uses has to stay.
        running: u64,
    }
}
