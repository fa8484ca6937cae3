//! The UDP client.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use capsock::UdpClient;
use capsock::net::port::from_number;

use crate::bytes::{capsock_bytes, give_bytes};
use crate::client_options::capsock_udp_client_options;
use crate::guard::{guard, guard_or};
use crate::many::{capsock_on_reply, reply_callback};
use crate::pointer::{bytes, give_handle, give_text, given, many_bytes, text as c_text};
use crate::status::capsock_status;
use crate::trace::introduce;

/// Asks a server by datagrams: one request, one reply. Requests from several threads take turns.
///
/// Each request leaves from a port of its own, so that a late or doubled reply is never taken for
/// another one's.
pub struct capsock_udp_client(UdpClient);

/// Finds the server's addresses; nothing is sent yet. `host` is a name, an IP address, or "" for
/// this machine; `port` is 0 to 65535. `options` may be NULL for the
/// defaults, and are used for the call only. The client is freed with `capsock_udp_client_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED` and the system's others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_udp_client_connect(
    host: *const c_char,
    port: i32,
    options: Option<&capsock_udp_client_options>,
    client: Option<&mut MaybeUninit<Option<Box<capsock_udp_client>>>>,
) -> capsock_status {
    guard(|| {
        introduce();
        // SAFETY: text or NULL, by the contract of the header.
        let host = unsafe { c_text(host, "host") }?;
        let options = options.map(|options| options.core.clone()).unwrap_or_default();
        let client = given(client, "client")?;
        let connected = UdpClient::connect_with((host, from_number(port.into())?), options)?;
        give_handle(client, capsock_udp_client(connected));
        Ok(())
    })
}

/// Sends the text as one datagram and gives the text of the datagram that comes back. `reply` is
/// freed with `capsock_string_free`.
///
/// Errors: `CAPSOCK_TOO_LARGE` before anything is sent if the text does not fit a datagram (65,507
/// bytes over IPv4, 65,527 over IPv6); `CAPSOCK_CONNECTION_REFUSED` if nothing has that port;
/// `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_CLOSED`, `CAPSOCK_INTERRUPTED`;
/// `CAPSOCK_INVALID_TEXT` if the reply is not UTF-8 or has a NUL inside.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_udp_client_request(
    client: Option<&capsock_udp_client>,
    text: *const c_char,
    reply: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        // SAFETY: text or NULL, by the contract of the header.
        let text = unsafe { c_text(text, "text") }?;
        let reply = given(reply, "reply")?;
        give_text(reply, client.0.request(text)?)
    })
}

/// The same for any bytes, a NUL among them. `reply` is freed with `capsock_bytes_free`.
///
/// Errors: as for `capsock_udp_client_request`, but for `CAPSOCK_INVALID_TEXT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_udp_client_request_bytes(
    client: Option<&capsock_udp_client>,
    request: *const c_void,
    length: usize,
    reply: Option<&mut MaybeUninit<capsock_bytes>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        let request = unsafe { bytes(request, length, "request") }?;
        let reply = given(reply, "reply")?;
        give_bytes(reply, client.0.request_bytes(request)?)
    })
}

/// Sends `count` requests, each as one datagram, and hands over the datagrams that come back, each once, as
/// they come: not always in the order of the requests. Request i is the `lengths[i]` bytes at
/// `requests[i]`. A count of 0 sends nothing.
///
/// Up to 64 requests are on their way at once, each from a port of its own, so that a reply that comes late,
/// twice or out of order is never taken for another one's. To a server on 127.0.0.0/8 each leaves from an
/// address of its own instead, from 127.1.0.0 on, as long as none is lost: there that costs half as much. Each is
/// sent again as by
/// `capsock_udp_client_request`, and has its time limit. All lengths are checked before the first is sent.
/// Nothing is received while `on_reply` runs.
///
/// Errors: as for `capsock_udp_client_request_bytes`; `CAPSOCK_INPUT_OUTPUT` if `on_reply` did not return 0.
/// The text tells which request failed, and how many replies had come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_udp_client_request_many(
    client: Option<&capsock_udp_client>,
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

/// The address that the next request leaves from, as "127.0.0.1:40000" or "[::1]:40000". `address`
/// is freed with `capsock_string_free`.
///
/// Errors: `CAPSOCK_CLOSED` after `capsock_udp_client_close`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_local_address(
    client: Option<&capsock_udp_client>,
    address: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        let address = given(address, "address")?;
        give_text(address, client.0.local_addr()?.to_string())
    })
}

/// The address of the server that requests go to. `address` is freed with `capsock_string_free`.
///
/// Errors: `CAPSOCK_CLOSED` after `capsock_udp_client_close`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_peer_address(
    client: Option<&capsock_udp_client>,
    address: Option<&mut MaybeUninit<*mut c_char>>,
) -> capsock_status {
    guard(|| {
        let client = given(client, "client")?;
        let address = given(address, "address")?;
        give_text(address, client.0.peer_addr()?.to_string())
    })
}

/// Closes the socket and ends a call that another thread is blocked in with `CAPSOCK_CLOSED`, as
/// every later one. Closing twice is no error. The client is still to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_close(client: Option<&capsock_udp_client>) -> capsock_status {
    guard(|| {
        given(client, "client")?.0.close();
        Ok(())
    })
}

/// Closes the socket, if it is open, and frees the client. NULL is nothing. No other call may use
/// the client meanwhile: close it first, and wait for those calls to return.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_free(client: Option<Box<capsock_udp_client>>) {
    guard_or((), || {
        drop(client);
        Ok(())
    });
}
