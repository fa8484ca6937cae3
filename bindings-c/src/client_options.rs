//! The options of the clients.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::ffi::c_void;

use capsock::net::timeout::from_millis;
use capsock::{Endian, Framing, TcpClientOptions, UdpClientOptions};

use crate::guard::{guard, guard_or};
use crate::pointer::{bytes, given};
use crate::status::capsock_status;
use crate::system::SIGNALS_INTERRUPT;
use crate::time::longest_from_millis;

/// The options of a TCP client. They may be changed, used again and freed while clients that were
/// made with them are in use.
#[derive(Default)]
pub struct capsock_tcp_client_options {
    pub(crate) core: TcpClientOptions,
}

/// Makes options with all defaults, which are freed with `capsock_tcp_client_options_free`. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_new() -> Option<Box<capsock_tcp_client_options>> {
    guard_or(None, || Ok(Some(Box::default())))
}

/// The time limit for resolving the name and connecting to one of its addresses. In milliseconds;
/// `CAPSOCK_NO_LIMIT` sets no limit. Default 10,000.
///
/// If the client connects again during a request, the connect is limited to the smaller of
/// `connect_timeout` and the time left of the request's `timeout`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_connect_timeout(
    options: Option<&mut capsock_tcp_client_options>,
    connect_timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.connect_timeout = from_millis("the connect timeout", connect_timeout_ms)?;
        Ok(())
    })
}

/// The time limit for a request. In a call with many requests, it applies to each reply, counted
/// from the reply before; in a copy, it applies to the time without progress. In milliseconds;
/// `CAPSOCK_NO_LIMIT` sets no limit. Default 30,000.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_timeout(
    options: Option<&mut capsock_tcp_client_options>,
    timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.timeout = from_millis("the timeout", timeout_ms)?;
        Ok(())
    })
}

/// The maximum length of a reply, in bytes, without its newline, length or delimiter. Default
/// 16,777,216.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_max_reply(
    options: Option<&mut capsock_tcp_client_options>,
    max_reply: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.max_reply = max_reply;
        Ok(())
    })
}

/// The framing of requests and replies: that of the server. Default `CAPSOCK_FRAMING_LINE`; range:
/// `CAPSOCK_FRAMING_LINE`, `CAPSOCK_FRAMING_LENGTH` or `CAPSOCK_FRAMING_DELIMITER`. `framing` is a
/// `capsock_framing`.
///
/// A copy sends a stream, whatever the framing.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_framing(
    options: Option<&mut capsock_tcp_client_options>,
    framing: i32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.framing = Framing::from_number(framing)?;
        Ok(())
    })
}

/// The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2
/// or 4.
///
/// It has no effect without `CAPSOCK_FRAMING_LENGTH`. DNS over TCP has 2 bytes (RFC 7766, 8).
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_length_bytes(
    options: Option<&mut capsock_tcp_client_options>,
    length_bytes: u32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.length_bytes = length_bytes;
        Ok(())
    })
}

/// The order of the bytes of the length before a message. Default `CAPSOCK_ENDIAN_BIG`.
/// `length_endian` is a `capsock_endian`.
///
/// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_length_endian(
    options: Option<&mut capsock_tcp_client_options>,
    length_endian: i32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.length_endian = Endian::from_number(length_endian)?;
        Ok(())
    })
}

/// Whether the length before a message counts its own bytes beside those of the message. Default
/// false.
///
/// It has no effect without `CAPSOCK_FRAMING_LENGTH`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_length_includes_itself(
    options: Option<&mut capsock_tcp_client_options>,
    length_includes_itself: bool,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.length_includes_itself = length_includes_itself;
        Ok(())
    })
}

/// The bytes that end a message. Default CR LF; range: 1 to 255 bytes. `delimiter` has `length`
/// bytes, which are copied.
///
/// It has no effect without the framing of this name. A message that contains the delimiter, or
/// whose end together with it does, cannot be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_tcp_client_options_set_delimiter(
    options: Option<&mut capsock_tcp_client_options>,
    delimiter: *const c_void,
    length: usize,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        // SAFETY: `length` bytes or NULL, by the contract of the header.
        options.core.delimiter = unsafe { bytes(delimiter, length, "delimiter") }?.to_vec();
        Ok(())
    })
}

/// Whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in its
/// thread. Default false.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_set_interruptible(
    options: Option<&mut capsock_tcp_client_options>,
    interruptible: bool,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.on_interrupt = (SIGNALS_INTERRUPT && interruptible).then_some(|| true);
        Ok(())
    })
}

/// Frees options. NULL has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_tcp_client_options_free(options: Option<Box<capsock_tcp_client_options>>) {
    guard_or((), || {
        drop(options);
        Ok(())
    });
}

/// The options of a UDP client. They may be changed, used again and freed while clients that were
/// made with them are in use.
#[derive(Default)]
pub struct capsock_udp_client_options {
    pub(crate) core: UdpClientOptions,
}

/// Makes options with all defaults, which are freed with `capsock_udp_client_options_free`. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_options_new() -> Option<Box<capsock_udp_client_options>> {
    guard_or(None, || Ok(Some(Box::default())))
}

/// The time limit for resolving the name, and for each request including its retransmissions. In
/// milliseconds; `CAPSOCK_NO_LIMIT` sets no limit. Default 5,000.
///
/// With no limit, a request that gets no reply never times out.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_options_set_timeout(
    options: Option<&mut capsock_udp_client_options>,
    timeout_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.timeout = from_millis("the timeout", timeout_ms)?;
        Ok(())
    })
}

/// The time after which a request without a reply is sent again; it doubles with each
/// retransmission (RFC 8085, 3.1.1). In milliseconds; with `CAPSOCK_NO_LIMIT` it is never sent
/// again. Default 1,000.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_options_set_retransmit_after(
    options: Option<&mut capsock_udp_client_options>,
    retransmit_after_ms: i64,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.retransmit_after =
            longest_from_millis("the time before a retransmission", retransmit_after_ms)?;
        Ok(())
    })
}

/// The maximum number of times that a request is sent again. Default 3.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_options_set_retransmissions(
    options: Option<&mut capsock_udp_client_options>,
    retransmissions: u32,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.retransmissions = retransmissions;
        Ok(())
    })
}

/// Whether a blocking call fails with `CAPSOCK_INTERRUPTED` after a signal handler has run in its
/// thread. Default false.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_options_set_interruptible(
    options: Option<&mut capsock_udp_client_options>,
    interruptible: bool,
) -> capsock_status {
    guard(|| {
        let options = given(options, "options")?;
        options.core.on_interrupt = (SIGNALS_INTERRUPT && interruptible).then_some(|| true);
        Ok(())
    })
}

/// Frees options. NULL has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_udp_client_options_free(options: Option<Box<capsock_udp_client_options>>) {
    guard_or((), || {
        drop(options);
        Ok(())
    });
}
