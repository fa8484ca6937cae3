//! The status codes: the core's error kinds by their stable numbers.

use capsock::ErrorKind;

/// What a call returned. The numbers never change and are never used for anything else; a later
/// version may add some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum capsock_status {
    /// The call did what it was asked.
    CAPSOCK_OK = 0,
    /// An argument is not one that the call takes (NULL, not UTF-8, out of range); nothing was done.
    CAPSOCK_INVALID_ARGUMENT = 1,
    /// The time allowed for the call ran out, or there was none and it would have had to wait.
    CAPSOCK_TIMED_OUT = 2,
    /// A signal arrived and the caller had asked to be told.
    CAPSOCK_INTERRUPTED = 3,
    /// The client, server or socket was closed, before the call or by another thread during it.
    CAPSOCK_CLOSED = 4,
    /// Nothing listens on that port (ECONNREFUSED).
    CAPSOCK_CONNECTION_REFUSED = 5,
    /// The peer broke the connection off (ECONNRESET, EPIPE, ECONNABORTED).
    CAPSOCK_CONNECTION_RESET = 6,
    /// The peer closed the connection in good order before the whole reply had come.
    CAPSOCK_CONNECTION_CLOSED = 7,
    /// Another socket has that address and port (EADDRINUSE).
    CAPSOCK_ADDRESS_IN_USE = 8,
    /// This machine has no such address (EADDRNOTAVAIL, EAFNOSUPPORT).
    CAPSOCK_ADDRESS_NOT_AVAILABLE = 9,
    /// The name has no address; `capsock_last_gai_code` has getaddrinfo(3)'s number.
    CAPSOCK_NAME_NOT_RESOLVED = 10,
    /// No route leads there (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN).
    CAPSOCK_UNREACHABLE = 11,
    /// The system does not permit it (EACCES, EPERM).
    CAPSOCK_PERMISSION_DENIED = 12,
    /// The text does not fit: a datagram, a limit, a buffer (EMSGSIZE).
    CAPSOCK_TOO_LARGE = 13,
    /// The system, or the state that the object is in, does not support it.
    CAPSOCK_UNSUPPORTED = 14,
    /// Out of descriptors, memory, threads or processes.
    CAPSOCK_OUT_OF_RESOURCES = 15,
    /// The reply cannot be C text, not being UTF-8 or having a NUL inside; ask for bytes.
    CAPSOCK_INVALID_TEXT = 16,
    /// Reading the input or writing the output of a copy failed, not the network.
    CAPSOCK_INPUT_OUTPUT = 17,
    /// The system reported something else; `capsock_last_errno` has its number.
    CAPSOCK_OTHER = 18,
    /// A defect of capsock itself; please report it with the text of `capsock_last_error`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_kind_keeps_its_number_and_its_name() {
        for kind in ErrorKind::ALL {
            let status = capsock_status::from(kind);
            assert_eq!(status as i32, kind.number());
            assert_eq!(camel_case(&format!("{status:?}")), format!("{kind:?}"));
        }
        assert_eq!(capsock_status::CAPSOCK_OK as i32, 0);
    }

    fn camel_case(constant: &str) -> String {
        let words = constant.strip_prefix("CAPSOCK_").expect("the prefix of all constants").split('_');
        words.map(|word| word[..1].to_owned() + &word[1..].to_lowercase()).collect()
    }
}
