//! The options of a server.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::ffi::c_char;

use capsock::net::port::from_number;
use capsock::net::timeout::{from_micros, from_millis};
use capsock::{Concurrency, DEFAULT_HOST, DEFAULT_PORT, Framing, Result, ServerOptions, Transport};

use crate::guard::{guard, guard_or};
use crate::pointer::{given, text};
use crate::status::capsock_status;

/// The port that servers listen on unless another is set: the textbook's.
pub const CAPSOCK_DEFAULT_PORT: i32 = 12000;

const _: () = assert!(CAPSOCK_DEFAULT_PORT == DEFAULT_PORT as i32);

/// The options of a server. The functions that set one check it by itself and leave it as it was if
/// they refuse the new value; `capsock_server_start` checks how they go together. The options may
/// be changed, used again and freed while servers that were started with them run.
pub struct capsock_server_options {
    pub(crate) core: ServerOptions,
    host: String,
    port: u16,
}

impl Default for capsock_server_options {
    fn default() -> capsock_server_options {
        let (host, port) = (DEFAULT_HOST, DEFAULT_PORT);
        // Transport and address are set at the start.
        let core = ServerOptions::new(Transport::Tcp, (host, port));
        capsock_server_options { core, host: host.to_owned(), port }
    }
}

impl capsock_server_options {
    /// The core's, for that transport.
    pub(crate) fn to_core(&self, transport: i32) -> Result<ServerOptions> {
        let on = (self.host.as_str(), self.port);
        Ok(self.core.clone().on(Transport::from_number(transport)?, on))
    }
}

/// Makes options with all defaults, which are freed with `capsock_server_options_free`. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_new() -> Option<Box<capsock_server_options>> {
    guard_or(None, || Ok(Some(Box::default())))
}

/// The name or IP address to listen on; an empty one is every address of the machine. Default
/// `localhost`.
///
/// `localhost` is this machine alone, over IPv4 and IPv6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_server_options_set_host(
    options: Option<&mut capsock_server_options>,
    host: *const c_char,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        // SAFETY: text or NULL, by the contract of the header.
        options.host = unsafe { text(host, "host") }?.to_owned();
        Ok(())
    })
}

/// The port to listen on; 0 picks a free one. Default `CAPSOCK_DEFAULT_PORT`; range: 0 to 65,535.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_port(
    options: Option<&mut capsock_server_options>,
    port: i32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.port = from_number(port.into())?;
        Ok(())
    })
}

/// How many clients are served at once, and by what. Default `CAPSOCK_CONCURRENCY_EVENTS`.
/// `concurrency` is a `capsock_concurrency`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_concurrency(
    options: Option<&mut capsock_server_options>,
    concurrency: i32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.concurrency = Concurrency::from_number(concurrency)?;
        Ok(())
    })
}

/// Where a request ends in a TCP stream. Default `CAPSOCK_FRAMING_STREAM`. `framing` is a
/// `capsock_framing`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_framing(
    options: Option<&mut capsock_server_options>,
    framing: i32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.framing = Framing::from_number(framing)?;
        Ok(())
    })
}

/// The number of event loops, or over UDP of threads or processes, for each address of the host; 0
/// starts one for each processor. Default 0; range: 0 to 1,024.
///
/// With a handler, it is the number of requests that are answered at the same time, with
/// `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP with `CAPSOCK_CONCURRENCY_THREADS`. A handler that
/// waits for something makes use of more workers than there are processors. Further requests wait
/// in the kernel; accepting, limits, replies in progress and a stop go on.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_workers(
    options: Option<&mut capsock_server_options>,
    workers: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.workers = workers;
        Ok(())
    })
}

/// The number of connections that the kernel holds until they are accepted (listen(2)). Default
/// 1,024.
///
/// The kernel holds no more than `net.core.somaxconn`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_backlog(
    options: Option<&mut capsock_server_options>,
    backlog: u32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.backlog = backlog;
        Ok(())
    })
}

/// The number of TCP connections served at once; a further one is closed at once and counted as
/// refused. Default 0.
///
/// 0 is 1,024 with `CAPSOCK_CONCURRENCY_THREADS`, 256 with `CAPSOCK_CONCURRENCY_PROCESSES` and
/// 65,536 with `CAPSOCK_CONCURRENCY_EVENTS`. `CAPSOCK_CONCURRENCY_ITERATIVE` serves one and leaves
/// the others in the backlog.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_max_connections(
    options: Option<&mut capsock_server_options>,
    max_connections: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.max_connections = max_connections;
        Ok(())
    })
}

/// The number of TCP connections served at once for one peer, which is an IPv4 address or an IPv6
/// network of 64 bits; a further one is closed at once and counted. 0 sets no limit. Default 0.
///
/// Clients behind one address translator (NAT) are one peer, and so are all clients behind a proxy.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_max_connections_per_peer(
    options: Option<&mut capsock_server_options>,
    max_connections_per_peer: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.max_connections_per_peer = max_connections_per_peer;
        Ok(())
    })
}

/// The length of the longest request, in bytes: a line with its newline, or a datagram. Default
/// 1,048,576; range: 1 and more.
///
/// It has no effect with `CAPSOCK_FRAMING_STREAM`, where nothing is held.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_max_request(
    options: Option<&mut capsock_server_options>,
    max_request: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.max_request = max_request;
        Ok(())
    })
}

/// The length of the longest UDP reply, as a multiple of the length of its request; a longer one is
/// not sent, and counted. 0 sets no limit. Default 0.
///
/// The source address of a datagram may be forged, and its reply then reaches a victim: this is the
/// factor by which a forger can multiply the traffic. Upper case is three times as long as its
/// request at most, which QUIC allows itself too (RFC 9000, 8.1). A handler on an open network
/// should have a limit. With one, an empty request gets an empty reply or none.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_max_amplification(
    options: Option<&mut capsock_server_options>,
    max_amplification: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.max_amplification = max_amplification;
        Ok(())
    })
}

/// The time after which a connection on which nothing arrives is closed. In milliseconds;
/// `CAPSOCK_NO_LIMIT` sets no limit. Default 300,000; range: above 0.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_idle_timeout(
    options: Option<&mut capsock_server_options>,
    idle_timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.idle_timeout = from_millis("the idle timeout", idle_timeout_ms)?;
        Ok(())
    })
}

/// The time after which a connection whose peer receives nothing of its reply is closed. In
/// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 30,000; range: above 0.
///
/// TCP reports progress in steps of a buffer's size, so that a slow peer may take a while to make
/// any.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_write_timeout(
    options: Option<&mut capsock_server_options>,
    write_timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.write_timeout = from_millis("the write timeout", write_timeout_ms)?;
        Ok(())
    })
}

/// The time for which an event loop, or over UDP any worker, polls for requests before it blocks.
/// In microseconds. Default 0; range: 0 to 1 s.
///
/// It takes the time of a wake-up off each reply, and keeps a processor busy while requests arrive
/// at such short intervals. 0 blocks at once.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_busy_poll(
    options: Option<&mut capsock_server_options>,
    busy_poll_us: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.busy_poll = from_micros("the time of busy polling", busy_poll_us)?;
        Ok(())
    })
}

/// Frees options. NULL has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_free(options: Option<Box<capsock_server_options>>) {
    guard_or((), || {
        drop(options);
        Ok(())
    });
}
