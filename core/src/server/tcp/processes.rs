//! A process for each connection, up to a limit; see `children` for what they may do.

use std::sync::Arc;

use super::accept::{Acceptor, SHORTAGE_PAUSE, Wakeup, refuse};
use super::buffers::Buffers;
use super::connection;
use crate::net::{Child, Deadline, Errno, Socket, WaitError, WaitOptions};
use crate::netc;
use crate::server::admission::{ActiveGuard, PeerGuard};
use crate::server::children::{self, Children, Exit};
use crate::server::proxy_header::PendingHeader;
use crate::server::state::{Context, LimitEvent, Listeners, OpenConnection, State, Stop, Taking};

/// The exit code of a child that cut its connection.
const CUT: i32 = 3;

pub(super) fn start(state: &Arc<State>, listeners: &Listeners) -> Result<(), Errno> {
    // The parent never uses them: each child has its own copy.
    let buffers = Buffers::preallocated(&state.context).map_err(|_| Errno(netc::ENOMEM))?;
    let acceptor = Acceptor::of_all(listeners, false);
    state.spawn("capsock-accept", move |state| {
        let children = Children::with_capacity(0);
        Processes { state, buffers, children }.run(acceptor);
    })
}

struct Processes<'a> {
    state: &'a Arc<State>,
    buffers: Buffers,
    /// Each with what counts its connection.
    children: Children<(ActiveGuard, PeerGuard)>,
}

impl Processes<'_> {
    fn run(mut self, mut acceptor: Acceptor) {
        let context = &self.state.context;
        loop {
            match acceptor.next(self.state, self.children.fds()) {
                Wakeup::Stop => break,
                Wakeup::Other(index) => self.children.reap(index, |exit| count_if_cut(exit, &context.stop)),
                Wakeup::Connection(socket, _) if self.children.len() >= context.settings.max_connections => {
                    refuse(socket, context, "max_connections is reached");
                }
                Wakeup::Connection(socket, taking) => self.serve(socket, taking),
            }
        }
        self.children.stop(&context.stop, false, |exit| count_if_cut(exit, &context.stop));
    }

    /// Forks a child for the connection. If there is no descriptor for the child, the connection waits, as those in
    /// the backlog do, until a child ends or a descriptor is closed.
    fn serve(&mut self, socket: Socket, taking: Taking<'_>) {
        let context = &self.state.context;
        let Some(peer) = PeerGuard::new(&socket, self.state) else { return };
        let mut header = match &context.proxies {
            None => None,
            Some(proxies) => match PendingHeader::expect(&socket, proxies, context) {
                None => return,
                header => header,
            },
        };
        let connection = OpenConnection::new(socket, false);
        let (active, _) = ActiveGuard::new(self.state);
        drop(taking);
        loop {
            match fork(&connection, header.as_mut(), &mut self.buffers, context) {
                Ok(child) => return self.children.push(child, (active, peer)),
                Err(Errno(netc::EMFILE | netc::ENFILE)) => {
                    context.limit_reached(LimitEvent::OutOfDescriptors);
                }
                Err(errno) => {
                    return context.limit_reached(LimitEvent::NoProcess(children::shortage(errno)));
                }
            }
            let deadline = Deadline::after(Some(SHORTAGE_PAUSE));
            let pause = WaitOptions::until(deadline).woken_by(context.stop.waker());
            let ended = self.children.wait(pause, |exit| count_if_cut(exit, &context.stop));
            if ended == Err(WaitError::Woken) {
                return;
            }
        }
    }
}

/// Forks a child that reads the header, if one is due, and serves the connection.
fn fork(
    connection: &OpenConnection,
    header: Option<&mut PendingHeader>,
    buffers: &mut Buffers,
    context: &Context,
) -> Result<Child, Errno> {
    let body = || {
        if header.is_none_or(|header| header.wait(connection, context).is_ok()) {
            connection::serve(connection, None, buffers, context, None);
        }
        connection.socket.record_close_at_exit();
        if connection.was_cut() { CUT } else { 0 }
    };
    // SAFETY: without a handler (the options refuse one) and with preallocated buffers, `wait` and `serve` make system
    // calls, copy bytes and add to atomics: they neither allocate, lock nor log.
    unsafe { children::fork(connection.socket.fd(), context, body) }
}

fn count_if_cut(exit: Exit, stop: &Stop) {
    match exit {
        Exit::Code(CUT) | Exit::KilledAtDeadline => stop.count_cut(),
        Exit::Code(_) | Exit::Signal => {}
    }
}
