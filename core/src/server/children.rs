//! Supervision of forked child processes, which both `processes` engines do alike.
//!
//! The host may be a JVM or an interpreter with threads of its own. A child therefore does async-signal-safe work only
//! (signal-safety(7)), with buffers that its parent allocated before the fork. The thread that forks the children
//! supervises them: the kernel kills them when it ends (PR_SET_PDEATHSIG, prctl(2)).

use super::state::{Context, Stop};
use crate::error::{Error, ErrorKind};
use crate::net::fd::{NO_FD, RawFd};
use crate::net::{
    self, Child, ChildExit, Errno, Features, WaitError, WaitOptions, interest, no_interest, wait_for,
};
use crate::netc;

/// Forks a child that has the socket `fd` open and runs `body`, whose result is its exit code.
///
/// # Safety
/// As for [`net::fork`]: `body` is async-signal-safe.
pub(super) unsafe fn fork(fd: RawFd, context: &Context, body: impl FnOnce() -> i32) -> Result<Child, Errno> {
    let [closed, open] = [false, true].map(|closed| context.gate.change_from(closed).fd());
    let keep = [fd, context.stop.waker().fd(), closed, open];
    // SAFETY: the caller's promise.
    unsafe { net::fork(&keep, context.features.has(Features::PIDFD), body) }
}

/// What a fork lacked, for the log.
pub(super) fn shortage(errno: Errno) -> &'static str {
    match errno.0 {
        netc::EAGAIN => "ulimit -u",
        netc::EMFILE | netc::ENFILE => "ulimit -n",
        netc::ENOMEM => "out of memory",
        _ => REFUSAL,
    }
}

const REFUSAL: &str = "the system refuses clone(2)";

/// The error of a start whose fork failed.
pub(super) fn start_error(errno: Errno) -> Error {
    let operation = "start the server";
    match shortage(errno) {
        REFUSAL => Error::new(ErrorKind::Unsupported, operation, format!("{REFUSAL}: {errno}"))
            .advise("choose the concurrency threads or events"),
        _ => Error::os(errno.0, operation),
    }
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Code(i32),
    /// A signal of someone else ended it.
    Signal,
    /// It was killed because it ran past the stop's deadline.
    KilledAtDeadline,
}

/// Children, each with a value of the engine's.
pub(super) struct Children<T>(Vec<(Child, T)>);

impl<T> Children<T> {
    pub(super) fn with_capacity(capacity: usize) -> Children<T> {
        Children(Vec::with_capacity(capacity))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, child: Child, value: T) {
        self.0.push((child, value));
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The descriptors that become readable when a child ends, in the order of the children's indexes.
    pub(super) fn fds(&self) -> impl Iterator<Item = RawFd> {
        self.0.iter().map(|(child, _)| child.fd())
    }

    /// Removes the child at `index` if it has ended, and passes on how.
    pub(super) fn reap(&mut self, index: usize, mut on_exit: impl FnMut(Exit)) {
        match self.0[index].0.reap() {
            Ok(None) => return,
            Ok(Some(ChildExit::Exited(code))) => on_exit(Exit::Code(code)),
            Ok(Some(ChildExit::Signaled)) | Err(_) => on_exit(Exit::Signal),
        }
        self.0.swap_remove(index);
    }

    /// Waits until a child has ended, and removes those that have.
    ///
    /// # Errors
    /// Those of the wait; no child was removed.
    pub(super) fn wait(
        &mut self,
        options: WaitOptions<'_>,
        on_exit: impl FnMut(Exit),
    ) -> Result<(), WaitError> {
        self.wait_or(NO_FD, options, on_exit)
    }

    /// [`wait`](Children::wait), which also ends when this descriptor is readable.
    pub(super) fn wait_or(
        &mut self,
        other: RawFd,
        options: WaitOptions<'_>,
        mut on_exit: impl FnMut(Exit),
    ) -> Result<(), WaitError> {
        let fds = self.fds().chain([other]);
        let mut fds: Vec<_> = fds.map(|fd| interest(fd, netc::POLLIN)).collect();
        fds.push(no_interest());
        wait_for(&mut fds, options)?;
        for index in (0..self.0.len()).rev().filter(|index| fds[*index].revents != 0) {
            self.reap(index, &mut on_exit);
        }
        Ok(())
    }

    /// Interrupts the calls in which they block, by a signal.
    pub(super) fn interrupt(&self) {
        self.0.iter().for_each(|(child, _)| child.interrupt());
    }

    /// Waits for the children, which have seen the stop themselves, and kills those that run past its deadline. With
    /// `interrupt` they may block in a receive, which a signal ends.
    pub(super) fn stop(mut self, stop: &Stop, interrupt: bool, mut on_exit: impl FnMut(Exit)) {
        while !self.0.is_empty() && !stop.kill_deadline().passed() {
            if interrupt {
                // Again in each round: a signal may arrive just before the call that it is to end.
                self.interrupt();
            }
            let moment = stop.kill_deadline().earlier(stop.next_deadline_check());
            let _ = self.wait(WaitOptions::until(moment), &mut on_exit);
        }
        self.kill(on_exit);
    }

    /// Kills the children, and waits until they have ended.
    pub(super) fn kill(mut self, mut on_exit: impl FnMut(Exit)) {
        for (child, _) in &self.0 {
            child.kill();
        }
        for (child, _) in self.0.drain(..) {
            on_exit(match child.wait() {
                Ok(ChildExit::Exited(code)) => Exit::Code(code),
                _ => Exit::KilledAtDeadline,
            });
        }
    }
}
