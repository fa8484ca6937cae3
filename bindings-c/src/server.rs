//! A running server.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use capsock::net::timeout::from_millis;
use capsock::{Error, ErrorKind, Server};

use crate::guard::{guard, guard_or};
use crate::pointer::{give_handle, give_text, given};
use crate::server_options::capsock_server_options;
use crate::stats::{capsock_stats, capsock_stop_report};
use crate::status::capsock_status;
use crate::system::SIGNALS_INTERRUPT;
use crate::time::longest_from_millis;
use crate::trace::set_process_info;

/// A running server.
pub struct capsock_server(Server);

impl capsock_server {
    pub(crate) fn core(&self) -> &Server {
        &self.0
    }
}

/// Binds the addresses and starts the server. After a successful return, clients can connect.
/// `transport` is a `capsock_transport`. `options` may be NULL for the defaults, and is read during
/// the call only. The server is freed with `capsock_server_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, also for options that exclude each other (a handler with the
/// framing stream, or with processes), `CAPSOCK_ADDRESS_IN_USE`, `CAPSOCK_ADDRESS_NOT_AVAILABLE`,
/// `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_PERMISSION_DENIED`, `CAPSOCK_OUT_OF_RESOURCES`, and other
/// errors of bind(2) and listen(2).
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_start(
    transport: i32,
    options: Option<&capsock_server_options>,
    server: Option<&mut MaybeUninit<Option<Box<capsock_server>>>>,
) -> capsock_status {
    guard(|| {
        set_process_info();
        let server = given(server, "server")?;
        let core = match options {
            Some(options) => options.to_core(transport),
            None => capsock_server_options::default().to_core(transport),
        };
        give_handle(server, capsock_server(core?.start()?));
        Ok(())
    })
}

/// The port that the server listens on; 0 if `server` is NULL, and on a Unix domain socket.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_port(server: Option<&capsock_server>) -> u16 {
    guard_or(0, || Ok(given(server, "server")?.0.local_addr().port()))
}

/// The number of addresses that the server listens on: one for each address of its host name; 0 if
/// `server` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_address_count(server: Option<&capsock_server>) -> usize {
    guard_or(0, || Ok(given(server, "server")?.0.local_addrs().len()))
}

/// An address that the server listens on, as "127.0.0.1:12000" or "[::1]:12000", or as
/// "unix:/run/x.sock" or "unix:@name" on a Unix domain socket. `index` counts from 0. `address` is
/// freed with `capsock_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_address(
    server: Option<&capsock_server>,
    index: usize,
    address: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let server = &given(server, "server")?.0;
        let addresses = server.local_addrs();
        let address = given(address, "address")?;
        let found = addresses.get(index).ok_or_else(|| {
            let count = addresses.len();
            Error::invalid("tell the server's address", format!("it has {count}, and {index} counts from 0"))
        })?;
        give_text(address, server.unix_addr().map_or_else(|| found.to_string(), ToString::to_string))
    })
}

/// Reads the totals, which are freed with `capsock_stats_free`. It copies counters and takes no
/// lock.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_stats(
    server: Option<&capsock_server>,
    stats: Option<&mut MaybeUninit<Option<Box<capsock_stats>>>>,
) -> capsock_status {
    guard(|| {
        let server = given(server, "server")?;
        give_handle(given(stats, "stats")?, capsock_stats(server.0.stats()));
        Ok(())
    })
}

/// Writes the totals in the text format of OpenMetrics 1.0, for a monitoring system. Its media type
/// is "application/openmetrics-text; version=1.0.0; charset=utf-8". A total `requests` is the
/// counter "capsock_requests_total"; one that counts bytes ends with its unit, as
/// "capsock_received_bytes_total". With `capsock_server_options_set_handler_latency` and a handler,
/// there is the histogram "capsock_handler_duration_seconds". It copies counters and takes no lock.
/// The text is complete, with "# EOF" at its end: those of two servers are served separately.
/// `text` is freed with `capsock_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_open_metrics(
    server: Option<&capsock_server>,
    text: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let server = given(server, "server")?;
        give_text(given(text, "text")?, server.0.open_metrics())
    })
}

/// Requests a stop within 5 s and returns immediately. NULL has no effect. This is the only
/// function of the library that a signal handler may call (signal-safety(7)).
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_request_stop(server: Option<&capsock_server>) {
    guard_or((), || {
        if let Some(server) = server {
            server.0.request_stop();
        }
        Ok(())
    });
}

/// Stops the server. It accepts no further connections and requests, completes those in progress,
/// and closes idle connections. After `timeout_ms` it closes all connections. `report` may be NULL;
/// otherwise it is freed with `capsock_stop_report_free`.
///
/// Any thread may call it, several times: the earliest deadline applies, and each call returns the
/// same report. If a handler of the server calls it, it requests the stop and returns immediately.
/// A stopped server has to be freed as well.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`; `CAPSOCK_UNSUPPORTED` in a process that was forked after the
/// start, because the server does not run there.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_stop(
    server: Option<&capsock_server>,
    timeout_ms: i64,
    report: Option<&mut MaybeUninit<Option<Box<capsock_stop_report>>>>,
) -> capsock_status {
    guard(|| {
        let server = given(server, "server")?;
        let found = server.0.stop(longest_from_millis("the timeout of the stop", timeout_ms)?)?;
        if let Some(report) = report {
            give_handle(report, capsock_stop_report(found));
        }
        Ok(())
    })
}

/// Takes no new work: accepts no connection, and over UDP receives no datagram. Open connections
/// are served on. What arrives waits in the system, until `capsock_server_resume` or until another
/// server that has the same sockets takes it. When this returns, nothing more is taken, unless a
/// handler over UDP takes longer than a second. Any thread may call it, several times.
///
/// Errors: `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_pause(server: Option<&capsock_server>) -> capsock_status {
    guard(|| given(server, "server")?.0.pause())
}

/// Takes new work again after `capsock_server_pause`. After a stop it has no effect.
///
/// Errors: `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_resume(server: Option<&capsock_server>) -> capsock_status {
    guard(|| given(server, "server")?.0.resume())
}

/// Whether the server takes no new work: it is paused, or a stop was requested. False if `server`
/// is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_is_paused(server: Option<&capsock_server>) -> bool {
    guard_or(false, || Ok(given(server, "server")?.0.is_paused()))
}

/// Pauses the server, waits until the peers have ended their connections, and stops it. Connections
/// that are open after `timeout_ms` are stopped as by `capsock_server_stop` with 5 s: what has
/// arrived is answered, and they are closed. Over UDP the stop follows at once, or as soon as no reply
/// of an asynchronous handler is pending. `report` is that of
/// `capsock_server_stop`.
///
/// For a restart, another server first serves the same sockets; then this one is drained, and no
/// request is lost.
///
/// Errors: those of `capsock_server_stop`; `CAPSOCK_INTERRUPTED` if a signal handler ran in the
/// calling thread, after which the server is still paused; `CAPSOCK_INVALID_ARGUMENT` in a handler
/// of the server, which would wait for itself.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_drain(
    server: Option<&capsock_server>,
    timeout_ms: i64,
    report: Option<&mut MaybeUninit<Option<Box<capsock_stop_report>>>>,
) -> capsock_status {
    guard(|| {
        let server = given(server, "server")?;
        let timeout = longest_from_millis("the timeout of the drain", timeout_ms)?;
        let found = server.0.drain_interruptible(timeout, SIGNALS_INTERRUPT.then_some(|| true))?;
        if let Some(report) = report {
            give_handle(report, capsock_stop_report(found));
        }
        Ok(())
    })
}

/// Waits until the server has stopped.
///
/// Errors: `CAPSOCK_TIMED_OUT` if the server still runs after `timeout_ms`. `CAPSOCK_INTERRUPTED`
/// if a signal handler ran in the calling thread; the server still runs, or is stopping if the
/// signal handler requested that. `CAPSOCK_INVALID_ARGUMENT` in a handler of the server, which
/// would wait for itself. `CAPSOCK_UNSUPPORTED` as for `capsock_server_stop`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_wait(server: Option<&capsock_server>, timeout_ms: i64) -> capsock_status {
    guard(|| {
        let server = given(server, "server")?;
        let timeout = from_millis("the timeout of the wait", timeout_ms)?;
        match server.0.wait(timeout, SIGNALS_INTERRUPT.then_some(|| true))? {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::TimedOut,
                "see the server stop",
                format!("it still runs after {timeout_ms} ms"),
            )),
        }
    })
}

/// Stops the server within 5 s, if it runs, and frees it. NULL has no effect. No other call may use
/// the server at the same time, and a handler of the server must not free it.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_free(server: Option<Box<capsock_server>>) {
    guard_or((), || {
        drop(server);
        Ok(())
    });
}
