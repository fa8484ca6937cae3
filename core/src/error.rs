//! The error type of the library: the operation that failed, its address, the reason, and advice.
//!
//! Each binding translates [`ErrorKind`] in one place. The numbers of the kinds are the C status codes: a number is
//! never changed or reused.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use crate::kinds::ErrorKind;
use crate::netc;

impl ErrorKind {
    fn of_errno(errno: i32) -> ErrorKind {
        match errno {
            netc::EINVAL | netc::EDOM => ErrorKind::InvalidArgument,
            netc::ETIMEDOUT => ErrorKind::TimedOut,
            netc::EINTR => ErrorKind::Interrupted,
            netc::ECONNREFUSED => ErrorKind::ConnectionRefused,
            netc::ECONNRESET | netc::EPIPE | netc::ECONNABORTED => ErrorKind::ConnectionReset,
            netc::EADDRINUSE => ErrorKind::AddressInUse,
            netc::EADDRNOTAVAIL | netc::EAFNOSUPPORT => ErrorKind::AddressNotAvailable,
            netc::ENETUNREACH | netc::EHOSTUNREACH | netc::ENETDOWN | netc::EHOSTDOWN => {
                ErrorKind::Unreachable
            }
            netc::EACCES | netc::EPERM => ErrorKind::PermissionDenied,
            netc::EMSGSIZE => ErrorKind::TooLarge,
            netc::EOPNOTSUPP | netc::ENOSYS | netc::EPROTONOSUPPORT | netc::ENOPROTOOPT => {
                ErrorKind::Unsupported
            }
            netc::EMFILE | netc::ENFILE | netc::ENOMEM | netc::ENOBUFS | netc::EAGAIN => {
                ErrorKind::OutOfResources
            }
            _ => ErrorKind::Other,
        }
    }

    /// What the user may do about any error of this kind.
    fn advice(self) -> Option<&'static str> {
        Some(match self {
            ErrorKind::TimedOut => {
                "it may be busy, or packets get lost on the way; a longer timeout may help"
            }
            ErrorKind::ConnectionRefused => "is a server running on that port?",
            ErrorKind::AddressInUse => "stop the other program, or take another port (0 picks a free one)",
            ErrorKind::AddressNotAvailable => {
                "use an address of this machine, or an empty host for all of them"
            }
            ErrorKind::NameNotResolved => "check the spelling, or give the IP address",
            ErrorKind::Unreachable => "check the address and the network",
            ErrorKind::OutOfResources => "raise the limit (ulimit -n, ulimit -u) or close something",
            ErrorKind::InvalidText => "use the call that returns bytes",
            ErrorKind::ConnectionReset | ErrorKind::ConnectionClosed => {
                "the server may have stopped, or refused the request; see its log"
            }
            ErrorKind::Internal => "this is a defect of capsock; please report it with this text",
            _ => return None,
        })
    }
}

/// An error of the library. Its text is one sentence, with the operation, the address, the reason and advice:
/// `could not connect to 127.0.0.1:12000: Connection refused (ECONNREFUSED); is a server running on that port?`
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorDetails>);

/// The result of a call that may fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, PartialEq, Eq)]
struct ErrorDetails {
    kind: ErrorKind,
    errno: Option<i32>,
    gai_code: Option<i32>,
    /// Continues "could not".
    operation: String,
    address: Option<String>,
    reason: String,
    /// The time limit that passed.
    limit: Option<Duration>,
    advice: Option<String>,
}

impl Error {
    /// An error that no system call reported. `operation` continues "could not", and `reason` says why.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: impl Into<String>, reason: impl Into<String>) -> Error {
        Error(Box::new(ErrorDetails {
            kind,
            errno: None,
            gai_code: None,
            operation: operation.into(),
            address: None,
            reason: reason.into(),
            limit: None,
            advice: kind.advice().map(str::to_owned),
        }))
    }

    /// `InvalidArgument`: the call was refused and had no effect.
    #[must_use]
    pub fn invalid(operation: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidArgument, operation, reason)
    }

    /// The error of a system call, by its number (errno(3)). `operation` continues "could not".
    #[must_use]
    pub fn os(errno: i32, operation: impl Into<String>) -> Error {
        let mut error = Error::new(ErrorKind::of_errno(errno), operation, describe(errno));
        error.0.errno = Some(errno);
        error
    }

    /// `TimedOut`: a non-blocking call would have blocked (EAGAIN, EINPROGRESS). The error has that number.
    pub(crate) fn would_wait(errno: i32, operation: impl Into<String>) -> Error {
        let mut error = Error::new(ErrorKind::TimedOut, operation, describe(errno));
        error.0.errno = Some(errno);
        error
    }

    /// The error of a call that panicked; `payload` is what `catch_unwind` returned.
    #[doc(hidden)]
    #[must_use]
    pub fn panicked(payload: &(dyn Any + Send)) -> Error {
        Error::new(ErrorKind::Internal, "finish the call", describe_panic(payload))
    }

    /// `InputOutput`: reading the caller's input or writing its output failed. The error has the number, if any.
    pub(crate) fn input_output(error: &std::io::Error, operation: impl Into<String>) -> Error {
        let errno = error.raw_os_error();
        let reason = errno.map_or_else(|| error.to_string(), describe);
        let mut error = Error::new(ErrorKind::InputOutput, operation, reason);
        error.0.errno = errno;
        error
    }

    /// `NameNotResolved`: getaddrinfo(3) returned `code` and described it as `text`.
    pub(crate) fn gai(code: i32, errno: Option<i32>, text: String, name: &str) -> Error {
        let mut error = Error::new(ErrorKind::NameNotResolved, "find the address of", text);
        error.0.gai_code = Some(code);
        error.0.errno = errno;
        error.at(name)
    }

    /// The error with the address or name in its text.
    #[must_use]
    pub fn at(mut self, address: impl fmt::Display) -> Error {
        self.0.address = Some(address.to_string());
        self
    }

    /// The same error of another kind than that of its number.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    /// The error with advice that replaces the general advice of its kind.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Error {
        self.0.advice = Some(advice.into());
        self
    }

    /// The same error of bind(2), with what to try where the port is a privileged one (ip(7)).
    pub(crate) fn advise_on_port(self, address: &SocketAddr) -> Error {
        if self.0.kind == ErrorKind::PermissionDenied && (1..1024).contains(&address.port()) {
            return self.advise("ports below 1024 are for privileged programs; take a higher one");
        }
        self
    }

    /// The error with the time limit in its text, if its kind is `TimedOut` and it has no limit yet.
    pub(crate) fn with_timeout(mut self, limit: Option<Duration>) -> Error {
        if let (ErrorKind::TimedOut, None) = (self.0.kind, self.0.limit) {
            self.0.limit = limit;
        }
        self
    }

    /// The error with details behind its reason, in parentheses.
    pub(crate) fn adding(mut self, details: impl fmt::Display) -> Error {
        self.0.reason = format!("{} ({details})", self.0.reason);
        self
    }

    /// The kind of the error, which each binding translates into its own form.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The error number (errno(3)) that a system call reported, or the usual number of the kind, such as `ETIMEDOUT`
    /// for a time limit that passed. `None` if there is neither.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        self.0.errno.or(match self.0.kind {
            ErrorKind::InvalidArgument => Some(netc::EINVAL),
            ErrorKind::TimedOut => Some(netc::ETIMEDOUT),
            ErrorKind::Interrupted => Some(netc::EINTR),
            ErrorKind::Closed => Some(netc::EBADF),
            ErrorKind::ConnectionClosed => Some(netc::ECONNRESET),
            ErrorKind::TooLarge => Some(netc::EMSGSIZE),
            ErrorKind::Unsupported => Some(netc::EOPNOTSUPP),
            _ => None,
        })
    }

    /// The `EAI_` number of getaddrinfo(3), if the kind is [`ErrorKind::NameNotResolved`].
    #[must_use]
    pub fn gai_code(&self) -> Option<i32> {
        self.0.gai_code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.0.operation)?;
        if let Some(address) = &self.0.address {
            write!(f, " {address}")?;
        }
        write!(f, ": {}", self.0.reason)?;
        if let Some(limit) = self.0.limit {
            write!(f, " (the limit is {} s)", limit.as_secs_f64())?;
        }
        match &self.0.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    /// The text of [`Display`](fmt::Display), which a program with `main() -> Result<(), Error>` then prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> std::io::Error {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            ErrorKind::InvalidArgument => Io::InvalidInput,
            ErrorKind::TimedOut => Io::TimedOut,
            ErrorKind::Interrupted => Io::Interrupted,
            ErrorKind::Closed => Io::NotConnected,
            ErrorKind::ConnectionRefused => Io::ConnectionRefused,
            ErrorKind::ConnectionReset => Io::ConnectionReset,
            ErrorKind::ConnectionClosed => Io::UnexpectedEof,
            ErrorKind::AddressInUse => Io::AddrInUse,
            ErrorKind::AddressNotAvailable => Io::AddrNotAvailable,
            ErrorKind::Unreachable => Io::HostUnreachable,
            ErrorKind::PermissionDenied => Io::PermissionDenied,
            ErrorKind::Unsupported => Io::Unsupported,
            ErrorKind::InvalidText => Io::InvalidData,
            _ => Io::Other,
        };
        std::io::Error::new(kind, error)
    }
}

/// What happened where a panic ended a call, with the panic's text.
pub(crate) fn describe_panic(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    match text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)) {
        Some(text) => format!("it panicked: {text}"),
        None => "it panicked without a text".to_owned(),
    }
}

/// The system's text for an error number, and its name: `Connection refused (ECONNREFUSED)`.
pub(crate) fn describe(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    let text = text.rsplit_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    // Windows has whole sentences.
    let text = text.trim_end_matches('.');
    match netc::errno_name(errno) {
        Some(name) => format!("{text} ({name})"),
        None => format!("{text} (errno {errno})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_consecutive_from_one() {
        for (index, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.number(), index as i32 + 1);
        }
    }

    #[test]
    fn the_text_of_a_panic() {
        type Panic = fn(&str);
        let table: [(Panic, &str); 3] = [
            (|_| panic!("a plain text"), "it panicked: a plain text;"),
            (|name| panic!("a text with a {name}"), "it panicked: a text with a name;"),
            (|_| std::panic::panic_any(7), "it panicked without a text;"),
        ];
        for (panic, expected) in table {
            let payload = std::panic::catch_unwind(|| panic("name")).expect_err("it panics");
            let error = Error::panicked(payload.as_ref());
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn the_text_has_the_operation_address_reason_and_advice() {
        let error = Error::os(netc::ECONNREFUSED, "connect to").at("127.0.0.1:12000");
        let name = if cfg!(windows) { "WSAECONNREFUSED" } else { "ECONNREFUSED" };
        let text = error.to_string();
        assert!(text.starts_with("could not connect to 127.0.0.1:12000: "), "{text}");
        assert!(text.ends_with(&format!(" ({name}); is a server running on that port?")), "{text}");
        assert_eq!((error.kind(), error.errno()), (ErrorKind::ConnectionRefused, Some(netc::ECONNREFUSED)));
    }
}
