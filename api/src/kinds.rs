//! The kinds of error.

use crate::model::{ErrorKind, Value};

/// The documentation of the kinds.
pub const SENTENCE: &str = "The kinds of error that a caller can distinguish.";

/// The kinds, in the order of their numbers, from 1 on. In C, 0 is success.
pub const KINDS: &[ErrorKind] = &[
    kind(
        1,
        "invalid-argument",
        "IllegalArgumentException",
        "ValueError",
        "An argument is out of range or has a form that the call does not accept; the call had no effect.",
    ),
    kind(
        2,
        "timed-out",
        "SocketTimeoutException",
        "TimeoutError",
        "The time limit of the call passed (ETIMEDOUT), or a non-blocking call would have blocked.",
    ),
    kind(
        3,
        "interrupted",
        "InterruptedIOException",
        "InterruptedError",
        "A signal handler ran during a call that signals may interrupt (EINTR).",
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
        "No program listens on the port (ECONNREFUSED).",
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
        "Another socket uses the address and port (EADDRINUSE).",
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
        "The name could not be resolved; the error has the number of getaddrinfo(3).",
    ),
    kind(
        11,
        "unreachable",
        "NoRouteToHostException",
        "OSError",
        "There is no route to the address (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).",
    ),
    kind(
        12,
        "permission-denied",
        "SocketException",
        "PermissionError",
        "The system does not permit the operation (EACCES, EPERM).",
    ),
    kind(
        13,
        "too-large",
        "SocketException",
        "OSError",
        "The message exceeds the length of a datagram, a limit or a buffer (EMSGSIZE).",
    ),
    kind(
        14,
        "unsupported",
        "UnsupportedOperationException",
        "OSError",
        "The system, or the object in its present state, does not support the operation (EOPNOTSUPP).",
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
        "The call returns text, but the reply is not valid UTF-8, or in C contains a NUL; use the call that returns \
         bytes.",
    ),
    kind(
        17,
        "input-output",
        "IOException",
        "OSError",
        "Reading the input or writing the output of a copy failed; the network did not.",
    ),
    kind(18, "other", "SocketException", "OSError", "Another error of the system; the error has its number."),
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
