//! What one loop receives requests on and writes replies to.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::guard;
use super::pace::Pace;
use crate::net::{
    Added, Deadline, Errno, ReceiveBatch, SendBatch, SendMeta, Socket, WaitError, WaitOptions, interest,
    wait_for, wait_readable,
};
use crate::server::features::Features;
use crate::server::limits::Met;
use crate::server::shared::Shared;
use crate::uppercase::MAX_GROWTH;

/// How much longer than what is enough to be sent the replies may get, in bytes: by those to one request.
const GROWTH: usize = MAX_GROWTH * 65_536;

/// How long the system may refuse a reply for want of room before it is given up.
const SEND_PATIENCE: Duration = Duration::from_secs(1);

/// How long receiving pauses after an error that is nobody's in particular.
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// How many datagrams are received and sent by one call, at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    pub(super) received: usize,
    pub(super) sent: usize,
}

impl Batch {
    pub(super) const OF_ONE: Batch = Batch { received: 1, sent: 1 };
}

/// With room for one datagram and without a handler it allocates nothing once it is made, so a forked child
/// may use it.
pub(super) struct Desk {
    inbox: ReceiveBatch,
    outbox: SendBatch,
    pace: Pace,
    /// Whether a receive waits until something comes or the socket is shut down; else a poll waits before it.
    blocks: bool,
    busy_poll: Duration,
}

impl Desk {
    pub(super) fn new(batch: Batch, shared: &Shared) -> Desk {
        let features = shared.features();
        let several = batch.received > 1 && features.has(Features::RECVMMSG);
        let trains = batch.sent > 1 && features.has(Features::UDP_SEGMENT);
        Desk {
            inbox: ReceiveBatch::new(if several { batch.received } else { 1 }),
            outbox: SendBatch::new(batch.sent, GROWTH, trains, several),
            pace: Pace::new(several),
            blocks: features.has(Features::BLOCKING_RECEIVE),
            busy_poll: shared.limits.busy_poll,
        }
    }

    /// Waits until something has come or a stop is asked for, and receives what is there. Returns how many of
    /// the inbox's slots it took.
    pub(super) fn receive(&mut self, socket: &Socket, shared: &Shared) -> usize {
        match self.try_receive(socket, shared) {
            Ok(count) => count,
            Err(errno) if errno.would_block() || errno == Errno(libc::EINTR) => 0,
            Err(_) => {
                let pause = WaitOptions::until(Deadline::after(Some(ERROR_PAUSE)));
                let _ = wait_for(&mut [interest(-1, 0)], pause.woken_by(shared.stop_waker()));
                0
            }
        }
    }

    fn try_receive(&mut self, socket: &Socket, shared: &Shared) -> Result<usize, Errno> {
        if !self.busy_poll.is_zero() {
            let start = Instant::now();
            while start.elapsed() < self.busy_poll && !shared.stopping() {
                match self.call(socket, libc::MSG_DONTWAIT) {
                    Err(errno) if errno.would_block() => {}
                    other => return other,
                }
            }
        }
        if self.blocks {
            return self.call(socket, libc::MSG_WAITFORONE);
        }
        let stop = WaitOptions::until(Deadline::NEVER).woken_by(shared.stop_waker());
        match wait_readable(socket.fd(), stop) {
            Ok(()) => self.call(socket, libc::MSG_DONTWAIT),
            Err(WaitError::Os(errno)) => Err(errno),
            Err(WaitError::Woken | WaitError::TimedOut | WaitError::Interrupted) => Ok(0),
        }
    }

    #[inline(always)]
    fn call(&mut self, socket: &Socket, flags: i32) -> Result<usize, Errno> {
        if self.pace.takes_several() {
            let received = socket.receive_some(&mut self.inbox, flags);
            self.pace.took(received.unwrap_or(0));
            received
        } else {
            socket.receive_one(&mut self.inbox, flags & libc::MSG_DONTWAIT)
        }
    }

    /// Replies to what the last receive brought in.
    pub(super) fn answer(&mut self, count: usize, socket: &Socket, bound: &SocketAddr, shared: &Shared) {
        let Desk { inbox, outbox, .. } = self;
        let mut tally = Tally::default();
        for index in 0..count {
            let arrival = inbox.arrival(index);
            let label = arrival.envelope.and_then(|envelope| {
                let hop_limit = guard::judge(&envelope, bound)?;
                // A server of all addresses answers from the one that was asked.
                let from =
                    envelope.destination.filter(|(ip, _)| bound.ip().is_unspecified() && !ip.is_multicast());
                let hop_limit = (hop_limit != guard::REPLY_HOPS).then_some(hop_limit);
                Some(SendMeta { to: envelope.source, from, hop_limit })
            });
            for request in arrival.datagrams() {
                tally.datagrams += 1;
                tally.bytes += request.len() as u64;
                let Some(label) = &label else {
                    shared.met(Met::Guarded);
                    continue;
                };
                if request.len() > shared.limits.max_request {
                    shared.met(Met::Oversized);
                    continue;
                }
                let longest = shared.limits.longest_reply(request.len());
                let mut amplified = false;
                let added = outbox.add(label, |replies| {
                    let start = replies.len();
                    let replied = shared.reply(request, replies);
                    amplified = replied && replies.len() - start > longest;
                    replied && !amplified
                });
                match added {
                    Added::Reply => tally.answered += 1,
                    Added::Nothing if amplified => shared.met(Met::Amplified),
                    Added::TooLong => shared.met(Met::TooLong),
                    Added::Nothing => {}
                }
                if outbox.is_full() {
                    // Counted before they leave: who has a reply finds it in the totals.
                    std::mem::take(&mut tally).add_to(shared);
                    send_all(socket, outbox, shared);
                }
            }
        }
        tally.add_to(shared);
        send_all(socket, outbox, shared);
    }
}

/// What has come since it was last added to the totals.
#[derive(Default)]
struct Tally {
    datagrams: u64,
    bytes: u64,
    answered: u64,
}

impl Tally {
    fn add_to(self, shared: &Shared) {
        let counters = shared.counters();
        counters.datagrams_received.add(self.datagrams);
        counters.bytes_received.add(self.bytes);
        counters.requests.add(self.answered);
    }
}

fn send_all(socket: &Socket, outbox: &mut SendBatch, shared: &Shared) {
    let counters = shared.counters();
    let mut limit = None;
    while !outbox.is_empty() {
        match socket.send_some(outbox) {
            Ok(departed) => {
                limit = None;
                counters.datagrams_sent.add(departed.datagrams as u64);
                counters.bytes_sent.add(departed.bytes as u64);
            }
            Err(errno)
                if errno.would_block()
                    && wait_for_room(
                        socket,
                        *limit.get_or_insert_with(|| Deadline::after(Some(SEND_PATIENCE))),
                        shared,
                    ) => {}
            // The error is the next message's: the others get their chance.
            Err(_) => {
                limit = None;
                (0..outbox.give_up_one()).for_each(|_| shared.met(Met::Unsent));
            }
        }
    }
    outbox.clear(GROWTH);
}

/// Whether the system takes replies again before the limit or the stop's deadline.
fn wait_for_room(socket: &Socket, limit: Deadline, shared: &Shared) -> bool {
    let deadline = limit.earlier(shared.stop_deadline());
    if deadline.passed() {
        return false;
    }
    let mut fds = [interest(socket.fd(), libc::POLLOUT), interest(-1, 0)];
    match wait_for(&mut fds, WaitOptions::until(deadline)) {
        Ok(()) => true,
        Err(WaitError::TimedOut | WaitError::Woken | WaitError::Interrupted | WaitError::Os(_)) => false,
    }
}
