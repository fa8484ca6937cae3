//! Where an event loop lets connections in.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use crate::net::{Epoll, Errno, Socket};
use crate::server::listen::Listeners;
use crate::server::shared::Shared;
use crate::server::tcp::accept::{Refusal, SHORTAGE_PAUSE, accept};

/// Connections accepted at once, so that a crowd at the door does not hold up those inside.
pub(super) const ACCEPTS: usize = 64;

/// The listening sockets, as one event loop watches them. Their tokens count down from `last`.
pub(super) struct Door {
    listeners: Arc<Listeners>,
    last: u64,
    open: bool,
    /// The listener that is watched first at the next opening, and told of first.
    first: usize,
    /// When accepting goes on after a shortage of descriptors.
    pub(super) again: Option<Instant>,
}

impl Door {
    pub(super) fn new(listeners: Arc<Listeners>, last: u64) -> Door {
        Door { listeners, last, open: false, first: 0, again: None }
    }

    /// The place of the listener that a token stands for, if it does.
    #[inline]
    pub(super) fn place(&self, token: u64) -> Option<usize> {
        (token > self.last - self.listeners.len() as u64).then(|| (self.last - token) as usize)
    }

    pub(super) fn open(&mut self, epoll: &Epoll) -> Result<(), Errno> {
        let count = self.listeners.len();
        for place in (0..count).map(|step| (self.first + step) % count) {
            let listener = &self.listeners[place];
            // One loop is woken for one connection, not all of them.
            let events = (libc::EPOLLIN | libc::EPOLLEXCLUSIVE) as u32;
            match epoll.add(listener.as_fd(), events, self.last - place as u64) {
                Ok(()) | Err(Errno(libc::EEXIST)) => {}
                Err(errno) => return Err(errno),
            }
        }
        self.open = true;
        // After a shortage there may be room for one only: each has its turn.
        self.first = (self.first + 1) % count.max(1);
        Ok(())
    }

    fn shut(&mut self, epoll: &Epoll) {
        for listener in self.listeners.iter() {
            let _ = epoll.remove(listener.as_fd());
        }
        self.open = false;
    }

    /// The next connection of a listener, if there is one and the system has the means.
    #[inline]
    pub(super) fn accept(
        &mut self,
        place: usize,
        epoll: &Epoll,
        shared: &Shared,
        now: Instant,
    ) -> Option<Socket> {
        if !self.open {
            return None;
        }
        match accept(&self.listeners[place], false, shared) {
            Ok(socket) => Some(socket),
            Err(Refusal::Nobody) => None,
            Err(Refusal::Shortage) => {
                self.shut(epoll);
                self.again = Some(now + SHORTAGE_PAUSE);
                None
            }
        }
    }

    /// Opens again once the pause after a shortage is over.
    #[inline]
    pub(super) fn open_again(&mut self, epoll: &Epoll, now: Instant) {
        if self.again.is_some_and(|moment| moment <= now) {
            self.try_again(epoll, now);
        }
    }

    #[cold]
    fn try_again(&mut self, epoll: &Epoll, now: Instant) {
        // Without memory for it now, the end of another pause will do.
        self.again = self.open(epoll).is_err().then(|| now + SHORTAGE_PAUSE);
    }

    /// Lets nobody in any more.
    pub(super) fn close(&mut self, epoll: &Epoll) {
        self.shut(epoll);
        self.again = None;
        // Nobody waits in a backlog for nothing, even if another loop is late.
        self.listeners.close_the_door();
        self.listeners = Arc::default();
    }
}
