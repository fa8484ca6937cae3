//! The status codes: the core's kinds of error by their stable numbers.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use capsock::ErrorKind;

/// What a call returned. No number changes its meaning or is used again; a later version may add
/// some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum capsock_status {
    /// The call succeeded.
    CAPSOCK_OK = 0,
    /// An argument is out of range or has a form that the call does not accept; the call had no
    /// effect.
    CAPSOCK_INVALID_ARGUMENT = 1,
    /// The time limit of the call passed (ETIMEDOUT), or a non-blocking call would have blocked.
    CAPSOCK_TIMED_OUT = 2,
    /// A signal handler ran during a call that signals may interrupt (EINTR).
    CAPSOCK_INTERRUPTED = 3,
    /// The client, server or socket was closed, before the call or by another thread during it.
    CAPSOCK_CLOSED = 4,
    /// No program listens on the port (ECONNREFUSED).
    CAPSOCK_CONNECTION_REFUSED = 5,
    /// The peer reset the connection (ECONNRESET, EPIPE, ECONNABORTED).
    CAPSOCK_CONNECTION_RESET = 6,
    /// The peer closed the connection before the whole reply had arrived.
    CAPSOCK_CONNECTION_CLOSED = 7,
    /// Another socket uses the address and port (EADDRINUSE).
    CAPSOCK_ADDRESS_IN_USE = 8,
    /// This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).
    CAPSOCK_ADDRESS_NOT_AVAILABLE = 9,
    /// The name could not be resolved; the error has the number of getaddrinfo(3).
    CAPSOCK_NAME_NOT_RESOLVED = 10,
    /// There is no route to the address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).
    CAPSOCK_UNREACHABLE = 11,
    /// The system does not permit the operation (EACCES, EPERM).
    CAPSOCK_PERMISSION_DENIED = 12,
    /// The message exceeds the length of a datagram, a limit or a buffer (EMSGSIZE).
    CAPSOCK_TOO_LARGE = 13,
    /// The system, or the object in its present state, does not support the operation (EOPNOTSUPP).
    CAPSOCK_UNSUPPORTED = 14,
    /// No descriptor, memory, thread or process is available (EMFILE, ENFILE, ENOMEM, ENOBUFS,
    /// EAGAIN).
    CAPSOCK_OUT_OF_RESOURCES = 15,
    /// The call returns text, but the reply is not valid UTF-8, or in C contains a NUL; use the
    /// call that returns bytes.
    CAPSOCK_INVALID_TEXT = 16,
    /// Reading the input or writing the output of a copy failed; the network did not.
    CAPSOCK_INPUT_OUTPUT = 17,
    /// Another error of the system; the error has its number.
    CAPSOCK_OTHER = 18,
    /// A defect of capsock itself; please report it with the text of the error.
    CAPSOCK_INTERNAL = 19,
}

impl From<ErrorKind> for capsock_status {
    fn from(kind: ErrorKind) -> capsock_status {
        use capsock_status::*;
        match kind {
            ErrorKind::InvalidArgument => CAPSOCK_INVALID_ARGUMENT,
            ErrorKind::TimedOut => CAPSOCK_TIMED_OUT,
            ErrorKind::Interrupted => CAPSOCK_INTERRUPTED,
            ErrorKind::Closed => CAPSOCK_CLOSED,
            ErrorKind::ConnectionRefused => CAPSOCK_CONNECTION_REFUSED,
            ErrorKind::ConnectionReset => CAPSOCK_CONNECTION_RESET,
            ErrorKind::ConnectionClosed => CAPSOCK_CONNECTION_CLOSED,
            ErrorKind::AddressInUse => CAPSOCK_ADDRESS_IN_USE,
            ErrorKind::AddressNotAvailable => CAPSOCK_ADDRESS_NOT_AVAILABLE,
            ErrorKind::NameNotResolved => CAPSOCK_NAME_NOT_RESOLVED,
            ErrorKind::Unreachable => CAPSOCK_UNREACHABLE,
            ErrorKind::PermissionDenied => CAPSOCK_PERMISSION_DENIED,
            ErrorKind::TooLarge => CAPSOCK_TOO_LARGE,
            ErrorKind::Unsupported => CAPSOCK_UNSUPPORTED,
            ErrorKind::OutOfResources => CAPSOCK_OUT_OF_RESOURCES,
            ErrorKind::InvalidText => CAPSOCK_INVALID_TEXT,
            ErrorKind::InputOutput => CAPSOCK_INPUT_OUTPUT,
            ErrorKind::Internal => CAPSOCK_INTERNAL,
            _ => CAPSOCK_OTHER,
        }
    }
}
