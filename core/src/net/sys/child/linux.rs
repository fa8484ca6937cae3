//! Child processes (clone(2), pidfd_open(2), waitid(2)).

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use crate::net::sys::errno::{Errno, Sys, check};
use crate::net::sys::process_id;

/// A child process, known by a descriptor that becomes readable when it ends (pidfd_open(2)).
#[derive(Debug)]
pub(crate) struct Child(OwnedFd);

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildExit {
    /// By _exit(2) with that code.
    Exited(i32),
    /// By a signal.
    Signaled,
}

impl Child {
    /// Whether there can be any.
    pub(crate) const SUPPORTED: bool = true;

    /// Forks a child that runs `body` and exits with its result.
    ///
    /// The child has exit signal 0 (clone(2)): it raises no SIGCHLD, and a `wait` for any child does not return it, so the
    /// host's reaping is not affected. It is killed when the calling thread ends. Of the process's descriptors it has
    /// those in `keep`.
    ///
    /// # Safety
    /// The process may have other threads, so `body` may only do what is async-signal-safe
    /// (signal-safety(7)): no allocation, no lock, no panic.
    pub(crate) unsafe fn fork(keep: &[RawFd], body: impl FnOnce() -> i32) -> Sys<Child> {
        let parent = process_id();
        let mut keep = keep.to_vec();
        keep.sort_unstable();
        let mut pidfd: c_int = -1;
        // SAFETY: without CLONE_VM and with no stack given this is a fork; the kernel writes the
        // pidfd where CLONE_PIDFD says, which is valid. The raw call runs no atfork handlers.
        let pid = unsafe {
            libc::syscall(
                libc::SYS_clone,
                libc::c_long::from(libc::CLONE_PIDFD),
                ptr::null_mut::<c_void>(),
                &raw mut pidfd,
                ptr::null_mut::<c_int>(),
                0 as libc::c_ulong,
            )
        };
        match pid {
            -1 => Err(Errno::last()),
            0 => {
                // SAFETY: only system calls until _exit, which does not return; `body` is the caller's promise.
                unsafe {
                    libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                    if libc::getppid() != parent {
                        libc::_exit(1);
                    }
                    close_all_but(&keep);
                    libc::_exit(body())
                }
            }
            // SAFETY: the kernel wrote a new descriptor that nobody else owns.
            _ => Ok(Child(unsafe { OwnedFd::from_raw_fd(pidfd) })),
        }
    }

    /// A descriptor that is readable when the child has ended.
    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Reaps the child if it has ended (waitid(2)).
    pub(crate) fn reap(&self) -> Sys<Option<ChildExit>> {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: `info` is writable; the descriptor is this child's own.
        let result = unsafe {
            libc::waitid(
                libc::P_PIDFD,
                self.0.as_raw_fd() as libc::id_t,
                info.as_mut_ptr(),
                libc::WEXITED | libc::WNOHANG | libc::__WALL,
            )
        };
        match check(result) {
            Ok(_) => {
                // SAFETY: zeroed before the call, which writes a whole siginfo_t of a child or nothing.
                let (info, pid, status) = unsafe {
                    let info = info.assume_init();
                    (info, info.si_pid(), info.si_status())
                };
                Ok(match info.si_code {
                    _ if pid == 0 => None,
                    libc::CLD_EXITED => Some(ChildExit::Exited(status)),
                    _ => Some(ChildExit::Signaled),
                })
            }
            Err(Errno(libc::ECHILD)) => Ok(Some(ChildExit::Signaled)),
            Err(errno) => Err(errno),
        }
    }

    /// Sends SIGKILL (pidfd_send_signal(2)); a child that has ended is no error.
    pub(crate) fn kill(&self) {
        // SAFETY: no pointer is passed but a null one.
        unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                libc::SIGKILL,
                ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
    }
}

/// Closes every descriptor but those in `keep`, which is sorted (close_range(2)). Async-signal-safe.
fn close_all_but(keep: &[RawFd]) {
    let mut first: libc::c_uint = 0;
    for fd in keep {
        let fd = *fd as libc::c_uint;
        if fd > first {
            // SAFETY: no pointers; the child owns its copies of all descriptors.
            unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
        }
        first = fd + 1;
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
}
