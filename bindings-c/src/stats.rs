//! A server's totals, and the report of its stop.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use capsock::{Stats, StopReport};

use crate::guard::guard_or;
use crate::pointer::given;

/// The totals of a server since its start, at the time of the call that returned them. It is freed
/// with `capsock_stats_free`. Its functions return 0 for NULL.
pub struct capsock_stats(pub(crate) Stats);

/// TCP connections accepted, including refused ones.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_connections_accepted(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.connections_accepted))
}

/// TCP connections that are open at present.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_connections_active(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.connections_active))
}

/// TCP connections closed immediately, because of `max_connections` or because no thread or process
/// was available.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_connections_refused(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.connections_refused))
}

/// TCP connections closed immediately because of `max_connections_per_peer`; `connections_refused`
/// includes them.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_connections_refused_per_peer(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.connections_refused_per_peer))
}

/// Requests that got a reply, whether or not the peer has received it.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_requests(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.requests))
}

/// Bytes of requests, over TCP and UDP.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_bytes_received(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.bytes_received))
}

/// Bytes of replies, over TCP and UDP.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_bytes_sent(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.bytes_sent))
}

/// UDP datagrams received, including those without a reply.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_datagrams_received(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.datagrams_received))
}

/// UDP datagrams sent.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_datagrams_sent(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.datagrams_sent))
}

/// Requests whose handler failed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_handler_errors(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.handler_errors))
}

/// Requests longer than `max_request`: the connection was closed, or the datagram got no reply.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_oversized_requests(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.oversized_requests))
}

/// Requests whose length is less than itself, or that ended with the stream before their length:
/// the connection was closed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_malformed_requests(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.malformed_requests))
}

/// Connections closed by `idle_timeout`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_idle_timeouts(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.idle_timeouts))
}

/// Connections closed by `write_timeout`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_write_timeouts(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.write_timeouts))
}

/// TCP connections closed and datagrams discarded because `proxy_protocol` names other networks, or
/// because their header was missing, malformed or late.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_proxy_headers_rejected(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.proxy_headers_rejected))
}

/// Datagrams discarded by the source filter: from the server itself, from port 0, from a broadcast
/// or multicast address, or exchanged between servers too often.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_datagrams_filtered(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.datagrams_filtered))
}

/// Replies that did not fit a datagram or the length before them, that contain the delimiter, or
/// that the system did not send.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_replies_unsent(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.replies_unsent))
}

/// Replies longer than `max_amplification` permits, which were not sent.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_amplified_replies(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.amplified_replies))
}

/// Pauses of accepting because the process or the system had no free descriptor.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_descriptor_shortages(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.descriptor_shortages))
}

/// The optional features of the system that the server uses. The number is the sum of
/// `capsock_feature` values.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_features(stats: Option<&capsock_stats>) -> u64 {
    guard_or(0, || Ok(given(stats, "stats")?.0.features))
}

/// Frees totals. NULL has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stats_free(stats: Option<Box<capsock_stats>>) {
    guard_or((), || {
        drop(stats);
        Ok(())
    });
}

/// The result of stopping a server. It is freed with `capsock_stop_report_free`. Its functions
/// return 0 for NULL.
pub struct capsock_stop_report(pub(crate) StopReport);

/// Requests that got a reply, from the start of the server to its end. All replies were sent,
/// except on connections that were cut or reset by the peer.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stop_report_completed(report: Option<&capsock_stop_report>) -> u64 {
    guard_or(0, || Ok(given(report, "report")?.0.completed))
}

/// Connections closed at the deadline with a request in progress or a reply that the peer had not
/// received.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stop_report_cut(report: Option<&capsock_stop_report>) -> u64 {
    guard_or(0, || Ok(given(report, "report")?.0.cut))
}

/// Calls of the handler or of the log that had not returned at the deadline. Their threads end when
/// the calls return; until then, what the calls use must stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stop_report_running(report: Option<&capsock_stop_report>) -> u64 {
    guard_or(0, || Ok(given(report, "report")?.0.running))
}

/// Frees a report. NULL has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_stop_report_free(report: Option<Box<capsock_stop_report>>) {
    guard_or((), || {
        drop(report);
        Ok(())
    });
}
