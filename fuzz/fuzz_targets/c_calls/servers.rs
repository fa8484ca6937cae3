//! The calls of the upper-casing functions and of servers with handlers.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use capsock_c_library::address::{CAPSOCK_UNIX_ADDRESS_SIZE, capsock_address_format};
use capsock_c_library::handler::*;
use capsock_c_library::request_context::*;
use capsock_c_library::server::*;
use capsock_c_library::server_options::*;
use capsock_c_library::stats::*;
use capsock_c_library::status::capsock_status;
use capsock_c_library::uppercase::*;

use crate::check::{bytes, out, status, text};
use crate::input::{Call, Options};
use crate::world::{World, pointer};

/// A handler that replies as its user data says.
unsafe extern "C" fn handle(
    request: *const u8,
    length: usize,
    reply: Option<&mut capsock_reply>,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the library says that so many bytes are there.
    let request = unsafe { std::slice::from_raw_parts(request, length) };
    let reply = reply.expect("a reply to write");
    let much = vec![b'm'; 70_000];
    let (data, length, code) = match data as usize % 5 {
        0 => (request.as_ptr(), request.len(), 0),
        1 => (request.as_ptr(), request.len(), 1),
        2 => (much.as_ptr(), much.len(), 0),
        3 => (ptr::null(), 1, 0),
        _ => (ptr::null(), 0, -1),
    };
    // SAFETY: so many bytes, or NULL.
    let wrote = unsafe { capsock_reply_write(Some(reply), data.cast(), length) };
    assert_eq!(status(wrote), !data.is_null() || length == 0);
    code
}

/// As [`handle`], once it has read the context.
unsafe extern "C" fn handle_with_context(
    request: *const u8,
    length: usize,
    context: Option<&capsock_request_context>,
    reply: Option<&mut capsock_reply>,
    data: *mut c_void,
) -> c_int {
    let context = context.expect("a context");
    assert!((0..2).contains(&capsock_request_context_transport(Some(context))));
    let mut text: [c_char; CAPSOCK_UNIX_ADDRESS_SIZE] = [0; CAPSOCK_UNIX_ADDRESS_SIZE];
    // SAFETY: all bytes zero is an address without a family.
    let mut address: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let at = (&raw mut address).cast();
    for read in [capsock_request_context_peer, capsock_request_context_local, capsock_request_context_client]
    {
        let mut size = size_of_val(&address) as libc::socklen_t;
        // SAFETY: the buffers have these sizes.
        unsafe {
            assert!(status(read(Some(context), at, Some(&mut size))));
            assert!(status(capsock_address_format(at, size, text.as_mut_ptr(), text.len())));
        }
    }
    // SAFETY: what the library gave.
    unsafe { handle(request, length, reply, data) }
}

unsafe extern "C" fn log(level: i32, line: *const c_char, _: *mut c_void) {
    // SAFETY: a text, by the contract of the log.
    let line = unsafe { CStr::from_ptr(line) }.to_str().expect("UTF-8");
    assert!((1..=2).contains(&level) && !line.contains('\n'), "{level} {line:?}");
}

impl World {
    /// Performs the call, if it is one of this group.
    pub fn serve(&mut self, call: &Call<'_>) -> bool {
        match call {
            Call::Uppercase(data, wanted) => {
                let input = data.exact();
                let at = pointer(data, &input);
                // SAFETY: so many bytes, or NULL.
                let upper = bytes(out(*wanted, |upper| unsafe { capsock_uppercase(at, input.len(), upper) }));
                assert!(upper.is_none_or(|upper| upper == capsock::uppercase(&input)));
            }
            Call::StreamNew => {
                if self.streams.has_room() {
                    self.streams.add(out(true, |stream| capsock_uppercase_stream_new(stream)));
                }
            }
            Call::StreamPush(stream, data, wanted) => {
                let (stream, input) = (self.streams.get(*stream), data.exact());
                let at = pointer(data, &input);
                // SAFETY: so many bytes, or NULL.
                bytes(out(*wanted, |upper| unsafe {
                    capsock_uppercase_stream_push(stream, at, input.len(), upper)
                }));
            }
            Call::StreamFinish(stream, wanted) => {
                let stream = self.streams.get(*stream);
                let held = bytes(out(*wanted, |upper| capsock_uppercase_stream_finish(stream, upper)));
                assert!(held.is_none_or(|held| held.len() <= 3));
            }
            Call::StreamFree(stream) => capsock_uppercase_stream_free(self.streams.take(*stream)),
            Call::ServerStart(options) => self.start(options),
            Call::ServerAsk(server, index) => {
                let server = self.servers.get(*server);
                let count = capsock_server_address_count(server);
                let address = text(out(true, |at| capsock_server_address(server, usize::from(*index), at)));
                assert_eq!(address.is_some(), usize::from(*index) < count);
                let stats = out(true, |stats| capsock_server_stats(server, stats)).flatten();
                assert_eq!(stats.is_some(), server.is_some());
                let requests = capsock_stats_requests(stats.as_deref());
                assert!(stats.is_some() || requests == 0);
                capsock_stats_free(stats);
                let metrics = text(out(true, |metrics| capsock_server_open_metrics(server, metrics)));
                assert_eq!(metrics.is_some(), server.is_some());
            }
            Call::ServerStop(server, timeout, wanted) => {
                let server = self.servers.get(*server);
                let report = out(*wanted, |report| capsock_server_stop(server, timeout.number(), report));
                let report = report.flatten();
                assert!(report.is_some() || capsock_stop_report_cut(report.as_deref()) == 0);
                capsock_stop_report_free(report);
            }
            Call::ServerRequestStop(server) => capsock_server_request_stop(self.servers.get(*server)),
            Call::ServerPause(server, pause) => {
                let server = self.servers.get(*server);
                let change = if *pause { capsock_server_pause } else { capsock_server_resume };
                assert_eq!(status(change(server)), server.is_some());
                assert!(!pause || capsock_server_is_paused(server) == server.is_some());
            }
            Call::ServerDrain(server, timeout, wanted) => {
                let server = self.servers.get(*server);
                let report = out(*wanted, |report| capsock_server_drain(server, timeout.number(), report));
                capsock_stop_report_free(report.flatten());
            }
            Call::ServerWait(server, timeout) => {
                status(capsock_server_wait(self.servers.get(*server), timeout.number()));
            }
            Call::ServerFree(server) => capsock_server_free(self.servers.take(*server)),
            _ => return false,
        }
        true
    }

    fn start(&mut self, wanted: &Options<'_>) {
        if !self.servers.has_room() {
            return;
        }
        let number = |choice: u8| if choice > 250 { i32::from(choice) - 253 } else { i32::from(choice % 4) };
        let started = wanted.host.with(|host| {
            let mut options = capsock_server_options_new().expect("never NULL");
            let on = &mut *options;
            // SAFETY: a text or NULL.
            status(unsafe { capsock_server_options_set_host(Some(on), host) });
            // None of them listens on a port that others may have.
            assert!(status(capsock_server_options_set_port(Some(on), 0)));
            let port = [0, 0, 0, 0, 0, 0, -1, 65_536][usize::from(wanted.port % 8)];
            let busy_poll =
                if wanted.busy_poll == 255 { i64::MAX } else { i64::from(wanted.busy_poll) - 100 };
            let workers = if wanted.workers == 255 { usize::MAX } else { usize::from(wanted.workers % 4) };
            let handler = (wanted.handler & 1 == 1).then_some(handle as _);
            let with_context = handler.map(|_| handle_with_context as _);
            let data = ptr::without_provenance_mut(usize::from(wanted.handler >> 1));
            let framing = &wanted.framing;
            let delimiter = framing.delimiter.exact();
            let at = pointer(&framing.delimiter, &delimiter);
            for set in [
                capsock_server_options_set_port(Some(on), port),
                capsock_server_options_set_concurrency(Some(on), number(wanted.concurrency)),
                capsock_server_options_set_framing(Some(on), framing.number()),
                capsock_server_options_set_length_bytes(Some(on), framing.length_bytes()),
                capsock_server_options_set_length_endian(Some(on), number(framing.length_endian)),
                capsock_server_options_set_length_includes_itself(Some(on), framing.length_includes_itself),
                // SAFETY: so many bytes, or NULL.
                unsafe { capsock_server_options_set_delimiter(Some(on), at, delimiter.len()) },
                capsock_server_options_set_backlog(Some(on), wanted.backlog),
                // Most hosts are no path, with which a mode is refused.
                capsock_server_options_set_socket_mode(
                    Some(on),
                    if wanted.workers & 48 == 48 { wanted.backlog } else { 0 },
                ),
                capsock_server_options_set_workers(Some(on), workers),
                capsock_server_options_set_max_connections(Some(on), wanted.max_connections.into()),
                capsock_server_options_set_max_request(Some(on), wanted.max_request.into()),
                capsock_server_options_set_idle_timeout(Some(on), wanted.idle.number()),
                capsock_server_options_set_write_timeout(Some(on), wanted.write.number()),
                capsock_server_options_set_busy_poll(Some(on), busy_poll),
                capsock_server_options_set_handler_latency(Some(on), wanted.workers & 4 != 0),
                capsock_server_options_set_handler(Some(on), handler, data),
                if wanted.workers & 8 == 0 {
                    capsock_status::CAPSOCK_OK
                } else {
                    capsock_server_options_set_context_handler(Some(on), with_context, data)
                },
                capsock_server_options_set_log(Some(on), Some(log), ptr::null_mut()),
            ] {
                status(set);
            }
            let transport = number(wanted.transport);
            // NULL is the default port, which other programs may have: that stands for no server here.
            let server = out(!wanted.null, |server| capsock_server_start(transport, Some(&options), server));
            capsock_server_options_free(Some(options));
            server
        });
        self.servers.add(started);
    }
}
