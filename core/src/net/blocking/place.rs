//! Where a call waits for a socket, and where a close finds it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::BlockingSocket;
use crate::net::socket::Socket;
use crate::net::sys::process_id;
use crate::net::wait::{Deadline, Fault, Patience, Waiting, Waker, interest, wait_for};

thread_local! {
    /// This thread's waker, while no call of it waits, and the process that made it.
    static WAKER: Cell<Option<(i32, Arc<Waker>)>> = const { Cell::new(None) };
}

/// How often a call looks for a close that cannot wake it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A call's place among those that wait for a socket, where a close finds it.
pub(super) struct Place<'a> {
    socket: &'a BlockingSocket,
    /// `None` where there was no descriptor for one: the call waits all the same, and looks about it.
    waker: Option<Arc<Waker>>,
    process: i32,
}

impl<'a> Place<'a> {
    pub(super) fn take(socket: &'a BlockingSocket) -> Place<'a> {
        let process = process_id();
        // A signal's handler may wait on this thread as well, in the middle of this wait; and the waker of a
        // process that was forked off would be its parent's.
        let waker = match WAKER.take() {
            Some((of, waker)) if of == process => Some(waker),
            _ => Waker::new().ok().map(Arc::new),
        };
        socket.waiters().extend(waker.clone());
        Place { socket, waker, process }
    }

    pub(super) fn wait(
        &self,
        socket: &Socket,
        events: libc::c_short,
        deadline: Deadline,
        patience: Patience,
    ) -> Result<(), Fault> {
        let waker = self.waker.as_deref();
        let waiting = Waiting { deadline, waker, on_interrupt: patience.on_interrupt.into() };
        loop {
            // Looked at with the place taken: a close comes before this, or finds the waker.
            if self.socket.is_closed() {
                return Err(Fault::Woken);
            }
            let step = match waker {
                Some(_) => deadline,
                None => deadline.earlier(Deadline::after(Some(LOOK_AGAIN))),
            };
            let mut fds = [interest(socket.fd(), events), interest(-1, 0)];
            match wait_for(&mut fds, waiting.with_deadline(step)) {
                // Left over from an earlier wait, or for this one: the look above tells.
                Err(Fault::Woken) => self.drain(),
                Err(Fault::TimedOut) if !deadline.passed() => {}
                other => return other,
            }
        }
    }

    fn drain(&self) {
        self.waker.iter().for_each(|waker| waker.drain());
    }

    /// The waker, notified by nothing but a close from now on.
    pub(super) fn fresh_waker(&self) -> Result<Option<&Waker>, Fault> {
        self.drain();
        if self.socket.is_closed() { Err(Fault::Woken) } else { Ok(self.waker.as_deref()) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(mine) = self.waker.take() else { return };
        let mut waiters = self.socket.waiters();
        if let Some(place) = waiters.iter().position(|waker| Arc::ptr_eq(waker, &mine)) {
            waiters.swap_remove(place);
        }
        drop(waiters);
        WAKER.set(Some((self.process, mine)));
    }
}
