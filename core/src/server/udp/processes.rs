//! A fixed set of processes on one port.
//!
//! As over TCP, a child does async-signal-safe work only, with buffers that were allocated before
//! the fork. The keeper's thread is the children's parent: they die with it. A child that dies
//! alone is replaced.

use std::sync::Arc;
use std::time::Duration;

use super::desk::{Batch, Desk};
use super::{Bound, serve, wake_at_stop};
use crate::net::{Child, Deadline, Errno, WaitError, WaitOptions, interest, wait_for, wait_readable};
use crate::server::limits::Met;
use crate::server::shared::Shared;

/// The least time between two attempts to replace a child.
const REPLACE_PAUSE: Duration = Duration::from_millis(50);

/// A child, and which of the sockets it serves.
type Serving = (Child, usize);

/// Starts `workers` processes for each socket.
pub(super) fn start(shared: &Arc<Shared>, sockets: Arc<Vec<Bound>>, workers: usize) -> Result<(), Errno> {
    let (report, started) = std::sync::mpsc::channel();
    shared.spawn("capsock-keeper", move |shared| {
        let mut desk = Desk::new(Batch::OF_ONE, shared);
        let mut children = Vec::with_capacity(workers * sockets.len());
        let begun = (0..workers * sockets.len())
            .try_for_each(|place| fork(&sockets, place % sockets.len(), &mut desk, &mut children, shared));
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

fn fork(
    sockets: &[Bound],
    which: usize,
    desk: &mut Desk,
    children: &mut Vec<Serving>,
    shared: &Shared,
) -> Result<(), Errno> {
    let bound = &sockets[which];
    let body = || {
        serve(bound, desk, None, shared);
        0
    };
    // SAFETY: without a handler (the options refuse one) and with a desk for one datagram, `serve` makes
    // system calls, copies bytes and adds to atomics: it neither allocates, locks nor logs.
    let child = unsafe { Child::fork(&[bound.0.fd(), shared.stop_waker().fd()], body) }?;
    children.push((child, which));
    Ok(())
}

/// Replaces children that die until a stop is asked for, then sees them out until its deadline.
fn keep(children: &mut Vec<Serving>, sockets: &[Bound], desk: &mut Desk, workers: usize, shared: &Shared) {
    let stop = WaitOptions::until(Deadline::NEVER).woken_by(shared.stop_waker());
    let short = |children: &[Serving]| {
        (0..sockets.len()).find(|place| children.iter().filter(|(_, which)| which == place).count() < workers)
    };
    while !shared.stopping() {
        let lacking = short(children).is_some();
        let deadline = if lacking { Deadline::after(Some(REPLACE_PAUSE)) } else { Deadline::NEVER };
        let _ = wait_for_some(children, stop.with_deadline(deadline));
        if lacking
            && !shared.stopping()
            && let Some(which) = short(children)
            && fork(sockets, which, desk, children, shared).is_err()
        {
            shared.met(Met::Lost);
        }
    }
    wake_at_stop(sockets, shared);
    while !children.is_empty() && !shared.kill_deadline().passed() {
        let moment = shared.kill_deadline().earlier(shared.look_again());
        let _ = wait_for_some(children, WaitOptions::until(moment));
    }
}

/// Kills the children that are left, and waits for them.
fn end(children: &mut Vec<Serving>) {
    for (child, _) in children.iter() {
        child.kill();
    }
    for (child, _) in children.drain(..) {
        let _ = wait_readable(child.fd(), WaitOptions::until(Deadline::NEVER));
        let _ = child.reap();
    }
}

/// Waits until a child has died, and removes those that have.
fn wait_for_some(children: &mut Vec<Serving>, waiting: WaitOptions<'_>) -> Result<(), WaitError> {
    let mut fds: Vec<_> = children.iter().map(|(child, _)| interest(child.fd(), libc::POLLIN)).collect();
    fds.push(interest(-1, 0));
    wait_for(&mut fds, waiting)?;
    let mut places = fds.iter();
    children.retain(|(child, _)| places.next().is_none_or(|fd| fd.revents == 0) || child.reap() == Ok(None));
    Ok(())
}
