//! The options as Java holds them, read field by field; and the totals as Java takes them.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use capsock::{Concurrency, Endian, Framing, Transport};
use jni::sys::jint;
use jni::{Env, bind_java_type};

use crate::bytes;
use crate::failure::Failure;
use crate::fields::fields;
use crate::options::{number, port, seconds};

bind_java_type! { pub(crate) ServerOptions => io.capsock.ServerOptions }

fields! {
    ServerOptions, "io/capsock/ServerOptions",
    host: bytes = "host",
    port: long = "port",
    socket_mode: long = "socketMode",
    concurrency: long = "concurrency",
    framing: long = "framing",
    length_bytes: long = "lengthBytes",
    length_endian: long = "lengthEndian",
    length_includes_itself: long = "lengthIncludesItself",
    delimiter: bytes = "delimiter",
    workers: long = "workers",
    backlog: long = "backlog",
    max_connections: long = "maxConnections",
    max_connections_per_peer: long = "maxConnectionsPerPeer",
    max_request: long = "maxRequest",
    max_amplification: long = "maxAmplification",
    idle_timeout: double = "idleTimeout",
    write_timeout: double = "writeTimeout",
    proxy_protocol: bytes = "proxyProtocol",
    proxy_header_timeout: double = "proxyHeaderTimeout",
    busy_poll: double = "busyPoll",
    handler_latency: long = "handlerLatency",
    handler: handler = "handler",
    context_handler: context_handler = "contextHandler",
    async_handler: async_handler = "asyncHandler",
    sockets: longs = "sockets",
    predecessor: long = "predecessorHandle",
    systemd: long = "systemd",
    systemd_name: bytes = "systemdName",
}

bind_java_type! { pub(crate) TcpClientOptions => io.capsock.TcpClientOptions }

fields! {
    TcpClientOptions, "io/capsock/TcpClientOptions",
    connect_timeout: double = "connectTimeout",
    timeout: double = "timeout",
    max_reply: long = "maxReply",
    framing: long = "framing",
    length_bytes: long = "lengthBytes",
    length_endian: long = "lengthEndian",
    length_includes_itself: long = "lengthIncludesItself",
    delimiter: bytes = "delimiter",
}

bind_java_type! { pub(crate) UdpClientOptions => io.capsock.UdpClientOptions }

fields! {
    UdpClientOptions, "io/capsock/UdpClientOptions",
    timeout: double = "timeout",
    retransmit_after: double = "retransmitAfter",
    retransmissions: long = "retransmissions",
}

/// The options of a server but for its handler.
pub(crate) fn server_options(
    env: &mut Env<'_>,
    transport: jint,
    given: &ServerOptions<'_>,
) -> Result<capsock::ServerOptions, Failure> {
    let host = given.host(env)?;
    let host = if host.is_null() {
        capsock::DEFAULT_HOST.to_owned()
    } else {
        bytes::text_from_java(env, "the host", &host)?
    };
    let port = port(given.port(env)?)?.unwrap_or(capsock::DEFAULT_PORT);
    let mut options = capsock::ServerOptions::new(Transport::from_number(transport)?, (host, port));
    if let Some(value) = number("the mode of the socket", given.socket_mode(env)?)? {
        options.settings.socket_mode = value;
    }
    if let Some(value) = number("the concurrency", given.concurrency(env)?)? {
        options.settings.concurrency = Concurrency::from_number(value)?;
    }
    if let Some(value) = number("the framing", given.framing(env)?)? {
        options.settings.framing = Framing::from_number(value)?;
    }
    if let Some(value) = number("the bytes of a length", given.length_bytes(env)?)? {
        options.settings.length_bytes = value;
    }
    if let Some(value) = number("the order of the bytes of a length", given.length_endian(env)?)? {
        options.settings.length_endian = Endian::from_number(value)?;
    }
    if let Some(value) = number::<i64>("", given.length_includes_itself(env)?)? {
        options.settings.length_includes_itself = value != 0;
    }
    let delimiter = given.delimiter(env)?;
    if !delimiter.is_null() {
        options.settings.delimiter = bytes::from_java(env, &delimiter)?;
    }
    if let Some(value) = number("the number of workers", given.workers(env)?)? {
        options.settings.workers = value;
    }
    if let Some(value) = number("the backlog", given.backlog(env)?)? {
        options.settings.backlog = value;
    }
    if let Some(value) = number("the limit of connections", given.max_connections(env)?)? {
        options.settings.max_connections = value;
    }
    if let Some(value) = number("the limit of connections of a peer", given.max_connections_per_peer(env)?)? {
        options.settings.max_connections_per_peer = value;
    }
    if let Some(value) = number("the limit of a request", given.max_request(env)?)? {
        options.settings.max_request = value;
    }
    if let Some(value) = number("the limit of amplification", given.max_amplification(env)?)? {
        options.settings.max_amplification = value;
    }
    if let Some(value) = seconds("the idle timeout", given.idle_timeout(env)?)? {
        options.settings.idle_timeout = value;
    }
    if let Some(value) = seconds("the write timeout", given.write_timeout(env)?)? {
        options.settings.write_timeout = value;
    }
    let proxy_protocol = given.proxy_protocol(env)?;
    if !proxy_protocol.is_null() {
        options.settings.proxy_protocol = bytes::text_from_java(env, "the proxies", &proxy_protocol)?;
    }
    if let Some(value) = seconds("the timeout of a header", given.proxy_header_timeout(env)?)? {
        options.settings.proxy_header_timeout = value;
    }
    if let Some(value) = seconds("the time of busy polling", given.busy_poll(env)?)? {
        options.settings.busy_poll = value.unwrap_or(Duration::MAX);
    }
    if let Some(value) = number::<i64>("", given.handler_latency(env)?)? {
        options.settings.handler_latency = value != 0;
    }
    Ok(options)
}

/// The options of a client.
pub(crate) fn tcp_client_options(
    env: &mut Env<'_>,
    given: &TcpClientOptions<'_>,
) -> Result<capsock::TcpClientOptions, Failure> {
    let mut options = capsock::TcpClientOptions::default();
    if let Some(value) = seconds("the connect timeout", given.connect_timeout(env)?)? {
        options.connect_timeout = value;
    }
    if let Some(value) = seconds("the timeout", given.timeout(env)?)? {
        options.timeout = value;
    }
    if let Some(value) = number("the limit of a reply", given.max_reply(env)?)? {
        options.max_reply = value;
    }
    if let Some(value) = number("the framing", given.framing(env)?)? {
        options.framing = Framing::from_number(value)?;
    }
    if let Some(value) = number("the bytes of a length", given.length_bytes(env)?)? {
        options.length_bytes = value;
    }
    if let Some(value) = number("the order of the bytes of a length", given.length_endian(env)?)? {
        options.length_endian = Endian::from_number(value)?;
    }
    if let Some(value) = number::<i64>("", given.length_includes_itself(env)?)? {
        options.length_includes_itself = value != 0;
    }
    let delimiter = given.delimiter(env)?;
    if !delimiter.is_null() {
        options.delimiter = bytes::from_java(env, &delimiter)?;
    }
    Ok(options)
}

/// The options of a client.
pub(crate) fn udp_client_options(
    env: &mut Env<'_>,
    given: &UdpClientOptions<'_>,
) -> Result<capsock::UdpClientOptions, Failure> {
    let mut options = capsock::UdpClientOptions::default();
    if let Some(value) = seconds("the timeout", given.timeout(env)?)? {
        options.timeout = value;
    }
    if let Some(value) = seconds("the time before a retransmission", given.retransmit_after(env)?)? {
        options.retransmit_after = value.unwrap_or(Duration::MAX);
    }
    if let Some(value) = number("the number of retransmissions", given.retransmissions(env)?)? {
        options.retransmissions = value;
    }
    Ok(options)
}

/// The numbers in the order of the components of the record `Stats`.
pub(crate) fn stats(stats: &capsock::Stats) -> [u64; 20] {
    [
        stats.connections_accepted,
        stats.connections_active,
        stats.connections_refused,
        stats.connections_refused_per_peer,
        stats.requests,
        stats.bytes_received,
        stats.bytes_sent,
        stats.datagrams_received,
        stats.datagrams_sent,
        stats.handler_errors,
        stats.oversized_requests,
        stats.malformed_requests,
        stats.idle_timeouts,
        stats.write_timeouts,
        stats.proxy_headers_rejected,
        stats.datagrams_filtered,
        stats.replies_unsent,
        stats.amplified_replies,
        stats.descriptor_shortages,
        stats.features,
    ]
}

/// The numbers in the order of the components of the record `StopReport`.
pub(crate) fn report(report: &capsock::StopReport) -> [u64; 3] {
    [report.completed, report.cut, report.running]
}
