//! What a server is asked to be.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::LazyLock;

use capsock::net::port::from_number;
use capsock::net::timeout::{from_micros, from_millis};
use capsock::{Concurrency, DEFAULT_HOST, DEFAULT_PORT, Framing, Result, ServerOptions, Transport};

use crate::error::text;
use crate::guard::guard_or;
use crate::handler::{Handler, capsock_handler, capsock_log, log};
use crate::pointer;
use crate::time::{to_micros, to_millis};

/// The options of a server. Start from `capsock_server_options_default` and change what shall be
/// different, so that a later version's new options have their defaults too.
///
/// The structure and the host are read by `capsock_server_start` and may go after it; what the
/// handler and the log use has to stay until the server is freed and, if a stop found calls of
/// them still running, until those have returned.
#[derive(Debug, Default)]
#[repr(C)]
pub struct capsock_server_options {
    /// A name or an IP address to listen on, or "" for every address of the machine. Default
    /// "localhost": this machine only, over IPv4 and IPv6.
    pub host: *const c_char,
    /// 0 to 65535; 0 picks a free port. Default `CAPSOCK_DEFAULT_PORT`.
    pub port: i32,
    /// A `capsock_concurrency`. Default `CAPSOCK_CONCURRENCY_EVENTS`.
    pub concurrency: i32,
    /// A `capsock_framing`. Default `CAPSOCK_FRAMING_STREAM`.
    pub framing: i32,
    /// Connections that the kernel holds until they are accepted (listen(2)). Default 1,024.
    pub backlog: u32,
    /// Event loops, or over UDP threads or processes; 1,024 at most. 0, the default: one for each
    /// processor. Over UDP there are so many for each address that the host has.
    /// With a handler: how many requests it answers at once, with
    /// `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP with `CAPSOCK_CONCURRENCY_THREADS`. More than
    /// processors are of use to one that waits for something; further requests wait in the kernel.
    pub workers: usize,
    /// TCP connections served at once; a further one is closed at once and counted as refused. 0,
    /// the default: 1,024 for threads, 256 for processes, 65,536 for events.
    pub max_connections: usize,
    /// The longest request, in bytes: a line with its newline, a datagram. Default 1 MiB.
    pub max_request: usize,
    /// The longest UDP reply, in bytes for each byte of its request: a longer one is not sent, and
    /// counted. 0, the default: no limit. The source of a datagram may be forged, and its reply then
    /// goes to a victim: this is by how much a forger can multiply what is sent there. Upper case is
    /// three times as long at most; a handler on an open network should have a limit. With one, an
    /// empty request gets an empty reply or none.
    pub max_amplification: usize,
    /// A connection on which nothing comes for so many milliseconds is closed. Default 5 min.
    pub idle_timeout_ms: i64,
    /// A connection whose peer makes no room for more of its reply for so many milliseconds is
    /// closed.
    /// Default 30 s.
    pub write_timeout_ms: i64,
    /// For how many microseconds an event loop, and over UDP whoever receives, looks again and again
    /// before it sleeps; 1,000,000 at most. It takes the time to wake up off each reply, and a
    /// processor for itself while requests come in such short order. 0, the default: not at all.
    pub busy_poll_us: i64,
    /// Answers the requests; NULL, the default: upper case.
    pub handler: capsock_handler,
    /// Passed to the handler.
    pub handler_data: *mut c_void,
    /// Takes the lines of the log; NULL, the default: they go to standard error.
    pub log: capsock_log,
    /// Passed to the log.
    pub log_data: *mut c_void,
}

/// The port that servers listen on unless told otherwise: the textbook's.
pub const CAPSOCK_DEFAULT_PORT: i32 = 12000;

const _: () = assert!(CAPSOCK_DEFAULT_PORT == DEFAULT_PORT as i32);

static HOST: LazyLock<CString> = LazyLock::new(|| text(DEFAULT_HOST.to_owned()));

/// The default options: they serve this machine on port 12000.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_default() -> capsock_server_options {
    guard_or(capsock_server_options::default(), || {
        // The core's defaults are the same for both transports.
        let core = ServerOptions::new(Transport::Tcp, (DEFAULT_HOST, DEFAULT_PORT));
        Ok(capsock_server_options {
            host: HOST.as_ptr(),
            port: CAPSOCK_DEFAULT_PORT,
            concurrency: core.settings.concurrency as i32,
            framing: core.settings.framing as i32,
            backlog: core.settings.backlog,
            workers: core.settings.workers,
            max_connections: core.settings.max_connections,
            max_request: core.settings.max_request,
            max_amplification: core.settings.max_amplification,
            idle_timeout_ms: to_millis(core.settings.idle_timeout),
            write_timeout_ms: to_millis(core.settings.write_timeout),
            busy_poll_us: to_micros(core.settings.busy_poll),
            handler: None,
            handler_data: ptr::null_mut(),
            log: None,
            log_data: ptr::null_mut(),
        })
    })
}

impl capsock_server_options {
    /// The same for the core.
    ///
    /// # Safety
    /// `host` is NULL or text, and the functions are what their types say.
    pub(crate) unsafe fn to_core(&self, transport: i32) -> Result<ServerOptions> {
        let transport = Transport::from_number(transport)?;
        // SAFETY: the caller promises it.
        let host = unsafe { pointer::text(self.host, "options.host") }?;
        let mut core = ServerOptions::new(transport, (host, from_number(self.port.into())?))
            .concurrency(Concurrency::from_number(self.concurrency)?)
            .framing(Framing::from_number(self.framing)?)
            .backlog(self.backlog)
            .workers(self.workers)
            .max_connections(self.max_connections)
            .max_request(self.max_request)
            .max_amplification(self.max_amplification)
            .idle_timeout(from_millis("the idle timeout", self.idle_timeout_ms)?)
            .write_timeout(from_millis("the write timeout", self.write_timeout_ms)?)
            .busy_poll(from_micros("the time of busy polling", self.busy_poll_us)?);
        if let Some(handler) = Handler::new(self.handler, self.handler_data) {
            core = core.handler(handler);
        }
        if let Some(log) = log(self.log, self.log_data) {
            core = core.log(log);
        }
        Ok(core)
    }
}
