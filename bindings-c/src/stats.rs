//! A server's totals.

use capsock::{Stats, StopReport};

/// A server's totals since its start, and what is going on now.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct capsock_stats {
    /// TCP connections taken from the backlog, the refused ones included.
    pub connections_accepted: u64,
    /// TCP connections that are open now.
    pub connections_active: u64,
    /// TCP connections closed at once: over `max_connections`, or no thread or process to be had.
    pub connections_refused: u64,
    /// Requests answered.
    pub requests: u64,
    /// Bytes of requests, over TCP and UDP.
    pub bytes_received: u64,
    /// Bytes of replies, over TCP and UDP.
    pub bytes_sent: u64,
    /// UDP datagrams received, those that got no reply included.
    pub datagrams_received: u64,
    /// UDP datagrams sent.
    pub datagrams_sent: u64,
    /// Requests whose handler failed.
    pub handler_errors: u64,
    /// Requests over `max_request`: the connection was closed, or the datagram left unanswered.
    pub oversized_requests: u64,
    /// Connections closed since nothing came for `idle_timeout_ms`.
    pub idle_timeouts: u64,
    /// Connections closed since the peer took nothing for `write_timeout_ms`.
    pub write_timeouts: u64,
    /// Datagrams left unanswered by the guard: from the server itself, port 0, a broadcast or
    /// multicast address, or gone back and forth between servers too often.
    pub datagrams_guarded: u64,
    /// Replies that did not fit a datagram or that the system refused to send.
    pub replies_unsent: u64,
    /// Replies over `max_amplification`, which were not sent.
    pub amplified_replies: u64,
    /// Times that accepting paused since the process or system had no descriptors left.
    pub descriptor_shortages: u64,
    /// What of the system's optional calls the server uses: `capsock_feature` values, added up.
    pub features: u64,
}

impl From<Stats> for capsock_stats {
    fn from(stats: Stats) -> capsock_stats {
        // Taken apart, so that a new field of the core does not compile until C has it too.
        let Stats {
            connections_accepted,
            connections_active,
            connections_refused,
            requests,
            bytes_received,
            bytes_sent,
            datagrams_received,
            datagrams_sent,
            handler_errors,
            oversized_requests,
            idle_timeouts,
            write_timeouts,
            datagrams_guarded,
            replies_unsent,
            amplified_replies,
            descriptor_shortages,
            features,
            ..
        } = stats;
        capsock_stats {
            connections_accepted,
            connections_active,
            connections_refused,
            requests,
            bytes_received,
            bytes_sent,
            datagrams_received,
            datagrams_sent,
            handler_errors,
            oversized_requests,
            idle_timeouts,
            write_timeouts,
            datagrams_guarded,
            replies_unsent,
            amplified_replies,
            descriptor_shortages,
            features,
        }
    }
}

/// What stopping a server found.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct capsock_stop_report {
    /// Requests answered from the start of the server to its end.
    pub completed: u64,
    /// Connections cut at the deadline with a request in hand or a reply not yet taken.
    pub cut: u64,
    /// Calls of the handler or the log that were still running past the deadline. Until they return,
    /// what the two use has to stay, `handler_data` and `log_data` with it.
    pub running: u64,
}

impl From<StopReport> for capsock_stop_report {
    fn from(report: StopReport) -> capsock_stop_report {
        let StopReport { completed, cut, running, .. } = report;
        capsock_stop_report { completed, cut, running }
    }
}
