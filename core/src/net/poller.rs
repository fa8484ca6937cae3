//! The readiness of many sockets (epoll(7)), for user-mode threads: Java's virtual threads park until their
//! socket is ready, and one thread waits for all of them.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::blocking::BlockingSocket;
use super::sys::{Epoll, Errno};

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

/// Watches sockets, each until it is ready once (EPOLLONESHOT of epoll(7)). A poller watches a socket either for reading
/// or for writing: use a poller for each.
#[derive(Debug)]
pub struct Poller(Epoll);

impl Poller {
    /// epoll_create1(2).
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM.
    pub fn new() -> Result<Poller, Errno> {
        Epoll::new().map(Poller)
    }

    /// Watches a socket until it is ready, or has an error or an end to report. A second watch replaces the first. Closing
    /// the socket removes it, without an event.
    ///
    /// # Errors
    /// EBADF once it is closed, ENOMEM, ENOSPC.
    pub fn watch(&self, socket: &BlockingSocket, readiness: Readiness, token: u64) -> Result<(), Errno> {
        let wanted = match readiness {
            Readiness::Readable => {
                socket.note_watch_for_input();
                libc::EPOLLIN | libc::EPOLLRDHUP
            }
            Readiness::Writable => {
                socket.note_watch_for_room();
                libc::EPOLLOUT
            }
        };
        let events = (wanted | libc::EPOLLONESHOT) as u32;
        socket.with_fd(|fd: BorrowedFd<'_>| match self.0.modify(fd, events, token) {
            Err(Errno(libc::ENOENT)) => self.0.add(fd, events, token),
            other => other,
        })
    }

    /// Waits until watched sockets are ready, and sets `tokens` to theirs; none after the timeout or a signal. `None` is no
    /// timeout.
    ///
    /// # Errors
    /// None that arguments can cause.
    pub fn wait(&self, tokens: &mut Vec<u64>, timeout: Option<Duration>) -> Result<(), Errno> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        tokens.clear();
        match self.0.wait(&mut events, timeout) {
            Ok(ready) => tokens.extend(events[..ready].iter().map(|event| event.u64)),
            Err(Errno(libc::EINTR)) => {}
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
