//! The TCP client.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use capsock::TcpClient;
use capsock::net::port::from_number;

use crate::bytes::{capsock_bytes, give_bytes};
use crate::client_options::capsock_tcp_client_options;
use crate::descriptor::{Output, Use, borrow, capsock_file, duplicate};
use crate::guard::{guard, guard_or};
use crate::many::{capsock_on_reply, reply_callback};
use crate::pointer::{bytes, give_handle, give_text, given, many_bytes, text};
use crate::status::capsock_status;
use crate::trace::set_process_info;

/// A connection to a server that answers each line with a line. If several threads send requests,
/// one request at a time is in progress; the others wait for it.
///
/// With `capsock_tcp_client_options_set_framing`, a message takes the place of a line: it has its
/// length before it, or a delimiter after it. Like a newline, these are neither given nor returned.
pub struct capsock_tcp_client(TcpClient);

/// Connects to a server. If the host has several addresses, the first that answers is used (RFC
/// 8305). `host` is a name, an IP address, "" for the local host, or a Unix domain socket
/// as "unix:PATH" or "unix:@NAME"; `port` is 0 to 65535.
/// `options` may be NULL for the defaults, and is read during the call only. The client is freed
/// with `capsock_tcp_client_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_CONNECTION_REFUSED`,
/// `CAPSOCK_UNREACHABLE`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_INTERRUPTED`, and other errors of
/// connect(2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_tcp_client_connect(
    host: *const c_char,
    port: i32,
    options: Option<&capsock_tcp_client_options>,
    client: Option<&mut MaybeUninit<Option<Box<capsock_tcp_client>>>>,
) -> capsock_status {
    guard(|| {
        set_process_info();
        // SAFETY: text or NULL, by the contract of the header.
        let host = unsafe { text(host, "host") }?;
        let options = options.map(|options| options.core.clone()).unwrap_or_default();
        let client = given(client, "client")?;
        let connected = TcpClient::connect_with((host, from_number(port.into())?), options)?;
        give_handle(client, capsock_tcp_client(connected));
        Ok(())
    })
}

/// Sends a line and receives the line of the reply. Neither includes the newline. `reply` is freed
/// with `capsock_string_free`.
///
/// If the server has closed the connection since the last request, as the textbook's Python server
/// does after each reply, the client connects again, once.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, also if the line contains a newline or the delimiter;
/// `CAPSOCK_TOO_LARGE`, also if it is longer than its length can tell; `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_CONNECTION_RESET`, `CAPSOCK_CONNECTION_CLOSED`, `CAPSOCK_CLOSED`, `CAPSOCK_INTERRUPTED`;
/// `CAPSOCK_OTHER` if the length of the reply is less than itself; `CAPSOCK_INVALID_TEXT` if the
/// reply is not UTF-8 or contains a NUL.
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

/// As `capsock_tcp_client_request`, for any bytes, including NUL. `reply` is freed with
/// `capsock_bytes_free`.
///
/// Errors: as for `capsock_tcp_client_request`, except `CAPSOCK_INVALID_TEXT`.
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

/// Sends `count` lines and calls `on_reply` with the line of each reply, in the order of the
/// requests. No line includes the newline. Line i is the `lengths[i]` bytes at `requests[i]`. With
/// a count of 0, nothing is sent.
///
/// The server must answer each line with one line. When it has answered two requests on one
/// connection, the client sends the remaining lines on that connection without waiting for replies
/// (pipelining). If the server closes the connection after each reply, the client opens a
/// connection for each request. The timeout limits the wait for the next reply. All lines are
/// checked before the first is sent. While `on_reply` runs, nothing is received.
///
/// Errors: as for `capsock_tcp_client_request_bytes`. If the connection ends while requests wait
/// for replies, they are not sent again: `CAPSOCK_CONNECTION_CLOSED` or `CAPSOCK_CONNECTION_RESET`.
/// `CAPSOCK_OTHER` if the server sent more replies than there were requests; `CAPSOCK_INPUT_OUTPUT`
/// if `on_reply` did not return 0. The message names the request without a reply, and the number of
/// replies received.
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

/// Sends the data of the descriptor `input` (a file, a pipe, a terminal) up to its end, and writes
/// what the server sends to the descriptor `output`. Both directions run concurrently, so that a
/// stream of any size cannot deadlock. `output` must be in blocking mode. The descriptors are
/// neither closed nor changed. Afterwards the connection cannot be used for requests. If no process
/// reads the pipe `output`, the call fails without SIGPIPE. `sent` and `received` are the numbers
/// of bytes sent to the server and written to the output; each may be NULL.
///
/// Errors: as for `capsock_tcp_client_request`; `CAPSOCK_CONNECTION_CLOSED` if the server closed
/// the connection before the whole input was sent; `CAPSOCK_INPUT_OUTPUT` if reading or writing a
/// descriptor fails. Closing the client does not interrupt a write to `output`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_copy(
    client: Option<&capsock_tcp_client>,
    input: capsock_file,
    output: capsock_file,
    sent: Option<&mut MaybeUninit<u64>>,
    received: Option<&mut MaybeUninit<u64>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        let input = duplicate(input, "input", Use::Reading)?;
        let mut output = Output::new(duplicate(output, "output", Use::Writing)?);
        let moved = client.0.copy_fd(borrow(&input), &mut output)?;
        sent.map(|sent| sent.write(moved.sent));
        received.map(|received| received.write(moved.received));
        Ok(())
    })
}

/// The local address of the connection, as "127.0.0.1:40000" or "[::1]:40000". `address` is freed
/// with `capsock_string_free`.
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
        let unix = client.0.unix_local_addr()?.map(|unix| unix.to_string());
        give_text(address, unix.map_or_else(|| client.0.local_addr().map(|ip| ip.to_string()), Ok)?)
    })
}

/// The address of the server that the client is connected to. `address` is freed with
/// `capsock_string_free`.
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
        let unix = client.0.unix_peer_addr()?.map(|unix| unix.to_string());
        give_text(address, unix.map_or_else(|| client.0.peer_addr().map(|ip| ip.to_string()), Ok)?)
    })
}

/// Closes the connection. A call that is blocked in another thread, and each later call, fails with
/// `CAPSOCK_CLOSED`. Closing it again is no error. The client has to be freed as well.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_close(client: Option<&capsock_tcp_client>) -> capsock_status {
    guard(|| {
        given(client, "client")?.0.close();
        Ok(())
    })
}

/// Closes the connection, if it is open, and frees the client. NULL has no effect. No other call
/// may use the client at the same time: close it first, and wait until the other calls have
/// returned.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_free(client: Option<Box<capsock_tcp_client>>) {
    guard_or((), || {
        drop(client);
        Ok(())
    });
}
