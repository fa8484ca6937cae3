//! The readiness of many sockets, for user-mode threads: Java's virtual threads park until their
//! socket is ready, and one thread waits for all of them.

use std::time::Duration;

use super::blocking::BlockingSocket;
use super::sys::{Errno, Event, Events, Interest, Selector};
use crate::net::sys::fd::{AsFd, BorrowedFd};
use crate::netc;

/// The most events of one wait.
const EVENTS: usize = 256;

/// What a watch waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Readiness {
    /// A receive or an accept does not block, or the stream has ended.
    Readable,
    /// A send does not block, or a connect has ended.
    Writable,
}

/// Watches sockets, each until it is ready once. A poller watches a socket either for reading
/// or for writing: use a poller for each.
#[derive(Debug)]
pub struct Poller(Selector);

impl Poller {
    /// A poller without sockets (on Linux epoll_create1(2)).
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM.
    pub fn new() -> Result<Poller, Errno> {
        Selector::new().map(Poller)
    }

    /// Watches a socket until it is ready, or has an error or an end to report. A second watch replaces the first. Closing
    /// the socket removes it, without an event; on Windows, [`forget`](Poller::forget) has to be called before.
    ///
    /// # Errors
    /// EBADF once it is closed, ENOMEM, ENOSPC.
    pub fn watch(&self, socket: &BlockingSocket, readiness: Readiness, token: u64) -> Result<(), Errno> {
        let interest = match readiness {
            Readiness::Readable => {
                socket.note_watch_for_input();
                Interest::ONCE_READABLE
            }
            Readiness::Writable => {
                socket.note_watch_for_room();
                Interest::ONCE_WRITABLE
            }
        };
        socket.with_fd(|fd: BorrowedFd<'_>| match self.0.modify(fd, interest, token) {
            Err(Errno(netc::ENOENT)) => self.0.add(fd, interest, token),
            other => other,
        })
    }

    /// Removes a socket, whether it is watched or not. On Windows it is watched until then, and the wait does not return if
    /// it is closed before (`polling` locks itself out).
    pub fn forget(&self, socket: &BlockingSocket) {
        let _ = socket.with_fd(|fd: BorrowedFd<'_>| self.0.remove(fd));
    }

    /// Waits until watched sockets are ready, and sets `tokens` to theirs; none after the timeout or a signal. `None` is no
    /// timeout.
    ///
    /// # Errors
    /// None that arguments can cause.
    pub fn wait(&self, tokens: &mut Vec<u64>, timeout: Option<Duration>) -> Result<(), Errno> {
        let mut events = Events::with_capacity(EVENTS);
        tokens.clear();
        match self.0.wait(&mut events, timeout) {
            Ok(()) => tokens.extend(events.iter().map(Event::token)),
            Err(Errno(netc::EINTR)) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    }
}

impl BlockingSocket {
    fn with_fd<T>(&self, call: impl FnOnce(BorrowedFd<'_>) -> Result<T, Errno>) -> Result<T, Errno> {
        self.at_once(|socket| call(socket.as_fd()))
    }
}
