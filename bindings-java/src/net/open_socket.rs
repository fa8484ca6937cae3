//! The table of open sockets, which Java refers to by number, and what every call on one of them does.

use std::time::Duration;

use capsock::net::{BlockingSocket, Errno, Family, WaitError, WaitPolicy};
use jni::sys::jint;

use super::error_codes::{CLOSED, wait_error_code};
use super::platform::Platform;
use crate::handles::{Borrowed, Table};

/// A socket, and the address family in which Java passes its addresses.
pub(super) struct OpenSocket {
    pub(super) socket: BlockingSocket,
    pub(super) family: Family,
    pub(super) platform: Platform,
}

pub(super) static SOCKETS: Table<OpenSocket> = Table::new("socket");

/// Runs a call that may block, on the socket with this number. Returns its result or an error code.
pub(super) fn blocking_call(number: i64, call: impl FnOnce(&OpenSocket) -> Result<jint, WaitError>) -> jint {
    let borrowed = SOCKETS.borrow(number);
    match borrowed.as_ref().and_then(Borrowed::object) {
        Some(open) => call(open).unwrap_or_else(wait_error_code),
        None => CLOSED,
    }
}

/// Runs a call that never blocks.
pub(super) fn nonblocking_call(number: i64, call: impl FnOnce(&OpenSocket) -> Result<jint, Errno>) -> jint {
    blocking_call(number, |open| call(open).map_err(WaitError::Os))
}

/// The wait policy for a timeout in milliseconds: a negative one is no limit, 0 does not block. The
/// timeout is never `None`: virtual threads need non-blocking descriptors, on which only the core can wait.
pub(super) fn wait_policy(milliseconds: jint) -> WaitPolicy {
    let timeout = u64::try_from(milliseconds).map_or(Duration::MAX, Duration::from_millis);
    WaitPolicy { timeout: Some(timeout), on_interrupt: None }
}
