//! Which worker serves a connection. The kernel may wake the same one for each (EPOLLEXCLUSIVE of epoll_ctl(2) wakes the
//! one that waited last), so a worker that has more than its share hands what it accepts to the one with the fewest.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::net::{Errno, Socket, Waker};
use crate::server::state::Gate;

/// How many more connections than the worker with the fewest one may have and keep another one, besides an eighth: to
/// hand it over costs a system call and wakes the other worker.
const MOST_AHEAD: usize = 2;

pub(super) struct Balance {
    workers: Box<[Worker]>,
}

/// Aligned to two cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct Worker {
    /// The connections that it serves.
    open: AtomicUsize,
    /// Those that it was given and has not taken; `None` once it has ended.
    given: Mutex<Option<Vec<Socket>>>,
    /// The length of `given`.
    waiting: AtomicUsize,
    waker: Waker,
}

impl Worker {
    fn given(&self) -> MutexGuard<'_, Option<Vec<Socket>>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self) -> usize {
        self.open.load(Ordering::Relaxed) + self.waiting.load(Ordering::Relaxed)
    }
}

impl Balance {
    pub(super) fn new(workers: usize) -> Result<Balance, Errno> {
        let new = |_| -> Result<Worker, Errno> {
            let (open, waiting) = (AtomicUsize::new(0), AtomicUsize::new(0));
            Ok(Worker { open, given: Mutex::new(Some(Vec::new())), waiting, waker: Waker::new()? })
        };
        Ok(Balance { workers: (0..workers).map(new).collect::<Result<_, _>>()? })
    }

    /// Notified when the worker is given a connection.
    pub(super) fn waker(&self, worker: usize) -> &Waker {
        &self.workers[worker].waker
    }

    /// Records how many connections a worker serves, or has taken and serves next.
    pub(super) fn set_open(&self, worker: usize, open: usize) {
        self.workers[worker].open.store(open, Ordering::Relaxed);
    }

    /// Hands an accepted connection to the worker with the fewest, or returns it: the worker that accepted it serves it.
    /// It leaves the gate once that one has taken and served it.
    pub(super) fn hand_over(&self, worker: usize, socket: Socket, gate: &Gate) -> Option<Socket> {
        let own = self.workers[worker].load();
        let fewest = self.workers.iter().min_by_key(|worker| worker.load())?;
        let load = fewest.load();
        if own < load + load / 8 + MOST_AHEAD {
            return Some(socket);
        }
        let mut given = fewest.given();
        let Some(given) = given.as_mut() else { return Some(socket) };
        gate.add_entered();
        given.push(socket);
        fewest.waiting.store(given.len(), Ordering::Relaxed);
        fewest.waker.notify();
        None
    }

    /// The connections that a worker was given, which count as open from now on.
    pub(super) fn take(&self, worker: usize) -> Vec<Socket> {
        let worker = &self.workers[worker];
        worker.waker.drain();
        let mut given = worker.given();
        let taken = given.as_mut().map(mem::take).unwrap_or_default();
        worker.open.fetch_add(taken.len(), Ordering::Relaxed);
        worker.waiting.store(0, Ordering::Relaxed);
        taken
    }

    /// Whether a worker that is about to end has been given nothing; from then on it is given nothing.
    pub(super) fn end(&self, worker: usize) -> bool {
        self.workers[worker].given().take_if(|given| given.is_empty()).is_some()
    }

    /// A worker that ends, even by a panic, is given nothing more, and closes what it has not taken.
    pub(super) fn leave(&self, worker: usize) {
        let left = self.workers[worker].given().take();
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    use socket2::{Domain, Type};

    use super::*;
    use crate::net::fd::OwnedFd;

    fn gate() -> Gate {
        Gate::new().unwrap()
    }

    fn socket() -> Socket {
        Socket::plain(Domain::IPV4, Type::STREAM, true).unwrap()
    }

    #[test]
    fn a_worker_that_accepts_everything_keeps_little_more_than_its_share() {
        for workers in [1, 2, 3, 8] {
            let balance = Balance::new(workers).unwrap();
            let mut open = vec![0; workers];
            for _ in 0..64 {
                open[0] += usize::from(balance.hand_over(0, socket(), &gate()).is_some());
                balance.set_open(0, open[0]);
            }
            for (worker, open) in open.iter_mut().enumerate() {
                *open += balance.take(worker).len();
                balance.set_open(worker, *open);
            }
            assert_eq!(open.iter().sum::<usize>(), 64);
            let (most, mean) = (*open.iter().max().unwrap() as f64, 64.0 / workers as f64);
            assert!(most <= mean * 1.15 + MOST_AHEAD as f64, "{workers} workers: {open:?}");
        }
    }

    #[test]
    fn a_worker_with_few_connections_keeps_what_it_accepts() {
        let balance = Balance::new(2).unwrap();
        assert!(balance.hand_over(0, socket(), &gate()).is_some());
        balance.set_open(0, 1);
        assert!(balance.hand_over(0, socket(), &gate()).is_some());
    }

    #[test]
    fn a_worker_that_has_ended_is_given_nothing() {
        let balance = Balance::new(2).unwrap();
        balance.set_open(0, 10);
        assert!(balance.hand_over(0, socket(), &gate()).is_none());
        assert!(!balance.end(1), "it has not taken what it was given");
        assert_eq!(balance.take(1).len(), 1);
        assert!(balance.end(1));
        assert!(balance.hand_over(0, socket(), &gate()).is_some());
        assert!(balance.take(1).is_empty());
    }

    #[test]
    fn what_a_worker_has_not_taken_when_it_ends_is_closed() {
        let balance = Balance::new(2).unwrap();
        balance.set_open(0, 10);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let given = OwnedFd::from(listener.accept().unwrap().0);
        assert!(balance.hand_over(0, given.into(), &gate()).is_none());
        balance.leave(1);
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        assert!(balance.hand_over(0, socket(), &gate()).is_some());
    }
}
