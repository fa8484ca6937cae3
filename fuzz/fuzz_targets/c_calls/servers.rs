//! Upper case, and servers with handlers.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use capsock_c_door::handler::{capsock_reply, capsock_reply_write};
use capsock_c_door::server::*;
use capsock_c_door::server_options::{capsock_server_options, capsock_server_options_default};
use capsock_c_door::uppercase::*;

use crate::check::{bytes, out, status, text};
use crate::input::{Call, Options};
use crate::world::{World, pointer};

/// Answers as its data says.
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

unsafe extern "C" fn log(level: i32, line: *const c_char, _: *mut c_void) {
    // SAFETY: a text, by the contract of the log.
    let line = unsafe { CStr::from_ptr(line) }.to_str().expect("UTF-8");
    assert!((1..=2).contains(&level) && !line.contains('\n'), "{level} {line:?}");
}

impl World {
    /// Makes the call, if it is one of these.
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
                let stats = out(true, |stats| capsock_server_stats(server, stats));
                assert_eq!(stats.is_some(), server.is_some());
            }
            Call::ServerStop(server, timeout, wanted) => {
                let server = self.servers.get(*server);
                out(*wanted, |report| capsock_server_stop(server, timeout.number(), report));
            }
            Call::ServerRequestStop(server) => capsock_server_request_stop(self.servers.get(*server)),
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
            let options = capsock_server_options {
                host,
                port: [0, 0, 0, 0, 0, 0, -1, 65_536][usize::from(wanted.port % 8)],
                concurrency: number(wanted.concurrency),
                framing: number(wanted.framing),
                backlog: wanted.backlog,
                workers: if wanted.workers == 255 { usize::MAX } else { usize::from(wanted.workers % 4) },
                max_connections: wanted.max_connections.into(),
                max_request: wanted.max_request.into(),
                idle_timeout_ms: wanted.idle.number(),
                write_timeout_ms: wanted.write.number(),
                busy_poll_us: if wanted.busy_poll == 255 {
                    i64::MAX
                } else {
                    i64::from(wanted.busy_poll) - 100
                },
                handler: (wanted.handler & 1 == 1).then_some(handle as _),
                handler_data: ptr::without_provenance_mut(usize::from(wanted.handler >> 1)),
                log: Some(log),
                ..capsock_server_options_default()
            };
            let transport = number(wanted.transport);
            let options = (!wanted.null).then_some(&options);
            // SAFETY: what the options point to stays until the server is freed.
            out(true, |server| unsafe { capsock_server_start(transport, options, server) })
        });
        self.servers.add(started);
    }
}
