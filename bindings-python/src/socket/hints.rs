//! What the calls report for hints: common mistakes of beginners. A report changes neither the outcome of a call nor how
//! long it takes.

#[cfg(unix)]
use capsock::net::Received;
use capsock::net::WaitPolicy;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use super::call::Call;
use super::core_socket::InetSocket;
use super::history::is_text;
use super::observer::{has_reported, is_enabled, notify};
use super::watchdog::{STALL_TIME, Watchdog};
use crate::system::{MSG_PEEK, MSG_TRUNC, RETURN_LENGTH, Truncation};

/// From this many NULs behind a text on, they are the rest of a buffer that was sent whole.
const PADDING: usize = 64;

/// A call raised an exception.
pub(super) fn failed(call: &Call<'_, '_>, socket: &InetSocket, raised: &PyErr) {
    if is_enabled() {
        let connected = socket.history.is_connected();
        let args = (call.this, call.name, call.args, raised.value(call.py()), socket.is_stream(), connected);
        notify(call.py(), "failed", args);
    }
}

/// A call returned a value; for a receive, that is bytes or a tuple that begins with bytes.
pub(super) fn returned(call: &Call<'_, '_>, value: &Bound<'_, PyAny>) {
    if !is_enabled() || !matches!(call.name, "recv" | "recvfrom" | "recvmsg") {
        return;
    }
    let first = value.cast::<PyTuple>().ok().and_then(|tuple| tuple.get_item(0).ok());
    let first = first.as_ref().unwrap_or(value);
    let Ok(bytes) = first.cast::<PyBytes>() else { return };
    let bytes = bytes.as_bytes();
    let text = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    // Fields of a fixed width have fewer.
    if text > 0 && bytes.len() - text >= PADDING && is_text(&bytes[..text]) {
        notify(call.py(), "padded", (call.name, text, bytes.len() - text));
    }
}

/// Adds the flag with which a receive returns the length of the datagram, if the system has one.
pub(super) fn with_true_length(socket: &InetSocket, flags: i32) -> i32 {
    if is_enabled() && !socket.is_stream() { flags | RETURN_LENGTH } else { flags }
}

/// A receive got `count` bytes into a buffer of `size` bytes, with the caller's flags; returns the count for the caller.
pub(super) fn received(
    call: &Call<'_, '_>,
    socket: &InetSocket,
    count: usize,
    size: usize,
    flags: i32,
) -> usize {
    // A count above the size is the datagram's length, which the system tells by that flag, or by the caller's
    // MSG_TRUNC, or one that stands for it.
    let length = if socket.is_stream() || flags & MSG_TRUNC != 0 { count } else { count.min(size) };
    if !is_enabled() {
        return length;
    }
    socket.history.received();
    if !socket.is_stream() {
        // With MSG_PEEK the datagram stays in the queue.
        if count > length && flags & MSG_PEEK == 0 {
            notify(call.py(), "cut", (call.name, size, Truncation::TELLS_LENGTH.then_some(count)));
        }
        return length;
    }
    socket.history.receives_on();
    // A program that receives single bytes receives the next one as well.
    if count == size && size > 1 && flags & MSG_PEEK == 0 {
        let more = socket.socket().available().unwrap_or(0) > 0;
        if more && socket.history.left_bytes(call.name, size) {
            notify(call.py(), "received", (call.this,));
        }
    }
    length
}

/// A recvmsg() got a message.
#[cfg(unix)]
pub(super) fn received_message(call: &Call<'_, '_>, socket: &InetSocket, received: &Received, size: usize) {
    if !is_enabled() {
        return;
    }
    socket.history.received();
    socket.history.receives_on();
    if !socket.is_stream() && received.flags & MSG_TRUNC != 0 {
        notify(call.py(), "cut", (call.name, size, call.py().None()));
    }
}

/// A call sent these bytes.
pub(super) fn sent(_: &Call<'_, '_>, socket: &InetSocket, bytes: &[u8]) {
    if is_enabled() {
        // Copied: another thread may write to the bytes of a bytearray while they are read as text.
        let copy = bytes.to_vec();
        socket.history.sent(&copy, socket.is_stream());
    }
}

/// A receive begins. If it may wait for long and in vain, it is watched until the value is dropped.
pub(super) fn receiving(call: &Call<'_, '_>, socket: &InetSocket, policy: WaitPolicy) -> Option<Watchdog> {
    if !is_enabled() || policy.timeout.is_some_and(|timeout| timeout <= STALL_TIME) {
        return None;
    }
    let is_bound = || socket.socket().local_addr().is_ok_and(|address| address.port() != 0);
    let reason = socket.history.stall_reason(socket.is_stream(), is_bound)?;
    (!has_reported(reason)).then(|| Watchdog::new(call.name, reason))
}
