//! The TCP client.

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use capsock::TcpClient;
use capsock::net::port::from_number;

use crate::bytes::{capsock_bytes, give_bytes};
use crate::client_options::capsock_tcp_client_options;
use crate::descriptor::{Output, Use, duplicate};
use crate::guard::{guard, guard_or};
use crate::many::{capsock_on_reply, reply_callback};
use crate::pointer::{bytes, give_handle, give_text, given, many_bytes, text};
use crate::status::capsock_status;
use crate::trace::introduce;

/// A connection to a server that answers each line with a line. Requests from several threads take
/// turns.
pub struct capsock_tcp_client(TcpClient);

/// Connects to the first address of the host that answers (RFC 8305). `host` is a name, an IP
/// address, or "" for this machine; `port` is 0 to 65535. `options` may be NULL for the
/// defaults, and are used for the call only. The client is freed with
/// `capsock_tcp_client_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_CONNECTION_REFUSED`,
/// `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED` and the system's others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_tcp_client_connect(
    host: *const c_char,
    port: i32,
    options: Option<&capsock_tcp_client_options>,
    client: Option<&mut MaybeUninit<Option<Box<capsock_tcp_client>>>>,
) -> capsock_status {
    guard(|| {
        introduce();
        // SAFETY: text or NULL, by the contract of the header.
        let host = unsafe { text(host, "host") }?;
        let options = options.map(|options| options.core.clone()).unwrap_or_default();
        let client = given(client, "client")?;
        let connected = TcpClient::connect_with((host, from_number(port.into())?), options)?;
        give_handle(client, capsock_tcp_client(connected));
        Ok(())
    })
}

/// Sends a line of text and gives the line that comes back, without a newline in either. `reply` is
/// freed with `capsock_string_free`.
///
/// If the server closed the connection since the last request, as the textbook's Python server does
/// after each reply, the client connects again, once.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, also if the line has a newline; `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_CONNECTION_RESET`, `CAPSOCK_CONNECTION_CLOSED`, `CAPSOCK_CLOSED`, `CAPSOCK_TOO_LARGE`,
/// `CAPSOCK_INTERRUPTED`; `CAPSOCK_INVALID_TEXT` if the reply is not UTF-8 or has a NUL inside.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_tcp_client_request(
    client: Option<&capsock_tcp_client>,
    line: *const c_char,
    reply: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        // SAFETY: text or NULL, by the contract of the header.
        let line = unsafe { text(line, "line") }?;
        let reply = given(reply, "reply")?;
        give_text(reply, client.0.request(line)?)
    })
}

/// The same for any bytes, a NUL among them. `reply` is freed with `capsock_bytes_free`.
///
/// Errors: as for `capsock_tcp_client_request`, but for `CAPSOCK_INVALID_TEXT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_tcp_client_request_bytes(
    client: Option<&capsock_tcp_client>,
    line: *const c_void,
    length: usize,
    reply: Option<&mut MaybeUninit<capsock_bytes>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let line = unsafe { bytes(line, length, "line") }?;
        let reply = given(reply, "reply")?;
        give_bytes(reply, client.0.request_bytes(line)?)
    })
}

/// Sends `count` lines and hands over the lines that come back, in the same order, without a newline in
/// any. Line i is the `lengths[i]` bytes at `requests[i]`. A count of 0 sends nothing.
///
/// Once the server has answered two requests on a connection, and so keeps it open, the rest goes there
/// without waiting for the replies (pipelining). The server has to answer each line with one line. With a
/// server that closes after each reply each request has a connection of its own. The time limit is the
/// longest wait for the next reply. All lines are checked before the first is sent. Nothing is received
/// while `on_reply` runs.
///
/// Errors: as for `capsock_tcp_client_request_bytes`. If the connection ends while requests are on their
/// way, none of them is sent again: `CAPSOCK_CONNECTION_CLOSED` or `CAPSOCK_CONNECTION_RESET`.
/// `CAPSOCK_OTHER` if the server sent more lines than requests; `CAPSOCK_INPUT_OUTPUT` if `on_reply` did
/// not return 0. The text tells which request got no reply, and how many replies had come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_tcp_client_request_many(
    client: Option<&capsock_tcp_client>,
    requests: *const *const c_void,
    lengths: *const usize,
    count: usize,
    on_reply: capsock_on_reply,
    user_data: *mut c_void,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        // SAFETY: arrays of `count` elements or NULL, by the contract of the header.
        let requests = unsafe { many_bytes(requests, lengths, count, "requests") }?;
        let on_reply = given(on_reply, "on_reply")?;
        client.0.request_many_with(&requests, reply_callback(on_reply, user_data))
    })
}

/// Sends all that the descriptor `input` has (a file, a pipe, a terminal) until its end, and writes
/// all that comes back to the descriptor `output`, both ways at once, so that a stream of any size
/// cannot deadlock. The connection is used up; the descriptors are neither closed nor changed.
/// `output` has to be blocking. A pipe that nobody reads any more is an error and raises no SIGPIPE.
/// `sent` and `received` are the bytes from the input to the server, and from the server to the output;
/// each may be NULL.
///
/// Errors: as for `capsock_tcp_client_request`; `CAPSOCK_CONNECTION_CLOSED` if the server closed
/// before all of the input was sent; `CAPSOCK_INPUT_OUTPUT` if reading or writing fails. The call is
/// not ended while it waits for `output` to take what came.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_copy(
    client: Option<&capsock_tcp_client>,
    input: c_int,
    output: c_int,
    sent: Option<&mut MaybeUninit<u64>>,
    received: Option<&mut MaybeUninit<u64>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        let input = duplicate(input, "input", Use::Reading)?;
        let mut output = Output::new(duplicate(output, "output", Use::Writing)?);
        let moved = client.0.copy_fd(input.as_fd(), &mut output)?;
        sent.map(|sent| sent.write(moved.sent));
        received.map(|received| received.write(moved.received));
        Ok(())
    })
}

/// The address of this end, as "127.0.0.1:40000" or "[::1]:40000". `address` is freed with
/// `capsock_string_free`.
///
/// Errors: `CAPSOCK_CLOSED` after `capsock_tcp_client_close`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_local_address(
    client: Option<&capsock_tcp_client>,
    address: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        let address = given(address, "address")?;
        give_text(address, client.0.local_addr()?.to_string())
    })
}

/// The address of the server that answered. `address` is freed with `capsock_string_free`.
///
/// Errors: `CAPSOCK_CLOSED` after `capsock_tcp_client_close`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_peer_address(
    client: Option<&capsock_tcp_client>,
    address: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        let address = given(address, "address")?;
        give_text(address, client.0.peer_addr()?.to_string())
    })
}

/// Closes the connection and ends a call that another thread is blocked in with `CAPSOCK_CLOSED`,
/// as every later one. Closing twice is no error. The client is still to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_close(client: Option<&capsock_tcp_client>) -> capsock_status {
    guard(|| {
        given(client, "client")?.0.close();
        Ok(())
    })
}

/// Closes the connection, if it is open, and frees the client. NULL is nothing. No other call may
/// use the client meanwhile: close it first, and wait for those calls to return.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_free(client: Option<Box<capsock_tcp_client>>) {
    guard_or((), || {
        drop(client);
        Ok(())
    });
}
