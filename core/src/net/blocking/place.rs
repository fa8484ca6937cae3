//! Where a call waits for a socket, and where a close finds it.

use std::cell::Cell;
use std::sync::Arc;

use super::BlockingSocket;
use crate::net::socket::Socket;
use crate::net::sys::{Errno, process_id};
use crate::net::wait::{Deadline, Fault, Patience, Waiting, Waker, interest, wait_for};

thread_local! {
    /// This thread's waker, while no call of it waits, and the process that made it.
    static WAKER: Cell<Option<(i32, Arc<Waker>)>> = const { Cell::new(None) };
}

/// A call's place among those that wait for a socket, where a close finds it.
pub(super) struct Place<'a> {
    socket: &'a BlockingSocket,
    waker: Arc<Waker>,
    process: i32,
}

impl<'a> Place<'a> {
    pub(super) fn take(socket: &'a BlockingSocket) -> Result<Place<'a>, Errno> {
        let process = process_id();
        // A signal's handler may wait on this thread as well, in the middle of this wait; and the waker of a
        // process that was forked off would be its parent's.
        let waker = match WAKER.take() {
            Some((of, waker)) if of == process => waker,
            _ => Arc::new(Waker::new()?),
        };
        socket.waiters().push(Arc::clone(&waker));
        Ok(Place { socket, waker, process })
    }

    pub(super) fn wait(
        &self,
        socket: &Socket,
        events: libc::c_short,
        deadline: Deadline,
        patience: Patience,
    ) -> Result<(), Fault> {
        let waiting =
            Waiting { deadline, waker: Some(&self.waker), on_interrupt: patience.on_interrupt.into() };
        loop {
            // Looked at with the place taken: a close comes before this, or finds the waker.
            if self.socket.is_closed() {
                return Err(Fault::Woken);
            }
            match wait_for(&mut [interest(socket.fd(), events), interest(-1, 0)], waiting) {
                // Left over from an earlier wait, or for this one: the look above tells.
                Err(Fault::Woken) => self.waker.drain(),
                other => return other,
            }
        }
    }

    /// The waker, notified by nothing but a close from now on.
    pub(super) fn fresh_waker(&self) -> Result<&Waker, Fault> {
        self.waker.drain();
        if self.socket.is_closed() { Err(Fault::Woken) } else { Ok(&self.waker) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiters = self.socket.waiters();
        if let Some(place) = waiters.iter().position(|waker| Arc::ptr_eq(waker, &self.waker)) {
            waiters.swap_remove(place);
        }
        drop(waiters);
        WAKER.set(Some((self.process, Arc::clone(&self.waker))));
    }
}
