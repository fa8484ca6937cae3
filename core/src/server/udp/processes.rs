//! A fixed set of processes on one port.
//!
//! As over TCP, a child does async-signal-safe work only, with buffers that were allocated before
//! the fork. The keeper's thread is the children's parent: they die with it. A child that dies
//! alone is replaced.

use std::sync::Arc;
use std::time::Duration;

use super::{Bound, Desk, serve, watch};
use crate::net::{Child, Deadline, Errno, Fault, Waiting, interest, wait_for, wait_readable};
use crate::server::limits::Met;
use crate::server::shared::Shared;

/// The least time between two attempts to replace a child.
const REPLACE_PAUSE: Duration = Duration::from_millis(50);

pub(super) fn start(shared: &Arc<Shared>, sockets: Arc<Vec<Bound>>, workers: usize) -> Result<(), Errno> {
    let (report, started) = std::sync::mpsc::channel();
    shared.spawn("capsock-keeper", move |shared| {
        let mut desk = Desk::new(1);
        let mut children = Vec::with_capacity(workers);
        let begun = (0..workers)
            .try_for_each(|_| fork(&sockets, &mut desk, shared).map(|child| children.push(child)));
        if begun.is_ok() {
            // Nobody listens any more if the start was given up, which a stop follows.
            let _ = report.send(Ok(()));
            keep(&mut children, &sockets, &mut desk, workers, shared);
        }
        end(&mut children);
        let _ = report.send(begun);
    })?;
    started.recv().unwrap_or(Err(Errno(libc::EAGAIN)))
}

fn fork(sockets: &[Bound], desk: &mut Desk, shared: &Shared) -> Result<Child, Errno> {
    let mut keep: Vec<_> = sockets.iter().map(|(socket, _)| socket.fd()).collect();
    keep.push(shared.stop_waker().fd());
    let body = || match watch(sockets, shared) {
        Ok(epoll) => {
            serve(sockets, &epoll, desk, shared);
            0
        }
        Err(_) => 1,
    };
    // SAFETY: without a handler (the options refuse one) and with a desk for one datagram, `serve` makes
    // system calls, copies bytes and adds to atomics: it neither allocates, locks nor logs.
    unsafe { Child::fork(&keep, body) }
}

/// Replaces children that die until a stop is asked for, then sees them out until its deadline.
fn keep(children: &mut Vec<Child>, sockets: &[Bound], desk: &mut Desk, workers: usize, shared: &Shared) {
    let stop = Waiting::until(Deadline::NEVER).woken_by(shared.stop_waker());
    while !shared.stopping() {
        let short = children.len() < workers;
        let deadline = if short { Deadline::after(Some(REPLACE_PAUSE)) } else { Deadline::NEVER };
        let _ = wait_for_some(children, stop.with_deadline(deadline));
        if short && children.len() < workers && !shared.stopping() {
            match fork(sockets, desk, shared) {
                Ok(child) => children.push(child),
                Err(_) => shared.met(Met::Lost),
            }
        }
    }
    while !children.is_empty() && !shared.kill_deadline().passed() {
        let moment = shared.kill_deadline().earlier(shared.look_again());
        let _ = wait_for_some(children, Waiting::until(moment));
    }
}

/// Kills the children that are left, and waits for them.
fn end(children: &mut Vec<Child>) {
    for child in children.iter() {
        child.kill();
    }
    for child in children.drain(..) {
        let _ = wait_readable(child.fd(), Waiting::until(Deadline::NEVER));
        let _ = child.reap();
    }
}

/// Waits until a child has died, and removes those that have.
fn wait_for_some(children: &mut Vec<Child>, waiting: Waiting<'_>) -> Result<(), Fault> {
    let mut fds: Vec<_> = children.iter().map(|child| interest(child.fd(), libc::POLLIN)).collect();
    fds.push(interest(-1, 0));
    wait_for(&mut fds, waiting)?;
    let mut places = fds.iter();
    children.retain(|child| places.next().is_none_or(|fd| fd.revents == 0) || child.reap() == Ok(None));
    Ok(())
}
