//! Functions of the caller that a server calls: the handler and the log.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use capsock::{Error, HandlerError, Level, Result, Service};

use crate::guard::guard;
use crate::last_error::c_text;
use crate::pointer::{bytes, given};
use crate::server_options::capsock_server_options;
use crate::status::capsock_status;

/// A reply that a handler is writing. It is the library's, and there for the call of the handler
/// only.
#[derive(Debug)]
pub struct capsock_reply {
    bytes: Vec<u8>,
    incomplete: bool,
}

impl capsock_reply {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.bytes.try_reserve(data.len()).map_err(|_| {
            self.incomplete = true;
            Error::os(libc::ENOMEM, "add to the reply")
        })?;
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// Answers one request: writes the reply with `capsock_reply_write` and returns 0. Anything else
/// means that the request failed: it is logged and counted, the TCP connection is closed or the UDP
/// request left without a reply, and the server goes on.
///
/// `request` is never NULL, has no NUL behind it, and is there for the call only. Over UDP it is a
/// datagram; over TCP it is what the framing says, with its newline where `CAPSOCK_FRAMING_LINE`
/// found one. A reply to a line that has a newline gets one if it ends without.
///
/// It is called from the server's threads, several at once: the requests of one TCP connection come
/// one after another, in their order; datagrams at the same time, also those of one peer, whose
/// replies may overtake each other. A slow handler holds up its own connection, and others once as
/// many run as there are `workers` (`CAPSOCK_CONCURRENCY_EVENTS`). It must return: no `longjmp`, and no
/// C++ exception, may leave it.
pub type capsock_handler = Option<
    unsafe extern "C" fn(
        request: *const u8,
        length: usize,
        reply: Option<&mut capsock_reply>,
        user_data: *mut c_void,
    ) -> c_int,
>;

/// Takes a line of a server's log: `level` is a `capsock_level`, `line` UTF-8 without a newline,
/// there for the call only. Called from the server's threads, several at once; it must return.
pub type capsock_log = Option<unsafe extern "C" fn(level: i32, line: *const c_char, user_data: *mut c_void)>;

/// Adds to the reply of a handler, as often as the handler likes. A reply that could not be
/// completed (`CAPSOCK_OUT_OF_RESOURCES`) fails the request, whatever the handler returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_reply_write(
    reply: Option<&mut capsock_reply>,
    data: *const c_void,
    length: usize,
) -> capsock_status {
    guard(|| {
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let data = unsafe { bytes(data, length, "data") }?;
        given(reply, "reply")?.write(data)
    })
}

type NonNullHandler =
    unsafe extern "C" fn(*const u8, usize, Option<&mut capsock_reply>, *mut c_void) -> c_int;

/// The caller's pointer beside a function of theirs.
struct UserData(*mut c_void);

// SAFETY: the library only hands it back; that its functions are called from several threads is the
// contract of the options.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    fn get(&self) -> *mut c_void {
        self.0
    }
}

/// The service of a C handler.
struct Handler {
    function: NonNullHandler,
    user_data: UserData,
}

impl Service for Handler {
    fn reply(&self, request: &[u8], output: &mut Vec<u8>) -> Result<(), HandlerError> {
        let mut reply = capsock_reply { bytes: std::mem::take(output), incomplete: false };
        // SAFETY: a function of that type, given to the options for calls from these threads.
        let code = unsafe {
            (self.function)(request.as_ptr(), request.len(), Some(&mut reply), self.user_data.get())
        };
        *output = reply.bytes;
        match (code, reply.incomplete) {
            (0, false) => Ok(()),
            (0, true) => Err(HandlerError("no memory for the reply".to_owned())),
            (code, _) => Err(HandlerError(format!("the handler returned {code}"))),
        }
    }
}

/// Sets what answers the requests; NULL, the default, for upper case. `user_data` is passed to it.
///
/// What the handler uses has to stay until every server that was started with these options is freed
/// and, if a stop found calls of it still running, until those have returned.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_handler(
    options: Option<&mut capsock_server_options>,
    handler: capsock_handler,
    user_data: *mut c_void,
) -> capsock_status {
    guard(|| {
        let handler = handler.map(|function| Handler { function, user_data: UserData(user_data) });
        given(options, "options")?.core.set_handler(handler.map(|handler| Arc::new(handler) as _));
        Ok(())
    })
}

/// Sets what takes the lines of the log; NULL, the default: they go to standard error. `user_data` is
/// passed to it, and what it uses has to stay as for a handler.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_log(
    options: Option<&mut capsock_server_options>,
    log: capsock_log,
    user_data: *mut c_void,
) -> capsock_status {
    guard(|| {
        let user_data = UserData(user_data);
        let log = log.map(|log| {
            Arc::new(move |level: Level, line: &str| {
                let line = c_text(line.to_owned());
                // SAFETY: a function of that type, given to the options for calls from these threads.
                unsafe { log(level as i32, line.as_ptr(), user_data.get()) }
            }) as _
        });
        given(options, "options")?.core.set_log(log);
        Ok(())
    })
}
