//! UDP: receive, reply, next; by one thread, several threads, several processes or event loops.
//!
//! All of them run the same loop on the same sockets, and the kernel wakes one of them for a
//! datagram. They differ in how many there are and in how many datagrams each one takes with a
//! system call.

mod guard;
mod processes;

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use super::limits::Met;
use super::options::Concurrency;
use super::shared::Shared;
use crate::net::{
    Batch, Deadline, Epoll, Errno, Fault, Reply, Socket, Waiting, interest, max_payload, wait_for,
};
use crate::uppercase::MAX_GROWTH;

/// Datagrams that an event loop takes with one system call at most.
const BATCH: usize = 32;

/// How long the system may refuse a reply for want of room before it is given up.
const SEND_PATIENCE: Duration = Duration::from_secs(1);

/// The stop's token; the sockets' are their places.
const STOP: u64 = u64::MAX;

/// A socket and the address that it is bound to.
type Bound = (Socket, SocketAddr);

/// Starts the engine. If this fails, what was started ends when the server is dropped.
pub(super) fn start(
    shared: &Arc<Shared>,
    concurrency: Concurrency,
    sockets: Vec<Bound>,
    workers: usize,
) -> Result<(), Errno> {
    let sockets = Arc::new(sockets);
    let (threads, batch) = match concurrency {
        Concurrency::Iterative => (1, 1),
        Concurrency::Threads => (workers, 1),
        // Replies leave with their batch's last one, which should not have to wait for handlers.
        Concurrency::Events if shared.has_handler() => (workers, 1),
        Concurrency::Events => (workers, BATCH),
        Concurrency::Processes => return processes::start(shared, sockets, workers),
    };
    for _ in 0..threads {
        let sockets = Arc::clone(&sockets);
        let epoll = watch(&sockets, shared)?;
        shared.spawn("capsock-udp", move |shared| serve(&sockets, &epoll, &mut Desk::new(batch), shared))?;
    }
    Ok(())
}

/// Watches the sockets so that one of several threads or processes is woken for a datagram, and
/// the stop so that all are.
fn watch(sockets: &[Bound], shared: &Shared) -> Result<Epoll, Errno> {
    let epoll = Epoll::new()?;
    epoll.add(shared.stop_waker().as_fd(), libc::EPOLLIN as u32, STOP)?;
    for (index, (socket, _)) in sockets.iter().enumerate() {
        epoll.add(socket.as_fd(), (libc::EPOLLIN | libc::EPOLLEXCLUSIVE) as u32, index as u64)?;
    }
    Ok(epoll)
}

/// What requests are received on and replies written to.
struct Desk {
    batch: Batch,
    replies: Vec<Reply>,
    /// The replies' bytes, one behind the other.
    arena: Vec<u8>,
}

impl Desk {
    fn new(capacity: usize) -> Desk {
        let arena = Vec::with_capacity(MAX_GROWTH * 65_536);
        Desk { batch: Batch::new(capacity), replies: Vec::with_capacity(capacity), arena }
    }
}

/// Serves until a stop is asked for. With a desk for one datagram and without a handler it
/// allocates nothing, so a forked child may run it.
fn serve(sockets: &[Bound], epoll: &Epoll, desk: &mut Desk, shared: &Shared) {
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
    while !shared.stopping() {
        // Signals are blocked here; whatever else an error is, the next round tries again.
        let ready = epoll.wait(&mut events, None).unwrap_or(0);
        for event in &events[..ready] {
            if let Some((socket, address)) = sockets.get(event.u64 as usize) {
                answer(socket, address, desk, shared);
            }
        }
    }
}

/// Receives what is there, up to the desk's capacity, and replies to it.
fn answer(socket: &Socket, bound: &SocketAddr, desk: &mut Desk, shared: &Shared) {
    let Ok(received) = socket.receive_batch(&mut desk.batch) else { return };
    let counters = shared.counters();
    counters.datagrams_received.add(received as u64);
    desk.replies.clear();
    desk.arena.clear();
    let (mut bytes, mut answered) = (0, 0);
    for index in 0..received {
        let request = desk.batch.payload(index);
        bytes += request.len() as u64;
        let envelope = desk.batch.envelope(index);
        let verdict = envelope.and_then(|envelope| Some((envelope, guard::judge(&envelope, bound)?)));
        let Some((envelope, hop_limit)) = verdict else {
            shared.met(Met::Guarded);
            continue;
        };
        if request.len() > shared.limits.max_request {
            shared.met(Met::Oversized);
            continue;
        }
        let start = desk.arena.len();
        if !shared.reply(request, &mut desk.arena) {
            continue;
        }
        if desk.arena.len() - start > max_payload(&envelope.source) {
            desk.arena.truncate(start);
            shared.met(Met::TooLong);
            continue;
        }
        answered += 1;
        // A server of all addresses answers from the one that was asked.
        let from = envelope.destination.filter(|(ip, _)| bound.ip().is_unspecified() && !ip.is_multicast());
        desk.replies.push(Reply { to: envelope.source, from, hop_limit, bytes: start..desk.arena.len() });
    }
    counters.bytes_received.add(bytes);
    counters.requests.add(answered);
    send_all(socket, desk, shared);
    desk.arena.shrink_to(MAX_GROWTH * 65_536);
}

fn send_all(socket: &Socket, desk: &mut Desk, shared: &Shared) {
    let Desk { batch, replies, arena } = desk;
    let counters = shared.counters();
    let mut rest = &replies[..];
    while !rest.is_empty() {
        match socket.send_batch(batch, rest, arena) {
            Ok(sent) => {
                let (gone, left) = rest.split_at(sent);
                counters.datagrams_sent.add(sent as u64);
                counters.bytes_sent.add(gone.iter().map(|reply| reply.bytes.len() as u64).sum());
                rest = left;
            }
            Err(errno) if errno.would_block() && wait_for_room(socket, shared) => {}
            // The error is the first one's: the others get their chance.
            Err(_) => {
                shared.met(Met::Unsent);
                rest = &rest[1..];
            }
        }
    }
}

/// Whether the system takes replies again before patience or the stop's deadline ends.
fn wait_for_room(socket: &Socket, shared: &Shared) -> bool {
    let deadline = Deadline::after(Some(SEND_PATIENCE)).earlier(shared.stop_deadline());
    let mut fds = [interest(socket.fd(), libc::POLLOUT), interest(-1, 0)];
    match wait_for(&mut fds, Waiting::until(deadline)) {
        Ok(()) => true,
        Err(Fault::TimedOut | Fault::Woken | Fault::Interrupted | Fault::Os(_)) => false,
    }
}
