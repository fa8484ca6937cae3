//! The callback for the replies to many requests.

use std::ffi::{c_int, c_void};

use capsock::{Error, ErrorKind, Result};

/// Receives the reply to request number `index`, counted from 0, and returns 0. Any other return
/// value ends the call that sent the requests, with `CAPSOCK_INPUT_OUTPUT`.
///
/// `reply` is never NULL, is not terminated by a NUL, and is valid during the call. The function is
/// called in the thread that sent the requests. It must not use the same client, and it must
/// return: neither longjmp(3) nor a C++ exception may leave it.
pub type capsock_on_reply = Option<
    unsafe extern "C" fn(index: usize, reply: *const u8, length: usize, user_data: *mut c_void) -> c_int,
>;

type NonNullOnReply = unsafe extern "C" fn(usize, *const u8, usize, *mut c_void) -> c_int;

/// The caller's function as the core calls it.
pub(crate) fn reply_callback(
    on_reply: NonNullOnReply,
    user_data: *mut c_void,
) -> impl FnMut(usize, &[u8]) -> Result<()> {
    move |index, reply| {
        // SAFETY: a function of that type, given for this call.
        match unsafe { on_reply(index, reply.as_ptr(), reply.len(), user_data) } {
            0 => Ok(()),
            code => {
                let tried = format!("hand over the reply to item {index}");
                let happened = format!("the function 'on_reply' returned {code}");
                Err(Error::new(ErrorKind::InputOutput, tried, happened))
            }
        }
    }
}
