//! A fixed number of processes on one port. One that dies is replaced; see `children` for what they may do.

use std::sync::Arc;
use std::time::Duration;

use super::buffers::{BatchSizes, Buffers};
use super::worker::{interrupt_receives_at_stop, serve};
use crate::net::{Deadline, Errno, Socket, Thread, WaitOptions};
use crate::netc;
use crate::server::children::{self, Children};
use crate::server::state::{BoundSocket, Context, LimitEvent, State};

/// The least time between two attempts to replace a child.
const REPLACE_INTERVAL: Duration = Duration::from_millis(50);

/// The interval at which children that block are interrupted while the server is paused.
const INTERRUPT_INTERVAL: Duration = Duration::from_millis(5);

/// What the children do.
pub(super) trait Work {
    /// The number of sockets, each of which `workers` children serve.
    fn sockets(&self) -> usize;

    /// The socket at an index, which a child has open.
    fn socket(&self, index: usize) -> &Socket;

    /// Serves the socket at an index, in a child. It is async-signal-safe: it neither allocates, locks nor logs.
    fn serve(&mut self, index: usize, context: &Context);

    /// Interrupts the receives of the children once a stop is requested.
    fn interrupt(&self, state: &State);
}

/// That of UDP.
pub(super) struct InetWork {
    sockets: Arc<Vec<BoundSocket>>,
    /// The parent never uses them: each child has its own copy.
    buffers: Buffers,
}

impl InetWork {
    pub(super) fn new(sockets: Arc<Vec<BoundSocket>>, context: &Context) -> InetWork {
        InetWork { sockets, buffers: Buffers::new(BatchSizes::ONE, context) }
    }
}

impl Work for InetWork {
    fn sockets(&self) -> usize {
        self.sockets.len()
    }

    fn socket(&self, index: usize) -> &Socket {
        &self.sockets[index].0
    }

    fn serve(&mut self, index: usize, context: &Context) {
        serve(&self.sockets[index], &mut self.buffers, None, None, context);
    }

    fn interrupt(&self, state: &State) {
        interrupt_receives_at_stop(state);
    }
}

/// Starts `workers` processes for each socket.
pub(super) fn start<W: Work>(
    state: &Arc<State>,
    work: impl FnOnce(&Context) -> W + Send + 'static,
) -> Result<(), Errno> {
    let (report, started) = std::sync::mpsc::channel();
    state.spawn("capsock-parent", move |state| {
        // The children inherit the handler and the mask of the signal by which a stop interrupts them.
        let _ = Thread::current();
        let mut processes = Processes::new(work(&state.context), state);
        match processes.fork_all() {
            Ok(()) => {
                // Nobody receives this if the start was given up, which a stop follows.
                let _ = report.send(Ok(()));
                processes.supervise();
            }
            Err(errno) => {
                processes.children.kill(|_| {});
                let _ = report.send(Err(errno));
            }
        }
    })?;
    started.recv().unwrap_or(Err(Errno(netc::EAGAIN)))
}

struct Processes<'a, W> {
    work: W,
    state: &'a State,
    context: &'a Context,
    /// Each with the index of its socket.
    children: Children<usize>,
}

impl<'a, W: Work> Processes<'a, W> {
    fn new(work: W, state: &'a State) -> Processes<'a, W> {
        let context = &state.context;
        let children = Children::with_capacity(context.settings.workers * work.sockets());
        Processes { work, state, context, children }
    }

    fn fork_all(&mut self) -> Result<(), Errno> {
        let sockets = self.work.sockets();
        (0..self.context.settings.workers * sockets).try_for_each(|number| self.fork(number % sockets))
    }

    fn fork(&mut self, index: usize) -> Result<(), Errno> {
        let fd = self.work.socket(index).fd();
        let body = || {
            self.work.serve(index, self.context);
            0
        };
        // SAFETY: without a handler (the options refuse one) and with buffers for one datagram, `serve` makes
        // system calls, copies bytes and adds to atomics: it neither allocates, locks nor logs.
        let child = unsafe { children::fork(fd, self.context, body) }?;
        self.children.push(child, index);
        Ok(())
    }

    /// Replaces children that die until a stop is requested, and ends them by its deadline.
    fn supervise(mut self) {
        let stop = &self.context.stop;
        let options = WaitOptions::until(Deadline::NEVER).woken_by(stop.waker());
        while !stop.is_requested() {
            let lacks_one = self.socket_that_lacks_one().is_some();
            let gate = &self.context.gate;
            let closed = gate.is_closed();
            if closed && gate.is_passed() {
                // Again in each round: a signal may arrive just before the call that it is to end.
                self.children.interrupt();
            }
            let deadline = match (closed, lacks_one) {
                // The server may have resumed and been paused again since, which this thread has not noticed.
                (true, _) => Deadline::after(Some(INTERRUPT_INTERVAL)),
                (false, true) => Deadline::after(Some(REPLACE_INTERVAL)),
                (false, false) => Deadline::NEVER,
            };
            let change = gate.change_from(closed).fd();
            let _ = self.children.wait_or(change, options.with_deadline(deadline), |_| {});
            if lacks_one
                && !stop.is_requested()
                && let Some(index) = self.socket_that_lacks_one()
                && let Err(errno) = self.fork(index)
            {
                self.context.limit_reached(LimitEvent::ChildLost(children::shortage(errno)));
            }
        }
        self.work.interrupt(self.state);
        self.children.stop(stop, self.state.sharing.has_begun(), |_| {});
    }

    /// The index of a socket that fewer than `workers` children serve.
    fn socket_that_lacks_one(&self) -> Option<usize> {
        let served_by = |index| self.children.values().filter(|served| **served == index).count();
        (0..self.work.sockets()).find(|index| served_by(*index) < self.context.settings.workers)
    }
}
