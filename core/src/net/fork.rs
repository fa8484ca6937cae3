//! Forking a child that continues the recording.

use super::sys::{Child, Errno};
use crate::net::sys::fd::RawFd;
use crate::trace;

/// [`Child::fork`], whose child also keeps the recording's descriptor and writes its process line first.
///
/// # Safety
/// As for [`Child::fork`].
pub(crate) unsafe fn fork(keep: &[RawFd], pidfd: bool, body: impl FnOnce() -> i32) -> Result<Child, Errno> {
    let keep: Vec<_> = keep.iter().copied().chain(trace::descriptor()).collect();
    let recorded = || {
        trace::forked();
        body()
    };
    // SAFETY: the trace is async-signal-safe, and `body` by this function's contract.
    unsafe { Child::fork(&keep, pidfd, recorded) }
}
