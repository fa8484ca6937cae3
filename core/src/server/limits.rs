//! The limits of a server, and what is counted and said when one is met.

use std::time::Duration;

use super::settings::ServerSettings;
use super::stats::Counter;
use super::totals::Counters;

/// The limits of a server: its settings, with the number of connections that the concurrency gives.
pub(super) type Limits = ServerSettings;

impl Limits {
    /// The longest reply to a datagram of that length.
    pub(super) fn longest_reply(&self, request: usize) -> usize {
        match self.max_amplification {
            0 => usize::MAX,
            times => request.saturating_mul(times),
        }
    }
}

/// A limit, of the options or of the system, that a request or a connection has met.
#[derive(Debug, Clone, Copy)]
pub(super) enum Met {
    /// A connection is closed at once; why.
    Refused(&'static str),
    /// A connection is closed at once: its peer has as many as it may.
    Crowded,
    /// A connection waits for a descriptor.
    Shortage,
    Oversized,
    Idle,
    Unread,
    Guarded,
    /// A reply that is too long for a datagram.
    TooLong,
    /// A reply that is too long for its request.
    Amplified,
    /// A reply that the system did not take.
    Unsent,
    /// A process has died and cannot be replaced.
    Lost,
}

/// How many kinds there are: each is logged at most once in an interval, whatever the others do.
pub(super) const KINDS: usize = 11;

impl Met {
    /// A number below [`KINDS`].
    pub(super) fn kind(self) -> usize {
        match self {
            Met::Refused(_) => 0,
            Met::Shortage => 1,
            Met::Oversized => 2,
            Met::Idle => 3,
            Met::Unread => 4,
            Met::Guarded => 5,
            Met::TooLong => 6,
            Met::Unsent => 7,
            Met::Lost => 8,
            Met::Amplified => 9,
            Met::Crowded => 10,
        }
    }

    pub(super) fn counter(self, counters: &Counters) -> Option<&Counter> {
        Some(match self {
            Met::Refused(_) => &counters.connections_refused,
            Met::Crowded => &counters.connections_refused_per_peer,
            Met::Shortage => &counters.descriptor_shortages,
            Met::Oversized => &counters.oversized_requests,
            Met::Idle => &counters.idle_timeouts,
            Met::Unread => &counters.write_timeouts,
            Met::Guarded => &counters.datagrams_guarded,
            Met::TooLong | Met::Unsent => &counters.replies_unsent,
            Met::Amplified => &counters.amplified_replies,
            Met::Lost => return None,
        })
    }

    /// The line for the log.
    pub(super) fn text(self, limits: &Limits) -> String {
        let seconds = |limit: Option<Duration>| limit.unwrap_or_default().as_secs_f64();
        match self {
            Met::Refused(why) => format!("a connection was refused: {why}"),
            Met::Crowded => {
                let most = limits.max_connections_per_peer;
                format!("a connection was refused: its peer has {most} (max_connections_per_peer)")
            }
            Met::Shortage => {
                "no descriptors or memory left to serve a connection; it waits (raise ulimit -n)".to_owned()
            }
            Met::Oversized => {
                format!("a request of more than {} bytes got no reply (max_request)", limits.max_request)
            }
            Met::Idle => {
                let limit = seconds(limits.idle_timeout);
                format!("a connection was closed: nothing came for {limit} s (idle_timeout)")
            }
            Met::Unread => {
                let limit = seconds(limits.write_timeout);
                format!("a connection was closed: its peer took no reply for {limit} s (write_timeout)")
            }
            Met::Guarded => {
                "a datagram got no reply: its source is no client's, or it has gone back and forth \
                             between servers"
                    .to_owned()
            }
            Met::TooLong => "a reply is too long for a datagram and was not sent".to_owned(),
            Met::Amplified => {
                let times = limits.max_amplification;
                format!("a reply of more than {times} times its request was not sent (max_amplification)")
            }
            Met::Unsent => "the system did not take a reply (no room, or nobody is there)".to_owned(),
            Met::Lost => "a process has died and no other is to be had (ulimit -u)".to_owned(),
        }
    }
}
