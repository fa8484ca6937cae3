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
use crate::trace::set_process_info;

/// Sends requests as datagrams and receives replies as datagrams. If several threads send requests,
/// one request at a time is in progress; the others wait for it.
///
/// Each request is sent from another local port, so that a late or duplicate reply is not taken for
/// the reply to another request.
pub struct capsock_udp_client(UdpClient);

/// Resolves the server's addresses; nothing is sent. `host` is a name, an IP address, "" for the
/// local host, or a Unix domain socket as "unix:PATH" or "unix:@NAME"; `port` is 0 to 65535. `options` may be NULL for the defaults, and is read during the
/// call only. The client is freed with `capsock_udp_client_free`.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_NAME_NOT_RESOLVED`, `CAPSOCK_TIMED_OUT`,
/// `CAPSOCK_INTERRUPTED`, and other errors of socket(2) and connect(2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_udp_client_connect(
    host: *const c_char,
    port: i32,
    options: Option<&capsock_udp_client_options>,
    client: Option<&mut MaybeUninit<Option<Box<capsock_udp_client>>>>,
) -> capsock_status {
    guard(|| {
        set_process_info();
        // SAFETY: text or NULL, by the contract of the header.
        let host = unsafe { c_text(host, "host") }?;
        let options = options.map(|options| options.core.clone()).unwrap_or_default();
        let client = given(client, "client")?;
        let connected = UdpClient::connect_with((host, from_number(port.into())?), options)?;
        give_handle(client, capsock_udp_client(connected));
        Ok(())
    })
}

/// Sends the text as one datagram and receives the reply as one datagram. `reply` is freed with
/// `capsock_string_free`.
///
/// Errors: `CAPSOCK_TOO_LARGE`, with nothing sent, if the text does not fit a datagram (65,507
/// bytes over IPv4, 65,527 over IPv6); `CAPSOCK_CONNECTION_REFUSED` if no socket is bound to the
/// server's port; `CAPSOCK_INVALID_ARGUMENT`, `CAPSOCK_TIMED_OUT`, `CAPSOCK_CLOSED`,
/// `CAPSOCK_INTERRUPTED`; `CAPSOCK_INVALID_TEXT` if the reply is not UTF-8 or contains a NUL.
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

/// As `capsock_udp_client_request`, for any bytes, including NUL. `reply` is freed with
/// `capsock_bytes_free`.
///
/// Errors: as for `capsock_udp_client_request`, except `CAPSOCK_INVALID_TEXT`.
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

/// Sends `count` requests, each as one datagram, and calls `on_reply` once with each reply, in the
/// order in which the replies arrive. Request i is the `lengths[i]` bytes at `requests[i]`. With a
/// count of 0, nothing is sent.
///
/// Up to 64 requests wait for replies at the same time, each from another local port, so that a
/// late or duplicate reply is not taken for the reply to another request. To a server on
/// 127.0.0.0/8, each request is sent from its own local address, starting at 127.1.0.0, at half the
/// cost; after the first loss, the client uses ports. Each request is retransmitted and limited as
/// by `capsock_udp_client_request`. All lengths are checked before the first request is sent. While
/// `on_reply` runs, nothing is received.
///
/// Errors: as for `capsock_udp_client_request_bytes`; `CAPSOCK_INPUT_OUTPUT` if `on_reply` did not
/// return 0. The message names the request that failed, and the number of replies received.
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

/// The local address that the next request is sent from, as "127.0.0.1:40000" or "[::1]:40000".
/// `address` is freed with `capsock_string_free`.
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
        let unix = client.0.unix_local_addr()?.map(|unix| unix.to_string());
        give_text(address, unix.map_or_else(|| client.0.local_addr().map(|ip| ip.to_string()), Ok)?)
    })
}

/// The address of the server. `address` is freed with `capsock_string_free`.
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
        let unix = client.0.unix_peer_addr()?.map(|unix| unix.to_string());
        give_text(address, unix.map_or_else(|| client.0.peer_addr().map(|ip| ip.to_string()), Ok)?)
    })
}

/// Closes the socket. A call that is blocked in another thread, and each later call, fails with
/// `CAPSOCK_CLOSED`. Closing it again is no error. The client has to be freed as well.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_close(client: Option<&capsock_udp_client>) -> capsock_status {
    guard(|| {
        given(client, "client")?.0.close();
        Ok(())
    })
}

/// Closes the socket, if it is open, and frees the client. NULL has no effect. No other call may
/// use the client at the same time: close it first, and wait until the other calls have returned.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_free(client: Option<Box<capsock_udp_client>>) {
    guard_or((), || {
        drop(client);
        Ok(())
    });
}
