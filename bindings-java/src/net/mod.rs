//! The native half of `io.capsock.net`: each native method is one call of the core's `BlockingSocket`.
//!
//! A call returns its result, or a negative number from which `ErrorCodes.java` makes an exception. So a call
//! that fails, such as a read that times out, allocates nothing here.
#![allow(clippy::too_many_arguments, reason = "an object to hold them would be garbage after each call")]

mod address;
mod buffer;
mod datagram;
mod multicast;
mod options;
mod poller;
mod raw;
mod socket;
mod stream;

use std::time::Duration;

use capsock::net::{BlockingSocket, Errno, Family, WaitError, WaitPolicy};
use jni::NativeMethod;
use jni::sys::jint;

use crate::handles::{Borrowed, Table};

pub(crate) use datagram::find_fields;

/// The native methods of `io.capsock.net.Native`.
pub(crate) const METHODS: [&[NativeMethod]; 6] = [
    socket::METHODS,
    stream::METHODS,
    datagram::METHODS,
    multicast::METHODS,
    options::METHODS,
    poller::METHODS,
];

/// A socket, and how its addresses look.
struct OpenSocket {
    socket: BlockingSocket,
    family: Family,
}

static SOCKETS: Table<OpenSocket> = Table::new("socket");

/// `ErrorCodes.TIMED_OUT`. Error numbers of the system are negative numbers above these.
const TIMED_OUT: jint = -100_001;

/// `ErrorCodes.CLOSED`: the socket was closed, before the call or during it.
const CLOSED: jint = -100_002;

/// `ErrorCodes.INTERNAL`: a defect of capsock itself.
const INTERNAL: jint = -100_003;

fn errno_code(Errno(errno): Errno) -> jint {
    -errno
}

fn wait_error_code(error: WaitError) -> jint {
    match error {
        WaitError::TimedOut => TIMED_OUT,
        WaitError::Woken => CLOSED,
        // No call here asks for it.
        WaitError::Interrupted => errno_code(Errno(libc::EINTR)),
        // The descriptor is never anybody else's, so that this is a close that came first.
        WaitError::Os(Errno(libc::EBADF)) => CLOSED,
        WaitError::Os(errno) => errno_code(errno),
    }
}

/// A length of a Java array, or of a part of one, fits.
fn java_length(length: usize) -> jint {
    jint::try_from(length).unwrap_or(jint::MAX)
}

/// Runs a call that may wait, on the socket of that number.
fn call(number: i64, call: impl FnOnce(&OpenSocket) -> Result<jint, WaitError>) -> jint {
    let borrowed = SOCKETS.borrow(number);
    match borrowed.as_ref().and_then(Borrowed::object) {
        Some(open) => call(open).unwrap_or_else(wait_error_code),
        None => CLOSED,
    }
}

/// Runs a call that never waits.
fn at_once(number: i64, at_once: impl FnOnce(&OpenSocket) -> Result<jint, Errno>) -> jint {
    call(number, |open| at_once(open).map_err(WaitError::Os))
}

/// Milliseconds; below zero is without a limit, zero is no waiting. The descriptors are non-blocking, as a virtual
/// thread needs them, so that the wait is always the core's.
fn policy(milliseconds: jint) -> WaitPolicy {
    let timeout = u64::try_from(milliseconds).map_or(Duration::MAX, Duration::from_millis);
    WaitPolicy { timeout: Some(timeout), on_interrupt: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_java_has_these_numbers() {
        let java = include_str!("../main/java/io/capsock/net/ErrorCodes.java");
        let numbers = [
            ("TIMED_OUT", TIMED_OUT),
            ("CLOSED", CLOSED),
            ("INTERNAL", INTERNAL),
            ("EAGAIN", -libc::EAGAIN),
            ("EACCES", -libc::EACCES),
            ("EPROTO", -libc::EPROTO),
            ("EMSGSIZE", -libc::EMSGSIZE),
            ("EADDRINUSE", -libc::EADDRINUSE),
            ("EADDRNOTAVAIL", -libc::EADDRNOTAVAIL),
            ("ECONNABORTED", -libc::ECONNABORTED),
            ("ECONNRESET", -libc::ECONNRESET),
            ("ENOTCONN", -libc::ENOTCONN),
            ("ETIMEDOUT", -libc::ETIMEDOUT),
            ("ECONNREFUSED", -libc::ECONNREFUSED),
            ("EHOSTUNREACH", -libc::EHOSTUNREACH),
            ("EALREADY", -libc::EALREADY),
            ("EINPROGRESS", -libc::EINPROGRESS),
        ];
        for (name, number) in numbers {
            let digits = number.to_string().replace("100", "100_");
            let line = format!(
                "static final int {name} = {};",
                if number < -1000 { digits } else { number.to_string() }
            );
            assert!(java.contains(&line), "{line}");
        }
    }
}
