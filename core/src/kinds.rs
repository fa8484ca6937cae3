//! The kinds of error, with their stable numbers.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

/// What went wrong, as a caller would tell the cases apart.
///
/// The numbers are the status codes of the C library, where 0 is success. No number changes its meaning or is
/// used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is out of its range, or has a form that the call does not accept; nothing was done.
    InvalidArgument = 1,
    /// The time limit of the call passed (ETIMEDOUT), or it had none and would have had to wait.
    TimedOut = 2,
    /// A signal handler ran, and the caller had asked for that to end the call (EINTR).
    Interrupted = 3,
    /// The client, server or socket was closed, before the call or by another thread during it.
    Closed = 4,
    /// No program listens on that port (ECONNREFUSED).
    ConnectionRefused = 5,
    /// The peer reset the connection (ECONNRESET, EPIPE, ECONNABORTED).
    ConnectionReset = 6,
    /// The peer closed the connection before the whole reply had arrived.
    ConnectionClosed = 7,
    /// Another socket has that address and port (EADDRINUSE).
    AddressInUse = 8,
    /// This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).
    AddressNotAvailable = 9,
    /// The name has no address; the error has the number of getaddrinfo(3).
    NameNotResolved = 10,
    /// No route leads to that address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).
    Unreachable = 11,
    /// The system does not permit it (EACCES, EPERM).
    PermissionDenied = 12,
    /// The message does not fit: a datagram, a limit, a buffer (EMSGSIZE).
    TooLarge = 13,
    /// The system, or the present state of the object, does not support it (EOPNOTSUPP).
    Unsupported = 14,
    /// No descriptor, memory, thread or process is available (EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN).
    OutOfResources = 15,
    /// The reply is not valid UTF-8, or in C has a NUL inside, and text was asked for; ask for bytes.
    InvalidText = 16,
    /// Reading the input or writing the output of a copy failed, not the network.
    InputOutput = 17,
    /// The system reported something else; the error has its number.
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
