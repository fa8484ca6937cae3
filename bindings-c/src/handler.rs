//! The caller's functions that a server calls: the handler and the log.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use capsock::{ContextService, Error, HandlerError, Level, RequestContext, Result, Service};

use crate::guard::guard;
use crate::last_error::c_text;
use crate::pointer::{bytes, given};
use crate::request_context::capsock_request_context;
use crate::server_options::capsock_server_options;
use crate::status::capsock_status;
use crate::system::ENOMEM;

/// The reply that a handler writes. It belongs to the library and is valid during that call of the
/// handler.
#[derive(Debug)]
pub struct capsock_reply {
    bytes: Vec<u8>,
    incomplete: bool,
}

impl capsock_reply {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.bytes.try_reserve(data.len()).map_err(|_| {
            self.incomplete = true;
            Error::os(ENOMEM, "add to the reply")
        })?;
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// Answers a request: writes the reply with `capsock_reply_write` and returns 0. Any other return
/// value reports a failed request: the server logs and counts it, closes the TCP connection or
/// sends no datagram, and continues.
///
/// `request` is never NULL, is not terminated by a NUL, and is valid during the call. Over UDP it
/// is a datagram. Over TCP it is delimited by the framing; with `CAPSOCK_FRAMING_LINE` it includes
/// the newline, if there is one. If the request ends with a newline and the reply does not, the
/// server adds one. A length or a delimiter is no part of the request, and the server adds that of
/// the reply; a reply that contains the delimiter, or is longer than its length can tell, is not
/// sent, and the connection is closed.
///
/// The server's threads call the handler, several at the same time. Requests of one TCP connection
/// are answered one after another, in order. Datagrams, including those of one peer, are answered
/// concurrently, and their replies may be sent in another order. With `CAPSOCK_CONCURRENCY_EVENTS`,
/// at most `workers` calls run at the same time; while all of them run, other connections wait.
///
/// The handler must return: neither longjmp(3) nor a C++ exception may leave it.
pub type capsock_handler = Option<
    unsafe extern "C" fn(
        request: *const u8,
        length: usize,
        reply: Option<&mut capsock_reply>,
        user_data: *mut c_void,
    ) -> c_int,
>;

/// As `capsock_handler`, with the context of the request: who sent it. `context` is never NULL and is
/// valid during the call.
pub type capsock_context_handler = Option<
    unsafe extern "C" fn(
        request: *const u8,
        length: usize,
        context: Option<&capsock_request_context>,
        reply: Option<&mut capsock_reply>,
        user_data: *mut c_void,
    ) -> c_int,
>;

/// Receives a line of a server's log. `level` is a `capsock_level`; `line` is UTF-8 without a
/// newline, valid during the call. The server's threads call it, several at the same time. It must
/// return, as a handler must.
pub type capsock_log = Option<unsafe extern "C" fn(level: i32, line: *const c_char, user_data: *mut c_void)>;

/// Appends data to the reply of a handler. A handler may call it several times. If the memory for
/// the reply cannot be allocated (`CAPSOCK_OUT_OF_RESOURCES`), the request fails, whatever the
/// handler returns.
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

type NonNullContextHandler = unsafe extern "C" fn(
    *const u8,
    usize,
    Option<&capsock_request_context>,
    Option<&mut capsock_reply>,
    *mut c_void,
) -> c_int;

/// The caller's pointer beside a function of theirs.
pub(crate) struct UserData(*mut c_void);

// SAFETY: the library only hands it back; that its functions are called from several threads is the
// contract of the options.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void) -> UserData {
        UserData(pointer)
    }

    pub(crate) fn get(&self) -> *mut c_void {
        self.0
    }
}

/// The service of a C handler.
struct Handler<F> {
    function: F,
    user_data: UserData,
}

/// What a handler that writes to a `capsock_reply` appends to `output`.
fn collect(output: &mut Vec<u8>, call: impl FnOnce(&mut capsock_reply) -> c_int) -> Result<(), HandlerError> {
    let mut reply = capsock_reply { bytes: std::mem::take(output), incomplete: false };
    let code = call(&mut reply);
    *output = reply.bytes;
    match (code, reply.incomplete) {
        (0, false) => Ok(()),
        (0, true) => Err(HandlerError("no memory for the reply".to_owned())),
        (code, _) => Err(HandlerError(format!("the handler returned {code}"))),
    }
}

impl Service for Handler<NonNullHandler> {
    fn reply(&self, request: &[u8], output: &mut Vec<u8>) -> Result<(), HandlerError> {
        collect(output, |reply| {
            // SAFETY: a function of that type, given to the options for calls from these threads.
            unsafe { (self.function)(request.as_ptr(), request.len(), Some(reply), self.user_data.get()) }
        })
    }
}

impl ContextService for Handler<NonNullContextHandler> {
    fn reply(
        &self,
        request: &[u8],
        context: &RequestContext,
        output: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        let context = capsock_request_context::new(context);
        let user_data = self.user_data.get();
        collect(output, |reply| {
            // SAFETY: a function of that type, given to the options for calls from these threads.
            unsafe {
                (self.function)(request.as_ptr(), request.len(), Some(&context), Some(reply), user_data)
            }
        })
    }
}

/// Sets the function that answers requests, and the pointer that is passed to it. NULL, the
/// default, selects upper case.
///
/// What the handler uses must stay valid until each server that was started with these options is
/// freed and, if `capsock_stop_report_running` of a stop was not 0, until those calls have
/// returned.
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

/// Sets the function that answers requests, with the context of each, and the pointer that is passed
/// to it, as `capsock_server_options_set_handler` does. Of the handlers that the two functions set,
/// the last one counts; NULL selects upper case.
///
/// For such a handler the server asks the system for both addresses of each connection, once. A
/// connection that its peer has reset before it is accepted, so that it has no addresses, is closed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_context_handler(
    options: Option<&mut capsock_server_options>,
    handler: capsock_context_handler,
    user_data: *mut c_void,
) -> capsock_status {
    guard(|| {
        let handler = handler.map(|function| Handler { function, user_data: UserData(user_data) });
        let handler = handler.map(|handler| Arc::new(handler) as _);
        given(options, "options")?.core.set_handler_with_context(handler);
        Ok(())
    })
}

/// Sets the function that receives the lines of the log, and the pointer that is passed to it.
/// NULL, the default, selects standard error. What the function uses must stay valid as for a
/// handler.
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
