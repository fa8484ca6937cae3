//! The negative numbers that a native method returns for an error, as in `ErrorCodes.java`.

use capsock::net::{Errno, WaitError};
use jni::sys::jint;

use super::numbers::{EBADF, EINTR, NAMED_ERRORS, NamedErrors};

/// The errors that `ErrorCodes.java` names, and their numbers there, which are Linux'.
const CODES: [(&str, jint); 14] = [
    ("EAGAIN", 11),
    ("ECONNREFUSED", 111),
    ("ECONNRESET", 104),
    ("EINPROGRESS", 115),
    ("EALREADY", 114),
    ("ECONNABORTED", 103),
    ("EMSGSIZE", 90),
    ("EADDRINUSE", 98),
    ("EADDRNOTAVAIL", 99),
    ("EACCES", 13),
    ("ENOTCONN", 107),
    ("ETIMEDOUT", 110),
    ("EHOSTUNREACH", 113),
    ("EPROTO", 71),
];

/// Added to the system's number of any other error, so that it is none of the named.
const OTHERS: jint = 1000;

/// `ErrorCodes.TIMED_OUT`. The codes of the system's errors are greater than these.
const TIMED_OUT: jint = -100_001;

/// `ErrorCodes.CLOSED`: the socket was closed before the call or during it.
pub(super) const CLOSED: jint = -100_002;

/// `ErrorCodes.INTERNAL`: a defect of capsock itself.
pub(super) const INTERNAL: jint = -100_003;

pub(super) fn errno_code(errno: Errno) -> jint {
    code_in(&NAMED_ERRORS, errno)
}

/// The error that has the code.
pub(super) fn errno_of(code: jint) -> Errno {
    errno_in(&NAMED_ERRORS, code)
}

fn code_in(named: &NamedErrors, Errno(errno): Errno) -> jint {
    let named = named.iter().zip(CODES).find(|(system, _)| **system == Some(errno));
    -named.map_or(OTHERS + errno, |(_, (_, number))| number)
}

fn errno_in(named: &NamedErrors, code: jint) -> Errno {
    let named = named.iter().zip(CODES).find(|(_, (_, number))| *number == -code);
    Errno(named.and_then(|(system, _)| *system).unwrap_or(-code - OTHERS))
}

pub(super) fn wait_error_code(error: WaitError) -> jint {
    match error {
        WaitError::TimedOut => TIMED_OUT,
        WaitError::Woken => CLOSED,
        // Not expected: the wait policy has no `on_interrupt`.
        WaitError::Interrupted => errno_code(Errno(EINTR)),
        // The number of a descriptor in use is not reused, so the socket was closed before the system call.
        WaitError::Os(Errno(EBADF)) => CLOSED,
        WaitError::Os(errno) => errno_code(errno),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// As `numbers/windows.rs` has them, for the tests on other systems.
    const WINDOWS: NamedErrors = [
        Some(10035),
        Some(10061),
        Some(10054),
        Some(10036),
        Some(10037),
        Some(10053),
        Some(10040),
        Some(10048),
        Some(10049),
        None,
        None,
        Some(10060),
        Some(10065),
        None,
    ];

    #[cfg(windows)]
    #[test]
    fn the_table_of_windows_is_that_of_its_headers() {
        assert_eq!(NAMED_ERRORS, WINDOWS);
    }

    #[test]
    fn error_codes_java_has_these_numbers() {
        let java = include_str!("../main/java/io/capsock/net/ErrorCodes.java");
        let own = [("TIMED_OUT", TIMED_OUT), ("CLOSED", CLOSED), ("INTERNAL", INTERNAL)];
        let named = CODES.map(|(name, number)| (name, -number));
        for (name, number) in own.into_iter().chain(named) {
            let digits = number.to_string().replace("100", "100_");
            let line = format!(
                "static final int {name} = {};",
                if number < -1000 { digits } else { number.to_string() }
            );
            assert!(java.contains(&line), "{line}");
        }
    }

    #[test]
    fn each_error_of_each_system_has_a_code_of_its_own() {
        // macOS has other errors at Linux' numbers. Windows has no numbers below 10,000 here, of errors of sockets.
        let macos = [35, 61, 54, 36, 37, 53, 40, 48, 49, 13, 57, 60, 65, 100].map(Some);
        for named in [&NAMED_ERRORS, &macos, &WINDOWS] {
            let mut codes = HashSet::from([TIMED_OUT, CLOSED, INTERNAL]);
            for errno in (1..200).chain(10_000..12_000) {
                let code = code_in(named, Errno(errno));
                assert!(code < 0 && code > TIMED_OUT && codes.insert(code), "{errno}: {code}");
                assert_eq!(errno_in(named, code), Errno(errno));
            }
        }
    }
}
