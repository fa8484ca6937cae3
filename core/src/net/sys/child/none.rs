//! Child processes: none.
//!
//! A process with several threads, as that of a JVM, may not fork safely on macOS, and only Linux kills a child with its
//! parent's thread (PR_SET_PDEATHSIG).

use crate::net::sys::errno::{Errno, Sys};
use crate::net::sys::fd::RawFd;
use crate::netc;

/// There is none.
#[derive(Debug)]
#[allow(dead_code, reason = "no child exists")]
pub(crate) struct Child(RawFd);

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildExit {
    /// By _exit(2) with that code.
    #[allow(dead_code, reason = "no child exists")]
    Exited(i32),
    /// By a signal.
    #[allow(dead_code, reason = "no child exists")]
    Signaled,
}

impl Child {
    /// Whether there can be any.
    pub(crate) const SUPPORTED: bool = false;

    /// ENOSYS.
    ///
    /// # Safety
    /// That of the other systems' function; nothing is run.
    pub(crate) unsafe fn fork(_keep: &[RawFd], _pidfd: bool, _body: impl FnOnce() -> i32) -> Sys<Child> {
        Err(Errno(netc::ENOSYS))
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0
    }

    pub(crate) fn reap(&self) -> Sys<Option<ChildExit>> {
        Err(Errno(netc::ENOSYS))
    }

    pub(crate) fn wait(&self) -> Sys<ChildExit> {
        Err(Errno(netc::ENOSYS))
    }

    pub(crate) fn interrupt(&self) {}

    pub(crate) fn kill(&self) {}
}

/// Whether the system has descriptors of processes: no.
#[allow(clippy::unnecessary_wraps, reason = "that of Linux can fail")]
pub(crate) fn pidfds() -> Sys<bool> {
    Ok(false)
}
