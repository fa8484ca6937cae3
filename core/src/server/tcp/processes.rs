//! A process for each connection, up to a bound.
//!
//! The host may be a JVM or an interpreter with threads of its own, so a forked child does
//! async-signal-safe work only: it serves one connection with buffers that were allocated before
//! the fork, and leaves. The acceptor's thread is the children's parent: they die with it.

use std::sync::Arc;

use super::accept::{Acceptor, Next, SHORTAGE_PAUSE, refuse};
use super::connection::{self, Desk};
use crate::net::{Child, Deadline, Ended, Errno, WaitError, WaitOptions, interest, wait_for, wait_readable};
use crate::server::connections::{Active, Open};
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::peers::OfPeer;
use crate::server::shared::Shared;

pub(super) fn start(shared: &Arc<Shared>, listeners: Arc<Listeners>) -> Result<(), Errno> {
    // The parent never uses it: each child has its own copy.
    let desk = Desk::with_room(&shared.limits).map_err(|_| Errno(libc::ENOMEM))?;
    shared.spawn("capsock-accept", move |shared| {
        let mut children = accept_all(Acceptor::of_all(listeners, false), desk, shared);
        finish(&mut children, shared);
    })
}

/// The exit code of a child that cut its connection.
const CUT: i32 = 3;

type Children = Vec<(Child, Counted)>;

/// What a connection counts for.
type Counted = (Active, OfPeer);

fn accept_all(mut acceptor: Acceptor, mut desk: Desk, shared: &Arc<Shared>) -> Children {
    let mut children = Children::new();
    loop {
        match acceptor.next(shared, children.iter().map(|(child, _)| child.fd())) {
            Next::Stop => return children,
            Next::Other(index) => reap(&mut children, index, shared),
            Next::Connection(socket) if children.len() >= shared.limits.max_connections => {
                refuse(socket, shared, "max_connections is reached");
            }
            Next::Connection(socket) => {
                if let Some(peer) = OfPeer::count(&socket, shared) {
                    serve(Open::new(socket, false), peer, &mut desk, &mut children, shared);
                }
            }
        }
    }
}

/// Forks a child for the connection. For want of a descriptor to know it by, the connection waits, as
/// those in the backlog do, until a child ends or something else is closed.
fn serve(open: Open, peer: OfPeer, desk: &mut Desk, children: &mut Children, shared: &Arc<Shared>) {
    let (active, _) = Active::new(shared);
    loop {
        match fork(&open, desk, shared) {
            Ok(child) => return children.push((child, (active, peer))),
            Err(Errno(libc::EMFILE | libc::ENFILE)) => shared.met(Met::Shortage),
            Err(_) => return refuse(open.socket, shared, "no process is to be had (ulimit -u)"),
        }
        let pause = WaitOptions::until(Deadline::after(Some(SHORTAGE_PAUSE))).woken_by(shared.stop_waker());
        if wait_for_some(children, pause, shared) == Err(WaitError::Woken) {
            return;
        }
    }
}

fn fork(open: &Open, desk: &mut Desk, shared: &Shared) -> Result<Child, Errno> {
    let body = || {
        connection::serve(open, desk, shared);
        open.socket.ends_with_the_process();
        if open.was_cut() { CUT } else { 0 }
    };
    // SAFETY: without a handler (the options refuse one) and with a desk made by `Desk::with_room`,
    // `serve` makes system calls, copies bytes and adds to atomics: it neither allocates, locks nor logs.
    unsafe { Child::fork(&[open.socket.fd(), shared.stop_waker().fd()], body) }
}

/// Lets go of a child if it has ended, and counts it if it cut its connection.
fn reap(children: &mut Children, index: usize, shared: &Shared) {
    match children[index].0.reap() {
        Ok(None) => return,
        Ok(Some(Ended::Left(CUT))) => shared.count_cut(),
        Ok(Some(_)) | Err(_) => {}
    }
    children.swap_remove(index);
}

/// Waits until a child has ended, and lets go of those that have.
fn wait_for_some(
    children: &mut Children,
    waiting: WaitOptions<'_>,
    shared: &Shared,
) -> Result<(), WaitError> {
    let mut fds: Vec<_> = children.iter().map(|(child, _)| interest(child.fd(), libc::POLLIN)).collect();
    fds.push(interest(-1, 0));
    wait_for(&mut fds, waiting)?;
    for index in (0..children.len()).rev().filter(|index| fds[*index].revents != 0) {
        reap(children, index, shared);
    }
    Ok(())
}

/// Waits for the children, which have seen the stop themselves; kills those that the deadline finds.
fn finish(children: &mut Children, shared: &Shared) {
    while !children.is_empty() && !shared.kill_deadline().passed() {
        let moment = shared.kill_deadline().earlier(shared.look_again());
        let _ = wait_for_some(children, WaitOptions::until(moment), shared);
    }
    for (child, _) in children.iter() {
        child.kill();
    }
    for (child, _) in children.drain(..) {
        let _ = wait_readable(child.fd(), WaitOptions::until(Deadline::NEVER));
        if child.reap() != Ok(Some(Ended::Left(0))) {
            shared.count_cut();
        }
    }
}
