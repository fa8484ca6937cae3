//! The kinds of error, with their stable numbers.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

/// The kinds of error that a caller can distinguish.
///
/// The numbers are the status codes of the C library, where 0 is success. No number changes its meaning or is
/// used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is out of range or has a form that the call does not accept; the call had no effect.
    InvalidArgument = 1,
    /// The time limit of the call passed (ETIMEDOUT), or a non-blocking call would have blocked.
    TimedOut = 2,
    /// A signal handler ran during a call that signals may interrupt (EINTR).
    Interrupted = 3,
    /// The client, server or socket was closed, before the call or by another thread during it.
    Closed = 4,
    /// No program listens on the port (ECONNREFUSED).
    ConnectionRefused = 5,
    /// The peer reset the connection (ECONNRESET, EPIPE, ECONNABORTED).
    ConnectionReset = 6,
    /// The peer closed the connection before the whole reply had arrived.
    ConnectionClosed = 7,
    /// Another socket uses the address and port (EADDRINUSE).
    AddressInUse = 8,
    /// This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).
    AddressNotAvailable = 9,
    /// The name could not be resolved; the error has the number of getaddrinfo(3).
    NameNotResolved = 10,
    /// There is no route to the address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).
    Unreachable = 11,
    /// The system does not permit the operation (EACCES, EPERM).
    PermissionDenied = 12,
    /// The message exceeds the length of a datagram, a limit or a buffer (EMSGSIZE).
    TooLarge = 13,
    /// The system, or the object in its present state, does not support the operation (EOPNOTSUPP).
    Unsupported = 14,
    /// No descriptor, memory, thread or process is available (EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN).
    OutOfResources = 15,
    /// The call returns text, but the reply is not valid UTF-8, or in C contains a NUL; use the call that
    /// returns bytes.
    InvalidText = 16,
    /// Reading the input or writing the output of a copy failed; the network did not.
    InputOutput = 17,
    /// Another error of the system; the error has its number.
    Other = 18,
    /// A defect of capsock itself; please report it with the text of the error.
    Internal = 19,
}

impl ErrorKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [ErrorKind; 19] = [
        ErrorKind::InvalidArgument,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
        ErrorKind::Closed,
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionClosed,
        ErrorKind::AddressInUse,
        ErrorKind::AddressNotAvailable,
        ErrorKind::NameNotResolved,
        ErrorKind::Unreachable,
        ErrorKind::PermissionDenied,
        ErrorKind::TooLarge,
        ErrorKind::Unsupported,
        ErrorKind::OutOfResources,
        ErrorKind::InvalidText,
        ErrorKind::InputOutput,
        ErrorKind::Other,
        ErrorKind::Internal,
    ];

    /// The stable number: the C status code.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }
}
