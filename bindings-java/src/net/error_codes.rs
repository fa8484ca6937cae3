//! The negative numbers that a native method returns for an error, as in `ErrorCodes.java`.

use capsock::net::{Errno, WaitError};
use jni::sys::jint;

/// `ErrorCodes.TIMED_OUT`. The negated error numbers of the system are greater than these codes.
const TIMED_OUT: jint = -100_001;

/// `ErrorCodes.CLOSED`: the socket was closed before the call or during it.
pub(super) const CLOSED: jint = -100_002;

/// `ErrorCodes.INTERNAL`: a defect of capsock itself.
pub(super) const INTERNAL: jint = -100_003;

pub(super) fn errno_code(Errno(errno): Errno) -> jint {
    -errno
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
