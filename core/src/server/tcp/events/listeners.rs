//! The listening sockets of an event loop.

use std::sync::Arc;
use std::time::Instant;

use crate::net::fd::AsFd;
use crate::net::{Errno, Interest, Selector, Socket};
use crate::netc;
use crate::server::state::{Context, Listeners};
use crate::server::tcp::accept::{AcceptError, SHORTAGE_PAUSE, accept};

/// The listeners as one event loop watches them. Their tokens count down from `last_token`.
pub(super) struct WatchedListeners {
    listeners: Arc<Listeners>,
    last_token: u64,
    watched: bool,
    /// Nothing is accepted until the server resumes.
    paused: bool,
    /// The index of the listener that is registered first the next time, and so reported first.
    first: usize,
    /// When accepting resumes after a shortage of descriptors.
    pub(super) resume_at: Option<Instant>,
}

impl WatchedListeners {
    pub(super) fn new(listeners: Arc<Listeners>, last_token: u64) -> WatchedListeners {
        WatchedListeners { listeners, last_token, watched: false, paused: false, first: 0, resume_at: None }
    }

    /// The index of the listener with this token, if it is one's.
    #[inline]
    pub(super) fn index(&self, token: u64) -> Option<usize> {
        (token > self.last_token - self.listeners.len() as u64).then(|| (self.last_token - token) as usize)
    }

    pub(super) fn watch(&mut self, selector: &Selector) -> Result<(), Errno> {
        let count = self.listeners.len();
        for index in (0..count).map(|step| (self.first + step) % count) {
            let listener = &self.listeners[index];
            match selector.add(listener.as_fd(), Interest::ACCEPTABLE, self.last_token - index as u64) {
                Ok(()) | Err(Errno(netc::EEXIST)) => {}
                Err(errno) => return Err(errno),
            }
        }
        self.watched = true;
        // After a shortage there may be a descriptor for one connection only: each listener has its turn.
        self.first = (self.first + 1) % count.max(1);
        Ok(())
    }

    fn unwatch(&mut self, selector: &Selector) {
        for listener in self.listeners.iter() {
            let _ = selector.remove(listener.as_fd());
        }
        self.watched = false;
    }

    /// Accepts a connection from the listener at `index`. `None` if its backlog is empty, or accepting pauses for want
    /// of descriptors.
    #[inline]
    pub(super) fn accept(
        &mut self,
        index: usize,
        selector: &Selector,
        context: &Context,
        now: Instant,
    ) -> Option<Socket> {
        if !self.watched {
            return None;
        }
        match accept(&self.listeners[index], false, context) {
            Ok(socket) => Some(socket),
            Err(AcceptError::NoConnection) => None,
            Err(AcceptError::Shortage) => {
                self.unwatch(selector);
                self.resume_at = Some(now + SHORTAGE_PAUSE);
                None
            }
        }
    }

    /// Resumes accepting if the pause after a shortage is over.
    #[inline]
    pub(super) fn resume_if_due(&mut self, selector: &Selector, now: Instant) {
        if self.resume_at.is_some_and(|moment| moment <= now) {
            self.resume(selector, now);
        }
    }

    #[cold]
    fn resume(&mut self, selector: &Selector, now: Instant) {
        // Without memory for it the pause is repeated.
        self.resume_at = self.watch(selector).is_err().then(|| now + SHORTAGE_PAUSE);
    }

    /// Accepts nothing until [`unpause`](WatchedListeners::unpause). What is in the backlog then is left to other processes
    /// that have the listeners, and those are not woken for what has woken this one (EPOLLEXCLUSIVE): the caller accepts
    /// once more.
    pub(super) fn pause(&mut self, selector: &Selector) {
        self.unwatch(selector);
        (self.paused, self.resume_at) = (true, None);
    }

    /// Accepts again.
    pub(super) fn unpause(&mut self, selector: &Selector, now: Instant) {
        self.paused = false;
        self.resume(selector, now);
    }

    /// The number of listeners.
    pub(super) fn len(&self) -> usize {
        self.listeners.len()
    }

    /// Accepts a connection from the listener at `index`, which is not watched.
    pub(super) fn accept_left(&self, index: usize, context: &Context) -> Option<Socket> {
        accept(&self.listeners[index], false, context).ok()
    }

    /// Accepts nothing from now on.
    pub(super) fn release(&mut self, selector: &Selector) {
        self.unwatch(selector);
        self.resume_at = None;
        self.listeners = Arc::default();
    }
}
