//! The asynchronous handler, and the reply that the caller completes later.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use capsock::{AsyncService, Error, ErrorKind, HandlerError, PendingReply, RequestContext, Result};

use crate::guard::{guard, guard_or};
use crate::handler::UserData;
use crate::pointer::{bytes, given, text};
use crate::request_context::capsock_request_context;
use crate::server_options::capsock_server_options;
use crate::status::capsock_status;

/// The reply to one request, which is completed once: during the call of the handler, or later, by
/// any thread. It belongs to the program, which frees it with `capsock_pending_reply_free`, also
/// after the server is freed. Its functions may be called by several threads at the same time.
pub struct capsock_pending_reply(PendingReply);

/// Begins to answer a request: completes `reply`, or has another thread complete it later. It should
/// return soon. `request` and `context` are as for `capsock_context_handler`, valid during the call.
/// `reply` is never NULL, and belongs to the handler.
///
/// Of the requests of one TCP connection, the next one is passed to the handler when the reply to
/// the one before is sent. With `CAPSOCK_CONCURRENCY_EVENTS`, and over UDP, `workers` requests are
/// pending at the same time, 1,024 if that is 0; further requests wait in the kernel. No thread of the
/// server waits for a reply, except with `CAPSOCK_CONCURRENCY_THREADS` and
/// `CAPSOCK_CONCURRENCY_ITERATIVE` over TCP that of the connection.
///
/// The handler must return: neither longjmp(3) nor a C++ exception may leave it.
pub type capsock_async_handler = Option<
    unsafe extern "C" fn(
        request: *const u8,
        length: usize,
        context: Option<&capsock_request_context>,
        reply: Option<Box<capsock_pending_reply>>,
        user_data: *mut c_void,
    ),
>;

/// Told that a reply is not wanted any more.
pub type capsock_cancel_callback = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

type NonNullAsyncHandler = unsafe extern "C" fn(
    *const u8,
    usize,
    Option<&capsock_request_context>,
    Option<Box<capsock_pending_reply>>,
    *mut c_void,
);

struct Handler {
    function: NonNullAsyncHandler,
    user_data: UserData,
}

impl AsyncService for Handler {
    fn call(&self, request: &[u8], context: &RequestContext, reply: PendingReply) {
        let context = capsock_request_context::new(context);
        let reply = Some(Box::new(capsock_pending_reply(reply)));
        let user_data = self.user_data.get();
        // SAFETY: a function of that type, given to the options for calls from these threads.
        unsafe { (self.function)(request.as_ptr(), request.len(), Some(&context), reply, user_data) }
    }
}

/// Sets the function that answers requests asynchronously, and the pointer that is passed to it, as
/// `capsock_server_options_set_handler` does. Of the handlers that are set, the last one counts; NULL
/// selects upper case. Contexts are as for `capsock_server_options_set_context_handler`.
///
/// A stop waits for pending replies until its deadline. Then they are not wanted any more: see
/// `capsock_pending_reply_on_cancel`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_set_async_handler(
    options: Option<&mut capsock_server_options>,
    handler: capsock_async_handler,
    user_data: *mut c_void,
) -> capsock_status {
    guard(|| {
        let handler = handler.map(|function| Handler { function, user_data: UserData::new(user_data) });
        let handler = handler.map(|handler| Arc::new(handler) as _);
        given(options, "options")?.core.set_async_handler(handler);
        Ok(())
    })
}

/// Gives the reply, which is copied. It does not free `reply`.
///
/// Errors: `CAPSOCK_CLOSED`, with no effect, if the request is completed already or its reply is not
/// wanted any more; `CAPSOCK_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_pending_reply_complete(
    reply: Option<&capsock_pending_reply>,
    data: *const c_void,
    length: usize,
) -> capsock_status {
    guard(|| {
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let data = unsafe { bytes(data, length, "data") }?;
        taken(given(reply, "reply")?.0.complete(data))
    })
}

/// Fails the request, as a handler that returns another value than 0 does: it is logged, with the
/// text `reason`, and counted. It does not free `reply`. The errors are those of
/// `capsock_pending_reply_complete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_pending_reply_fail(
    reply: Option<&capsock_pending_reply>,
    reason: *const c_char,
) -> capsock_status {
    guard(|| {
        // SAFETY: a C string or NULL, by the contract of the header.
        let reason = unsafe { text(reason, "reason") }?;
        taken(given(reply, "reply")?.0.fail(HandlerError(reason.to_owned())))
    })
}

fn taken(taken: bool) -> Result<()> {
    let why = "the request is completed, or its reply is not wanted any more";
    if taken { Ok(()) } else { Err(Error::new(ErrorKind::Closed, "complete the reply", why)) }
}

/// Whether the request is not completed and its reply would be sent: its connection is open, and no
/// stop has reached its deadline. NULL is not wanted.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_pending_reply_is_wanted(reply: Option<&capsock_pending_reply>) -> bool {
    guard_or(false, || Ok(given(reply, "reply")?.0.is_wanted()))
}

/// Has `callback` called with `user_data`, once, if the reply is not wanted any more before the
/// request is completed: at the deadline of a stop, or if the system reports that the connection is
/// broken. It replaces an earlier callback; NULL removes it. If the reply is not wanted already, it is
/// called at once, by this thread; if the request is completed, never.
///
/// Otherwise a thread of the server calls it, which sends replies as well: it should return soon. A
/// completion by another thread may run at the same time, and the callback may still run when that
/// returns with an error: what it uses must stay valid until it has run or the server is freed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_pending_reply_on_cancel(
    reply: Option<&capsock_pending_reply>,
    callback: capsock_cancel_callback,
    user_data: *mut c_void,
) -> capsock_status {
    guard(|| {
        let user_data = UserData::new(user_data);
        given(reply, "reply")?.0.on_cancel(move || {
            if let Some(callback) = callback {
                // SAFETY: a function of that type, given for one call from any thread.
                unsafe { callback(user_data.get()) }
            }
        });
        Ok(())
    })
}

/// Frees the reply. A request that is not completed fails. NULL has no effect. No other call may use
/// the reply at the same time.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_pending_reply_free(reply: Option<Box<capsock_pending_reply>>) {
    guard_or((), || {
        drop(reply);
        Ok(())
    });
}
