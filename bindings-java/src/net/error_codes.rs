//! The negative numbers that a native method returns for an error, as in `ErrorCodes.java`.

use capsock::net::{Errno, WaitError};
use jni::sys::jint;

/// The errors of the system that `ErrorCodes.java` names, and their numbers there, which are Linux'.
const NAMED: [(i32, jint); 14] = [
    (libc::EAGAIN, 11),
    (libc::ECONNREFUSED, 111),
    (libc::ECONNRESET, 104),
    (libc::EINPROGRESS, 115),
    (libc::EALREADY, 114),
    (libc::ECONNABORTED, 103),
    (libc::EMSGSIZE, 90),
    (libc::EADDRINUSE, 98),
    (libc::EADDRNOTAVAIL, 99),
    (libc::EACCES, 13),
    (libc::ENOTCONN, 107),
    (libc::ETIMEDOUT, 110),
    (libc::EHOSTUNREACH, 113),
    (libc::EPROTO, 71),
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
    code_in(&NAMED, errno)
}

/// The error that has the code.
pub(super) fn errno_of(code: jint) -> Errno {
    errno_in(&NAMED, code)
}

fn code_in(named: &[(i32, jint)], Errno(errno): Errno) -> jint {
    let named = named.iter().find(|(system, _)| *system == errno);
    -named.map_or(OTHERS + errno, |(_, number)| *number)
}

fn errno_in(named: &[(i32, jint)], code: jint) -> Errno {
    let named = named.iter().find(|(_, number)| *number == -code);
    Errno(named.map_or(-code - OTHERS, |(system, _)| *system))
}

pub(super) fn wait_error_code(error: WaitError) -> jint {
    match error {
        WaitError::TimedOut => TIMED_OUT,
        WaitError::Woken => CLOSED,
        // Not expected: the wait policy has no `on_interrupt`.
        WaitError::Interrupted => errno_code(Errno(libc::EINTR)),
        // The number of a descriptor in use is not reused, so the socket was closed before the system call.
        WaitError::Os(Errno(libc::EBADF)) => CLOSED,
        WaitError::Os(errno) => errno_code(errno),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn error_codes_java_has_these_numbers() {
        let java = include_str!("../main/java/io/capsock/net/ErrorCodes.java");
        let own = [("TIMED_OUT", TIMED_OUT), ("CLOSED", CLOSED), ("INTERNAL", INTERNAL)];
        let errors = [
            ("EAGAIN", libc::EAGAIN),
            ("EACCES", libc::EACCES),
            ("EPROTO", libc::EPROTO),
            ("EMSGSIZE", libc::EMSGSIZE),
            ("EADDRINUSE", libc::EADDRINUSE),
            ("EADDRNOTAVAIL", libc::EADDRNOTAVAIL),
            ("ECONNABORTED", libc::ECONNABORTED),
            ("ECONNRESET", libc::ECONNRESET),
            ("ENOTCONN", libc::ENOTCONN),
            ("ETIMEDOUT", libc::ETIMEDOUT),
            ("ECONNREFUSED", libc::ECONNREFUSED),
            ("EHOSTUNREACH", libc::EHOSTUNREACH),
            ("EALREADY", libc::EALREADY),
            ("EINPROGRESS", libc::EINPROGRESS),
        ];
        assert_eq!(errors.len(), NAMED.len());
        for (name, number) in
            own.into_iter().chain(errors.map(|(name, errno)| (name, errno_code(Errno(errno)))))
        {
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
        // EAGAIN, ECONNREFUSED and ECONNRESET of the systems. macOS has other errors at Linux' numbers.
        let macos = [(35, 11), (61, 111), (54, 104)];
        let windows = [(10035, 11), (10061, 111), (10054, 104)];
        for named in [&NAMED[..], &macos, &windows] {
            let mut codes = HashSet::from([TIMED_OUT, CLOSED, INTERNAL]);
            for errno in (1..200).chain(10_000..12_000) {
                let code = code_in(named, Errno(errno));
                assert!(code < 0 && code > TIMED_OUT && codes.insert(code), "{errno}: {code}");
                assert_eq!(errno_in(named, code), Errno(errno));
            }
        }
    }
}
