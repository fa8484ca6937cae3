//! The kinds of error.

use crate::model::{ErrorKind, Value};

/// What an error kind is.
pub const SENTENCE: &str = "What went wrong, as a caller would tell the cases apart.";

/// The kinds, in the order of their numbers, from 1 on. 0 is the success of C.
pub const KINDS: &[ErrorKind] = &[
    kind(
        1,
        "invalid-argument",
        "IllegalArgumentException",
        "ValueError",
        "An argument is out of its range, or has a form that the call does not accept; nothing was done.",
    ),
    kind(
        2,
        "timed-out",
        "SocketTimeoutException",
        "TimeoutError",
        "The time limit of the call passed (ETIMEDOUT), or it had none and would have had to wait.",
    ),
    kind(
        3,
        "interrupted",
        "InterruptedIOException",
        "InterruptedError",
        "A signal handler ran, and the caller had asked for that to end the call (EINTR).",
    ),
    kind(
        4,
        "closed",
        "SocketException",
        "OSError",
        "The client, server or socket was closed, before the call or by another thread during it.",
    ),
    kind(
        5,
        "connection-refused",
        "ConnectException",
        "ConnectionRefusedError",
        "No program listens on that port (ECONNREFUSED).",
    ),
    kind(
        6,
        "connection-reset",
        "SocketException",
        "ConnectionResetError",
        "The peer reset the connection (ECONNRESET, EPIPE, ECONNABORTED).",
    ),
    kind(
        7,
        "connection-closed",
        "EOFException",
        "ConnectionResetError",
        "The peer closed the connection before the whole reply had arrived.",
    ),
    kind(
        8,
        "address-in-use",
        "BindException",
        "OSError",
        "Another socket has that address and port (EADDRINUSE).",
    ),
    kind(
        9,
        "address-not-available",
        "BindException",
        "OSError",
        "This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).",
    ),
    kind(
        10,
        "name-not-resolved",
        "UnknownHostException",
        "socket.gaierror",
        "The name has no address; the error has the number of getaddrinfo(3).",
    ),
    kind(
        11,
        "unreachable",
        "NoRouteToHostException",
        "OSError",
        "No route leads to that address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).",
    ),
    kind(
        12,
        "permission-denied",
        "SocketException",
        "PermissionError",
        "The system does not permit it (EACCES, EPERM).",
    ),
    kind(
        13,
        "too-large",
        "SocketException",
        "OSError",
        "The message does not fit: a datagram, a limit, a buffer (EMSGSIZE).",
    ),
    kind(
        14,
        "unsupported",
        "UnsupportedOperationException",
        "OSError",
        "The system, or the present state of the object, does not support it (EOPNOTSUPP).",
    ),
    kind(
        15,
        "out-of-resources",
        "SocketException",
        "OSError",
        "No descriptor, memory, thread or process is available (EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN).",
    ),
    kind(
        16,
        "invalid-text",
        "CharacterCodingException",
        "UnicodeError",
        "The reply is not valid UTF-8, or in C has a NUL inside, and text was asked for; ask for bytes.",
    ),
    kind(
        17,
        "input-output",
        "IOException",
        "OSError",
        "Reading the input or writing the output of a copy failed, not the network.",
    ),
    kind(
        18,
        "other",
        "SocketException",
        "OSError",
        "The system reported something else; the error has its number.",
    ),
    kind(
        19,
        "internal",
        "RuntimeException",
        "RuntimeError",
        "A defect of capsock itself; please report it with the text of the error.",
    ),
];

const fn kind(
    number: u64,
    name: &'static str,
    java: &'static str,
    python: &'static str,
    sentence: &'static str,
) -> ErrorKind {
    ErrorKind { value: Value { name, number, sentence }, java, python }
}
