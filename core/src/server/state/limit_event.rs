//! What happens when a request or a connection reaches a limit: the counter, and the line for the log.

use std::net::IpAddr;
use std::time::Duration;

use super::counter::Counter;
use super::totals::Counters;
use crate::server::config::ServerSettings;

/// A limit, of the options or of the system, that a request or a connection has reached.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) enum LimitEvent {
    /// A connection is closed at once, for the reason given.
    Refused(&'static str),
    /// A connection is closed at once: no process can be created, for the reason given.
    NoProcess(&'static str),
    /// A connection is closed at once by `max_connections_per_peer`.
    RefusedPeer,
    /// Accepting pauses for want of descriptors or memory.
    OutOfDescriptors,
    Oversized,
    /// A request that its framing does not permit.
    Malformed,
    IdleTimeout,
    WriteTimeout,
    /// What an address sent has no header of the PROXY protocol that is believed.
    ProxyHeader(IpAddr, HeaderFault),
    /// The source filter refused a datagram.
    Filtered,
    /// A reply is too long for a datagram.
    ReplyTooLong,
    /// The framing cannot carry a reply, for the reason given.
    ReplyUnframed(&'static str),
    /// A reply is over `max_amplification`.
    Amplified,
    /// The system refused to send a reply.
    SendFailed,
    /// A child process died and cannot be replaced, for the reason given.
    ChildLost(&'static str),
}

/// Why a header of the PROXY protocol is not believed.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) enum HeaderFault {
    /// It comes from an address that is no proxy's.
    Untrusted,
    /// A connection has ended before it.
    Missing,
    Late,
    /// For the reason given.
    Malformed(&'static str),
}

impl HeaderFault {
    fn text(self) -> String {
        match self {
            HeaderFault::Untrusted => "the address is in no network of proxy_protocol".to_owned(),
            HeaderFault::Missing => "it ended before its PROXY protocol header (proxy_protocol)".to_owned(),
            HeaderFault::Late => {
                "its PROXY protocol header has not arrived in time (proxy_header_timeout)".to_owned()
            }
            HeaderFault::Malformed(why) => {
                format!("its PROXY protocol header is malformed, {why} (proxy_protocol)")
            }
        }
    }
}

/// The number of kinds, each of which has its own limit of log lines.
pub(super) const KINDS: usize = 14;

impl LimitEvent {
    /// A number below [`KINDS`].
    pub(super) fn kind(self) -> usize {
        match self {
            LimitEvent::Refused(_) | LimitEvent::NoProcess(_) => 0,
            LimitEvent::OutOfDescriptors => 1,
            LimitEvent::Oversized => 2,
            LimitEvent::IdleTimeout => 3,
            LimitEvent::WriteTimeout => 4,
            LimitEvent::Filtered => 5,
            LimitEvent::ReplyTooLong => 6,
            LimitEvent::SendFailed => 7,
            LimitEvent::ChildLost(_) => 8,
            LimitEvent::Amplified => 9,
            LimitEvent::RefusedPeer => 10,
            LimitEvent::Malformed => 11,
            LimitEvent::ReplyUnframed(_) => 12,
            LimitEvent::ProxyHeader(..) => 13,
        }
    }

    pub(super) fn counter(self, counters: &Counters) -> Option<&Counter> {
        Some(match self {
            LimitEvent::Refused(_) | LimitEvent::NoProcess(_) => &counters.connections_refused,
            LimitEvent::RefusedPeer => &counters.connections_refused_per_peer,
            LimitEvent::OutOfDescriptors => &counters.descriptor_shortages,
            LimitEvent::Oversized => &counters.oversized_requests,
            LimitEvent::Malformed => &counters.malformed_requests,
            LimitEvent::IdleTimeout => &counters.idle_timeouts,
            LimitEvent::WriteTimeout => &counters.write_timeouts,
            LimitEvent::ProxyHeader(..) => &counters.proxy_headers_rejected,
            LimitEvent::Filtered => &counters.datagrams_filtered,
            LimitEvent::ReplyTooLong | LimitEvent::ReplyUnframed(_) | LimitEvent::SendFailed => {
                &counters.replies_unsent
            }
            LimitEvent::Amplified => &counters.amplified_replies,
            LimitEvent::ChildLost(_) => return None,
        })
    }

    /// The line for the log.
    pub(super) fn text(self, settings: &ServerSettings) -> String {
        let seconds = |limit: Option<Duration>| limit.unwrap_or_default().as_secs_f64();
        match self {
            LimitEvent::Refused(why) => format!("a connection was refused: {why}"),
            LimitEvent::NoProcess(why) => {
                format!("a connection was refused: cannot create a process ({why})")
            }
            LimitEvent::RefusedPeer => {
                let most = settings.max_connections_per_peer;
                format!("a connection was refused: its peer has {most} (max_connections_per_peer)")
            }
            LimitEvent::OutOfDescriptors => {
                "no descriptors or memory left to serve a connection; it waits (raise ulimit -n)".to_owned()
            }
            LimitEvent::Oversized => {
                format!("a request of more than {} bytes got no reply (max_request)", settings.max_request)
            }
            LimitEvent::Malformed => {
                "a connection was closed: its input is not divided by lengths as configured, or ended within a \
                 request (length_bytes, length_endian, length_includes_itself)"
                    .to_owned()
            }
            LimitEvent::IdleTimeout => {
                let limit = seconds(settings.idle_timeout);
                format!("a connection was closed: no data received for {limit} s (idle_timeout)")
            }
            LimitEvent::WriteTimeout => {
                let limit = seconds(settings.write_timeout);
                format!("a connection was closed: the peer received no data for {limit} s (write_timeout)")
            }
            LimitEvent::ProxyHeader(peer, fault) => {
                format!("what {peer} sent was rejected: {}", fault.text())
            }
            LimitEvent::Filtered => {
                "a datagram got no reply: its source address is invalid (port 0, broadcast, multicast, the \
                 server itself, or none on a Unix domain socket), or its hop limit is exhausted"
                    .to_owned()
            }
            LimitEvent::ReplyTooLong => "a reply is too long for a datagram and was not sent".to_owned(),
            LimitEvent::ReplyUnframed(why) => {
                format!("a reply cannot be framed and was not sent, its connection is closed: {why}")
            }
            LimitEvent::Amplified => {
                let times = settings.max_amplification;
                format!("a reply of more than {times} times its request was not sent (max_amplification)")
            }
            LimitEvent::SendFailed => {
                "a reply could not be sent (send buffer full, or destination unreachable)".to_owned()
            }
            LimitEvent::ChildLost(why) => format!("a process has died and cannot be replaced ({why})"),
        }
    }
}
