//! Why a wait failed, and the error that a caller gets of it.

use std::fmt;

use super::sys::Errno;
use crate::error::{Error, ErrorKind};
use crate::netc;
use crate::trace::Outcome;

/// Why a wait, or a call that waits, ended without success.
///
/// A non-blocking call fails often, so this allocates nothing; [`while_trying`](WaitError::while_trying) makes an
/// [`Error`] with its text of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitError {
    /// The deadline passed.
    TimedOut,
    /// The waker was notified: the socket was closed, before the call or during it by another thread.
    Woken,
    /// A signal arrived, and the [`InterruptHook`](crate::InterruptHook) ended the wait (EINTR).
    Interrupted,
    /// The system call failed with this number.
    Os(Errno),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitError::TimedOut => f.write_str("the time allowed ran out"),
            WaitError::Woken => f.write_str("it was closed"),
            WaitError::Interrupted => f.write_str("a signal arrived (EINTR)"),
            WaitError::Os(errno) => errno.fmt(f),
        }
    }
}

impl std::error::Error for WaitError {}

impl From<Errno> for WaitError {
    fn from(errno: Errno) -> WaitError {
        WaitError::Os(errno)
    }
}

impl WaitError {
    /// The error of a call that ended so. `tried` continues "could not".
    ///
    /// EAGAIN, EINPROGRESS and EALREADY, which a non-blocking call reports instead of blocking, are `TimedOut` with that
    /// number. EBADF is always `Closed`.
    #[must_use]
    pub fn while_trying(self, tried: &str) -> Error {
        let kind = match self {
            WaitError::TimedOut => ErrorKind::TimedOut,
            WaitError::Woken => ErrorKind::Closed,
            WaitError::Interrupted => ErrorKind::Interrupted,
            WaitError::Os(Errno(netc::EBADF)) => return WaitError::Woken.while_trying(tried),
            WaitError::Os(errno) if errno.is_not_yet() => return Error::would_wait(errno.0, tried),
            WaitError::Os(errno) => return Error::os(errno.0, tried),
        };
        Error::new(kind, tried, self.to_string())
    }
}

impl From<WaitError> for Outcome {
    fn from(error: WaitError) -> Outcome {
        match error {
            WaitError::TimedOut => Outcome::TimedOut,
            WaitError::Woken => Outcome::Closed,
            WaitError::Interrupted => Outcome::Interrupted,
            WaitError::Os(errno) => errno.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_error_becomes_an_error() {
        let table = [
            (WaitError::TimedOut, ErrorKind::TimedOut, netc::ETIMEDOUT),
            (WaitError::Woken, ErrorKind::Closed, netc::EBADF),
            (WaitError::Interrupted, ErrorKind::Interrupted, netc::EINTR),
            (WaitError::Os(Errno(netc::EBADF)), ErrorKind::Closed, netc::EBADF),
            (WaitError::Os(Errno(netc::EAGAIN)), ErrorKind::TimedOut, netc::EAGAIN),
            (WaitError::Os(Errno(netc::EINPROGRESS)), ErrorKind::TimedOut, netc::EINPROGRESS),
            (WaitError::Os(Errno(netc::EALREADY)), ErrorKind::TimedOut, netc::EALREADY),
            (WaitError::Os(Errno(netc::ECONNREFUSED)), ErrorKind::ConnectionRefused, netc::ECONNREFUSED),
        ];
        for (error, kind, errno) in table {
            let error = error.while_trying("test");
            assert_eq!((error.kind(), error.errno()), (kind, Some(errno)), "{error:?}");
        }
    }
}
