//! The options of a server.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::ffi::{c_char, c_void};

use capsock::net::port::from_number;
use capsock::net::timeout::{from_micros, from_millis};
use capsock::{Concurrency, DEFAULT_HOST, DEFAULT_PORT, Endian, Framing, Result, ServerOptions, Transport};

use crate::guard::{guard, guard_or};
use crate::pointer::{bytes, given, text};
use crate::status::capsock_status;

/// The port that servers listen on unless another is set: the textbook's.
pub const CAPSOCK_DEFAULT_PORT: i32 = 12000;

const _: () = assert!(CAPSOCK_DEFAULT_PORT == DEFAULT_PORT as i32);

/// The options of a server. Each setter validates its value; on error the option is unchanged.
/// `capsock_server_start` validates the combination. The options may be changed, used again and
/// freed while servers that were started with them run.
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

/// The name or IP address to listen on; an empty string means all addresses of the machine.
/// `unix:PATH` is a Unix domain socket, `unix:@NAME` one of Linux's abstract names. Default
/// `localhost`.
///
/// `localhost` means the loopback addresses alone, of IPv4 and IPv6. A host that begins with a
/// slash is the path of a Unix domain socket as well.
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

/// The port to listen on; 0 selects a free port. Default `CAPSOCK_DEFAULT_PORT`; range: 0 to
/// 65,535.
///
/// A Unix domain socket has none: it is not looked at.
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

/// The permissions of the file of a Unix domain socket, as for chmod(2): who may write to it may
/// connect. 0 leaves them to the umask, with which it is most often the user alone. Default 0;
/// range: 0 to 511, octal 777.
///
/// It is refused without such a file: an abstract name has no permissions.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_socket_mode(
    options: Option<&mut capsock_server_options>,
    socket_mode: u32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.socket_mode = socket_mode;
        Ok(())
    })
}

/// The concurrency model: whether threads, processes or event loops serve several clients at once.
/// Default `CAPSOCK_CONCURRENCY_EVENTS`. `concurrency` is a `capsock_concurrency`.
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

/// How a TCP stream is divided into requests. Default `CAPSOCK_FRAMING_STREAM`. `framing` is a
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

/// The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2
/// or 4.
///
/// It has no effect without `CAPSOCK_FRAMING_LENGTH`. DNS over TCP has 2 bytes (RFC 7766, 8).
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_length_bytes(
    options: Option<&mut capsock_server_options>,
    length_bytes: u32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.length_bytes = length_bytes;
        Ok(())
    })
}

/// The order of the bytes of the length before a message. Default `CAPSOCK_ENDIAN_BIG`.
/// `length_endian` is a `capsock_endian`.
///
/// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_length_endian(
    options: Option<&mut capsock_server_options>,
    length_endian: i32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.length_endian = Endian::from_number(length_endian)?;
        Ok(())
    })
}

/// Whether the length before a message counts its own bytes beside those of the message. Default
/// false.
///
/// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_length_includes_itself(
    options: Option<&mut capsock_server_options>,
    length_includes_itself: bool,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.length_includes_itself = length_includes_itself;
        Ok(())
    })
}

/// The bytes that end a message. Default CR LF; range: 1 to 255 bytes. `delimiter` has `length`
/// bytes, which are copied.
///
/// It has no effect without the framing of this name. A message that contains the delimiter, or
/// whose end together with it does, cannot be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_server_options_set_delimiter(
    options: Option<&mut capsock_server_options>,
    delimiter: *const c_void,
    length: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        options.core.settings.delimiter = unsafe { bytes(delimiter, length, "delimiter") }?.to_vec();
        Ok(())
    })
}

/// The number of event loops. Over UDP, the number of threads or processes for each address that
/// the server is bound to. 0 means one for each processor. Default 0; range: 0 to 1,024.
///
/// It has no effect with `CAPSOCK_CONCURRENCY_ITERATIVE`, nor over TCP with
/// `CAPSOCK_CONCURRENCY_THREADS` and `CAPSOCK_CONCURRENCY_PROCESSES`. With a handler and
/// `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP with `CAPSOCK_CONCURRENCY_THREADS`, it is the number
/// of requests handled at the same time. If the handler blocks, more workers than processors are of
/// use. If it is asynchronous, it is the number of requests pending at the same time, up to 65,536,
/// and 0 means 1,024. Further requests wait in the kernel; they do not delay accepting, time
/// limits, replies in progress or a stop.
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

/// The maximum number of connections that the kernel queues until they are accepted (listen(2)).
/// Default 1,024.
///
/// The kernel reduces it to `net.core.somaxconn`.
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

/// The maximum number of TCP connections served at once; a further one is closed immediately and
/// counted as refused. Default 0.
///
/// 0 means 1,024 with `CAPSOCK_CONCURRENCY_THREADS`, 256 with `CAPSOCK_CONCURRENCY_PROCESSES` and
/// 65,536 with `CAPSOCK_CONCURRENCY_EVENTS`. `CAPSOCK_CONCURRENCY_ITERATIVE` serves one connection
/// and leaves the others in the backlog.
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

/// The maximum number of TCP connections served at once for one peer, which is an IPv4 address or a
/// /64 network of IPv6; a further one is closed immediately and counted. 0 sets no limit. Default
/// 0.
///
/// All clients behind one address translator (NAT) are one peer, and so are those behind one proxy
/// without `proxy_protocol`. It has no effect on a Unix domain socket.
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

/// The maximum length of a request, in bytes: a line with its newline, a message without its length
/// or with its delimiter, or a datagram. Default 1,048,576; range: 1 and more.
///
/// It has no effect with `CAPSOCK_FRAMING_STREAM`, which buffers no request.
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

/// The maximum length of a UDP reply, as a multiple of the length of its request; a longer reply is
/// counted and not sent. 0 sets no limit. Default 0.
///
/// The source address of a datagram may be forged, and the reply is then sent to a victim: the
/// limit is the factor by which an attacker can amplify traffic. The upper case of a request is at
/// most three times as long as the request, a factor that QUIC permits as well (RFC 9000, 8.1). A
/// handler on an open network should have a limit. With a limit, an empty request gets an empty
/// reply or none.
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

/// The time without incoming data after which a connection is closed. In milliseconds;
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

/// The time after which a connection is closed if its peer receives nothing of the reply. In
/// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 30,000; range: above 0.
///
/// TCP acknowledgements free the send buffer in large steps, so that a slow peer may seem to
/// receive nothing for some time.
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

/// The networks of the proxies in front of the server, such as `10.0.0.0/8,::1`, or `any`. If one
/// is given, each connection and each datagram has to come from it, and to begin with a header of
/// the PROXY protocol. Default empty; range: IP addresses and networks with commas between them, or
/// `any`.
///
/// Over TCP the header is of version 1 or 2, over UDP of version 2 in each datagram. What has no
/// valid header or comes from elsewhere is closed or discarded, and counted in
/// `proxy_headers_rejected`. The header tells who the proxy's client is: the context of a request
/// has its address, and `max_connections_per_peer` counts by it, which
/// `CAPSOCK_CONCURRENCY_PROCESSES` refuses. Replies go to the proxy, without a header. A sender
/// with an address of the list can claim any address; over UDP it can forge that one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_server_options_set_proxy_protocol(
    options: Option<&mut capsock_server_options>,
    proxy_protocol: *const c_char,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        // SAFETY: text or NULL, by the contract of the header.
        options.core.settings.proxy_protocol = unsafe { text(proxy_protocol, "proxy_protocol") }?.to_owned();
        Ok(())
    })
}

/// The time after which a connection is closed if the header of `proxy_protocol` has not arrived.
/// In milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 5,000; range: above 0.
///
/// A connection whose header is due is closed after `idle_timeout` as well, even if a part of it
/// has arrived. With `CAPSOCK_CONCURRENCY_ITERATIVE` no other client is served meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_proxy_header_timeout(
    options: Option<&mut capsock_server_options>,
    proxy_header_timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.proxy_header_timeout =
            from_millis("the timeout of a header", proxy_header_timeout_ms)?;
        Ok(())
    })
}

/// The time for which an event loop, or over UDP any worker, polls for requests before it blocks.
/// In microseconds. Default 0; range: 0 to 1 s.
///
/// Polling avoids the latency of a wake-up, and uses a whole processor as long as requests arrive
/// within this time of each other. With 0, a worker blocks at once.
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

/// Whether the time of each call of the handler is counted in a histogram, which the text of
/// OpenMetrics then contains. Default false.
///
/// Reading the clock twice and adding to two counters takes some 50 to 100 ns for each call. The
/// built-in service is not timed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_handler_latency(
    options: Option<&mut capsock_server_options>,
    handler_latency: bool,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.settings.handler_latency = handler_latency;
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
