//! Child processes (clone(2), pidfd_open(2), waitid(2)).

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::close_range::close_all_but;
use crate::net::sys::errno::{Errno, Sys, check};
use crate::net::sys::{interrupting_signal, process_id};

/// A child process, with a descriptor that becomes readable when it ends: a pidfd (pidfd_open(2)), or the read end of a
/// pipe whose write end only the child has.
///
/// If another thread of the host forks while the pipe is made, its child has a copy of the write end: then this child's
/// end is noticed when that process ends, or at the stop's deadline.
#[derive(Debug)]
pub(crate) struct Child {
    fd: OwnedFd,
    /// Set if the descriptor is a pipe's. The number is not reused before the child is reaped.
    pid: Option<libc::pid_t>,
}

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

    /// Forks a child that runs `body` and exits with its result. `pidfd` is whether the system has [`pidfds`].
    ///
    /// The child has exit signal 0 (clone(2)): it raises no SIGCHLD, and a `wait` for any child does not return it, so the
    /// host's reaping is not affected. An emulator that refuses this (qemu-user) gets SIGCHLD. The child is killed when
    /// the calling thread ends. Of the process's descriptors it has those in `keep`.
    ///
    /// # Safety
    /// The process may have other threads, so `body` may only do what is async-signal-safe
    /// (signal-safety(7)): no allocation, no lock, no panic.
    pub(crate) unsafe fn fork(keep: &[RawFd], pidfd: bool, body: impl FnOnce() -> i32) -> Sys<Child> {
        let parent = process_id();
        let pipe = if pidfd { None } else { Some(pipe()?) };
        let mut keep = keep.to_vec();
        keep.extend(pipe.iter().map(|(_, write)| write.as_raw_fd()));
        keep.sort_unstable();
        // SAFETY: the child makes system calls only until _exit, which does not return; `body` is the caller's promise.
        let (pid, new) = unsafe {
            let (pid, new) = clone_process(pidfd)?;
            if pid == 0 {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                if libc::getppid() != parent {
                    libc::_exit(1);
                }
                close_all_but(&keep);
                libc::_exit(body())
            }
            (pid, new)
        };
        match (pipe, new) {
            (Some((read, _)), _) => Ok(Child { fd: read, pid: Some(pid) }),
            (None, Some(fd)) => Ok(Child { fd, pid: None }),
            (None, None) => open_pidfd(pid).map(|fd| Child { fd, pid: None }).inspect_err(|_| end(pid)),
        }
    }

    /// A descriptor that is readable when the child ends.
    pub(crate) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Reaps the child, whose descriptor is readable, if it has ended (waitid(2)). As a pipe is closed shortly before its
    /// child has ended, this waits for that.
    pub(crate) fn reap(&self) -> Sys<Option<ChildExit>> {
        self.wait_id(if self.pid.is_none() { libc::WNOHANG } else { 0 })
    }

    /// Waits until the child has ended, and reaps it.
    pub(crate) fn wait(&self) -> Sys<ChildExit> {
        loop {
            match self.wait_id(0) {
                Ok(None) | Err(Errno(libc::EINTR)) => {}
                Ok(Some(exit)) => return Ok(exit),
                Err(errno) => return Err(errno),
            }
        }
    }

    fn wait_id(&self, flags: c_int) -> Sys<Option<ChildExit>> {
        let (kind, id) = match self.pid {
            None => (libc::P_PIDFD, self.fd.as_raw_fd()),
            Some(pid) => (libc::P_PID, pid),
        };
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        let flags = flags | libc::WEXITED | libc::__WALL;
        // SAFETY: `info` is writable; the descriptor is this child's own.
        match check(unsafe { libc::waitid(kind, id as libc::id_t, info.as_mut_ptr(), flags) }) {
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

    /// Sends the signal that makes a blocked call fail with EINTR, for which the child has the handler of the thread that
    /// forked it.
    pub(crate) fn interrupt(&self) {
        let Some(signal) = interrupting_signal() else { return };
        match self.pid {
            None => drop(send_signal(&self.fd, signal)),
            // Of a child with SIGCHLD the host may have reaped it.
            Some(pid) if self.wait_id(libc::WNOHANG | libc::WNOWAIT) == Ok(None) => {
                // SAFETY: no pointers; the process is this child.
                unsafe { libc::kill(pid, signal) };
            }
            Some(_) => {}
        }
    }

    /// Sends SIGKILL (pidfd_send_signal(2), kill(2)); a child that has ended is no error.
    pub(crate) fn kill(&self) {
        match self.pid {
            None => drop(send_signal(&self.fd, libc::SIGKILL)),
            // Of a child with SIGCHLD the host may have reaped it.
            Some(pid) if self.wait_id(libc::WNOHANG | libc::WNOWAIT) == Ok(None) => {
                // SAFETY: no pointers; the process is this child.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
            Some(_) => {}
        }
    }
}

/// Whether the system has descriptors of processes: pidfd_open(2), pidfd_send_signal(2), and P_PIDFD of waitid(2).
///
/// # Errors
/// There is no descriptor to try them on.
pub(crate) fn pidfds() -> Sys<bool> {
    match open_pidfd(process_id()) {
        Ok(fd) => {
            let itself = Child { fd, pid: None };
            // A process is no child of itself: ECHILD, which is what a child that is gone gives.
            let waits = itself.wait_id(libc::WNOHANG) == Ok(Some(ChildExit::Signaled));
            Ok(waits && send_signal(&itself.fd, 0).is_ok())
        }
        Err(errno @ Errno(libc::EMFILE | libc::ENFILE | libc::ENOMEM)) => Err(errno),
        Err(_) => Ok(false),
    }
}

/// clone(2) as a fork. Returns 0 in the child; in the parent its number, and its pidfd if `pidfd` is set and the system
/// has CLONE_PIDFD, which older ones ignore and qemu-user refuses. The raw call runs no atfork handlers.
///
/// # Safety
/// As for fork(2) in a process with threads.
unsafe fn clone_process(pidfd: bool) -> Sys<(libc::pid_t, Option<OwnedFd>)> {
    let attempts = [libc::CLONE_PIDFD, 0, libc::SIGCHLD];
    let mut new: c_int = -1;
    let mut pid = -1;
    for flags in &attempts[usize::from(!pidfd)..] {
        // SAFETY: without CLONE_VM and with no stack given this is a fork; the kernel writes the pidfd where CLONE_PIDFD
        // says, which is valid.
        pid = unsafe {
            libc::syscall(
                libc::SYS_clone,
                libc::c_long::from(*flags),
                ptr::null_mut::<c_void>(),
                &raw mut new,
                ptr::null_mut::<c_int>(),
                0 as libc::c_ulong,
            )
        };
        if pid != -1 || Errno::last() != Errno(libc::EINVAL) {
            break;
        }
    }
    match pid {
        -1 => Err(Errno::last()),
        // SAFETY: the kernel wrote a new descriptor that nobody else owns.
        _ => Ok((pid as libc::pid_t, (pid != 0 && new >= 0).then(|| unsafe { OwnedFd::from_raw_fd(new) }))),
    }
}

/// A pipe: its read end and its write end.
fn pipe() -> Sys<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    // SAFETY: the call writes two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: they are new, and nobody else owns them.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// pidfd_open(2).
fn open_pidfd(pid: libc::pid_t) -> Sys<OwnedFd> {
    // SAFETY: no pointers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as c_int)?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// pidfd_send_signal(2).
fn send_signal(pidfd: &OwnedFd, signal: c_int) -> Sys<()> {
    let info = ptr::null::<libc::siginfo_t>();
    // SAFETY: no pointer is passed but a null one.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, info, 0) };
    check(result as c_int).map(drop)
}

/// Kills and reaps a child that no descriptor can be had for.
fn end(pid: libc::pid_t) {
    // SAFETY: it is this process's child and has not been reaped; with a null status nothing is written.
    unsafe {
        libc::kill(pid, libc::SIGKILL);
        libc::waitpid(pid, ptr::null_mut(), libc::__WALL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fork(pidfd: bool, keep: &[RawFd], body: impl FnOnce() -> i32) -> Child {
        // SAFETY: the bodies of these tests make system calls only.
        unsafe { Child::fork(keep, pidfd, body) }.unwrap()
    }

    /// Whether its descriptor is readable within a time in milliseconds.
    fn is_readable(child: &Child, time: c_int) -> bool {
        let mut fd = libc::pollfd { fd: child.fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: the entry is writable.
        unsafe { libc::poll(&raw mut fd, 1, time) == 1 }
    }

    const LIMIT: c_int = 20_000;

    /// The kinds of descriptor that this system has: pidfds, if any, and pipes.
    fn kinds() -> impl Iterator<Item = bool> {
        [pidfds().unwrap(), false].into_iter()
    }

    #[test]
    fn a_child_is_readable_when_it_has_ended_and_not_before() {
        for pidfd in kinds() {
            let (read, write) = pipe().unwrap();
            let waits = || {
                let mut byte = 0u8;
                // SAFETY: the byte is writable.
                unsafe { libc::read(read.as_raw_fd(), (&raw mut byte).cast(), 1) as i32 + 6 }
            };
            let child = fork(pidfd, &[read.as_raw_fd()], waits);
            assert!(!is_readable(&child, 0), "pidfd: {pidfd}");
            assert_eq!(child.wait_id(libc::WNOHANG), Ok(None), "pidfd: {pidfd}");
            drop(write);
            assert!(is_readable(&child, LIMIT), "pidfd: {pidfd}");
            assert_eq!(child.reap(), Ok(Some(ChildExit::Exited(6))), "pidfd: {pidfd}");
            child.kill();
            assert_eq!(child.reap(), Ok(Some(ChildExit::Signaled)), "pidfd: {pidfd}, it is gone");
        }
    }

    #[test]
    fn a_child_that_is_killed_has_ended_by_a_signal() {
        for pidfd in kinds() {
            let child = fork(pidfd, &[], || {
                // SAFETY: no pointers.
                unsafe { libc::pause() }
            });
            child.kill();
            assert_eq!(child.wait(), Ok(ChildExit::Signaled), "pidfd: {pidfd}");
            assert!(is_readable(&child, LIMIT), "pidfd: {pidfd}");
        }
    }

    #[test]
    fn a_child_has_the_descriptors_that_it_is_to_keep() {
        for pidfd in kinds() {
            let pipes: Vec<_> = (0..3).map(|_| pipe().unwrap()).collect();
            let open = || {
                // SAFETY: no pointers.
                let is_open = |fd: &OwnedFd| unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) } >= 0;
                let bits = pipes.iter().flat_map(|(read, write)| [read, write]).enumerate();
                bits.map(|(bit, fd)| i32::from(is_open(fd)) << bit).sum()
            };
            let keep = [pipes[2].0.as_raw_fd(), pipes[0].1.as_raw_fd()];
            assert_eq!(fork(pidfd, &keep, open).wait(), Ok(ChildExit::Exited(0b01_00_10)), "pidfd: {pidfd}");
        }
    }
}
