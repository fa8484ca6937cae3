//! The calls of an asynchronous handler: requests whose replies are pending, how many there may be, and what is to be
//! done once one is completed or cancelled.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use slab::Slab;

use crate::net::{Errno, SendMeta, UnixSource, Waker};
use crate::service::{AsyncService, CancelCallback, HandlerError};

/// What a request's completion gives.
pub(in crate::server) type Outcome = Result<Vec<u8>, HandlerError>;

/// Where the outcome of a call is taken.
pub(in crate::server) enum Target {
    /// By a thread, which waits for it: [`Call::wait`].
    Thread,
    /// By a thread of the pool, which is woken for the connection of this key.
    Connection(usize),
    /// By the dispatcher, which sends the reply.
    Datagram(Destination),
}

/// Where the reply to a datagram goes.
pub(in crate::server) struct Destination {
    pub(in crate::server) peer: DatagramPeer,
    /// The longest reply that is sent.
    pub(in crate::server) longest: usize,
}

/// Who sent a datagram.
pub(in crate::server) enum DatagramPeer {
    /// To the server's socket of this index.
    Inet(SendMeta, usize),
    Unix(UnixSource),
}

/// A request that the handler was called with.
pub(in crate::server) struct Call {
    key: usize,
    pub(in crate::server) target: Target,
    progress: Mutex<Progress>,
    /// Notified once it is completed or cancelled, for [`Target::Thread`].
    over: Condvar,
}

struct Progress {
    step: Step,
    permit: Option<Permit>,
}

enum Step {
    Pending(Option<CancelCallback>),
    Completed(Outcome),
    /// The outcome is taken, or not wanted any more.
    Over,
}

impl Call {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(self.progress().step, Step::Pending(_))
    }

    /// Sets the outcome, and has it taken; `false` if the call is not pending.
    pub(super) fn complete(self: &Arc<Self>, outcome: Outcome, calls: &Calls) -> bool {
        let mut progress = self.progress();
        let Step::Pending(callback) = &mut progress.step else { return false };
        let callback = callback.take();
        progress.step = Step::Completed(outcome);
        drop(progress);
        // With the lock released: what it has captured is the caller's.
        drop(callback);
        let is_datagram = matches!(self.target, Target::Datagram(_));
        calls.remove(self.key, is_datagram.then(|| Work::Send(Arc::clone(self))));
        match self.target {
            Target::Thread => self.over.notify_one(),
            Target::Connection(key) => calls.wake(key),
            Target::Datagram(_) => {}
        }
        true
    }

    /// The outcome: `None` while it is pending; no reply if the handler failed, or the call was cancelled.
    pub(in crate::server) fn take(&self) -> Option<Option<Vec<u8>>> {
        let mut progress = self.progress();
        if let Step::Pending(_) = progress.step {
            return None;
        }
        let (step, permit) = (mem::replace(&mut progress.step, Step::Over), progress.permit.take());
        drop(progress);
        drop(permit);
        match step {
            Step::Completed(outcome) => Some(outcome.ok()),
            Step::Pending(_) | Step::Over => Some(None),
        }
    }

    /// Waits for the outcome. The dispatcher cancels the call at a stop's deadline.
    pub(in crate::server) fn wait(&self) -> Option<Vec<u8>> {
        let pending = |progress: &mut Progress| matches!(progress.step, Step::Pending(_));
        drop(self.over.wait_while(self.progress(), pending));
        self.take().flatten()
    }

    /// The reply is not wanted any more. The dispatcher tells the handler, if it is to be told.
    pub(in crate::server) fn cancel(&self, calls: &Calls) {
        let mut progress = self.progress();
        let (step, permit) = (mem::replace(&mut progress.step, Step::Over), progress.permit.take());
        drop(progress);
        drop(permit);
        if let Step::Pending(callback) = step {
            calls.remove(self.key, callback.map(Work::Tell));
            self.over.notify_one();
        }
    }

    /// Keeps `callback` for [`cancel`](Call::cancel); returns it if the call was cancelled. A completed call drops it.
    pub(super) fn on_cancel(&self, callback: CancelCallback) -> Option<CancelCallback> {
        let mut progress = self.progress();
        let (kept, returned) = match &mut progress.step {
            Step::Pending(kept) => (kept.replace(callback), None),
            Step::Completed(_) => (Some(callback), None),
            Step::Over => (None, Some(callback)),
        };
        drop(progress);
        drop(kept);
        returned
    }
}

/// What the dispatcher does.
pub(in crate::server) enum Work {
    /// Sends the reply to a datagram.
    Send(Arc<Call>),
    /// Tells the handler that a reply is not wanted any more.
    Tell(CancelCallback),
}

/// The calls of a server.
pub(in crate::server) struct Calls {
    pub(super) service: Arc<dyn AsyncService>,
    /// The most permits.
    limit: usize,
    queues: Mutex<Queues>,
    /// Notified if a permit is free, for threads that wait for one.
    released: Condvar,
    /// Wakes a thread of the pool for [`next_ready`](Calls::next_ready).
    pub(in crate::server) ready: Waker,
    /// Wakes the dispatcher.
    pub(super) work: Waker,
}

#[derive(Default)]
struct Queues {
    pending: Slab<Arc<Call>>,
    permits: usize,
    /// The keys of connections that wait for a permit, each once.
    waiting: VecDeque<usize>,
    is_waiting: HashSet<usize>,
    /// The keys of connections that can continue.
    ready: VecDeque<usize>,
    work: VecDeque<Work>,
}

/// Leave to call the handler, until it is dropped.
pub(in crate::server) struct Permit(Arc<Calls>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.queues().permits -= 1;
        self.0.released.notify_one();
        self.0.wake_waiting();
    }
}

impl Calls {
    pub(in crate::server) fn new(service: Arc<dyn AsyncService>, limit: usize) -> Result<Calls, Errno> {
        Ok(Calls {
            service,
            limit,
            queues: Mutex::default(),
            released: Condvar::new(),
            ready: Waker::new()?,
            work: Waker::new()?,
        })
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A permit, if one is free. Otherwise the connection of this key is woken once one is.
    pub(in crate::server) fn try_acquire(self: &Arc<Self>, key: usize) -> Option<Permit> {
        let mut queues = self.queues();
        if queues.permits < self.limit {
            queues.permits += 1;
            return Some(Permit(Arc::clone(self)));
        }
        if queues.is_waiting.insert(key) {
            queues.waiting.push_back(key);
        }
        None
    }

    /// A permit, once one is free; `None` if `given_up` says so, which is asked now and then.
    pub(in crate::server) fn acquire(self: &Arc<Self>, given_up: impl Fn() -> bool) -> Option<Permit> {
        const INTERVAL: Duration = Duration::from_millis(20);
        let mut queues = self.queues();
        while queues.permits >= self.limit {
            if given_up() {
                return None;
            }
            let waited = self.released.wait_timeout(queues, INTERVAL);
            queues = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        queues.permits += 1;
        Some(Permit(Arc::clone(self)))
    }

    /// Whether [`acquire`](Calls::acquire) would wait.
    pub(in crate::server) fn is_full(&self) -> bool {
        self.queues().permits >= self.limit
    }

    /// Wakes the first of the connections that wait for a permit, if one is free. What it does not use is for the next
    /// one, which is woken by another call.
    pub(in crate::server) fn wake_waiting(&self) {
        let mut queues = self.queues();
        if queues.permits < self.limit
            && let Some(key) = queues.waiting.pop_front()
        {
            queues.is_waiting.remove(&key);
            drop(queues);
            self.wake(key);
        }
    }

    /// Has a thread of the pool continue with a connection.
    pub(in crate::server) fn wake(&self, key: usize) {
        let mut queues = self.queues();
        queues.ready.push_back(key);
        if queues.ready.len() == 1 {
            self.ready.notify();
        }
    }

    /// The connection that a thread of the pool continues with. Another thread is woken for the next one.
    pub(in crate::server) fn next_ready(&self) -> Option<usize> {
        let mut queues = self.queues();
        self.ready.drain();
        let next = queues.ready.pop_front();
        if !queues.ready.is_empty() {
            self.ready.notify();
        }
        next
    }

    pub(super) fn add(&self, target: Target, permit: Option<Permit>) -> Arc<Call> {
        let mut queues = self.queues();
        let entry = queues.pending.vacant_entry();
        let progress = Mutex::new(Progress { step: Step::Pending(None), permit });
        let call = Arc::new(Call { key: entry.key(), target, progress, over: Condvar::new() });
        Arc::clone(entry.insert(call))
    }

    /// Called once for each call. What it leaves to do is added at the same moment, so that the server is not idle in
    /// between.
    fn remove(&self, key: usize, work: Option<Work>) {
        let mut queues = self.queues();
        let removed = queues.pending.try_remove(key);
        if let Some(work) = work {
            queues.work.push_back(work);
            if queues.work.len() == 1 {
                self.work.notify();
            }
        }
        drop(queues);
        drop(removed);
    }

    pub(super) fn wake_dispatcher(&self) {
        self.work.notify();
    }

    pub(super) fn take_work(&self) -> VecDeque<Work> {
        let mut queues = self.queues();
        self.work.drain();
        mem::take(&mut queues.work)
    }

    /// Whether no call is pending, and there is no work.
    pub(in crate::server) fn is_idle(&self) -> bool {
        let queues = self.queues();
        queues.pending.is_empty() && queues.work.is_empty()
    }

    pub(super) fn cancel_all(&self) {
        let pending: Vec<_> = self.queues().pending.iter().map(|(_, call)| Arc::clone(call)).collect();
        pending.iter().for_each(|call| call.cancel(self));
    }
}
