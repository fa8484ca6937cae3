//! Calls that a signal interrupts.

use std::io;

/// Repeats a call that a signal has interrupted, unless the command ends. The error is then not `Interrupted`, with
/// which the loops of std would repeat the call.
pub(super) fn until(ended: fn() -> bool, mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        if ended() {
            return Err(io::Error::other("a signal ended it"));
        }
        match call() {
            Err(error) if interrupted(&error) => {}
            done => return done,
        }
    }
}

/// EINTR; on Windows ERROR_OPERATION_ABORTED, that of a call that has been cancelled.
fn interrupted(error: &io::Error) -> bool {
    const ERROR_OPERATION_ABORTED: i32 = 995;
    error.kind() == io::ErrorKind::Interrupted
        || cfg!(windows) && error.raw_os_error() == Some(ERROR_OPERATION_ABORTED)
}
