//! The buffers of one worker: it receives requests into them, and sends the replies from them.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::adaptive_batching::AdaptiveBatching;
use super::source_filter;
use crate::choices::Transport;
use crate::net::{
    Added, Deadline, Errno, Features, ReceiveBatch, ReceiveMeta, SendBatch, SendMeta, Socket, WaitError,
    WaitOptions, canonical, interest, no_interest, wait_for,
};
use crate::netc;
use crate::request_context::RequestContext;
use crate::server::proxy_header::split_datagram;
use crate::server::state::{Context, LimitEvent};
use crate::uppercase::MAX_GROWTH;

/// How far replies may exceed a full batch, in bytes: by the reply to one request.
pub(super) const GROWTH: usize = MAX_GROWTH * 65_536;

/// How long the system may refuse a reply for want of buffer space before the reply is discarded.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// How long receiving pauses after an error of the socket.
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// The most datagrams that one system call receives and sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchSizes {
    pub(super) receive: usize,
    pub(super) send: usize,
}

impl BatchSizes {
    pub(super) const ONE: BatchSizes = BatchSizes { receive: 1, send: 1 };
}

/// With batches of one datagram and without a handler its methods allocate nothing, so that a forked child may call
/// them.
pub(super) struct Buffers {
    pub(super) requests: ReceiveBatch,
    replies: SendBatch,
    batching: AdaptiveBatching,
    /// Whether a receive blocks until a datagram arrives or the socket is shut down; otherwise a poll precedes it.
    blocks: bool,
    busy_poll: Duration,
}

impl Buffers {
    pub(super) fn new(batches: BatchSizes, context: &Context) -> Buffers {
        let features = context.features;
        let several = batches.receive > 1 && features.has(Features::RECVMMSG);
        let segments = batches.send > 1 && features.has(Features::UDP_SEGMENT);
        Buffers {
            requests: ReceiveBatch::new(if several { batches.receive } else { 1 }),
            replies: SendBatch::new(batches.send, GROWTH, segments, several),
            batching: AdaptiveBatching::new(several),
            blocks: features.has(Features::BLOCKING_RECEIVE),
            busy_poll: context.settings.busy_poll,
        }
    }

    /// Blocks until a datagram arrives, the server is paused or a stop is requested, and receives. Returns the number of the receive
    /// batch's messages.
    #[inline(always)]
    pub(super) fn receive(&mut self, socket: &Socket, context: &Context) -> usize {
        match self.try_receive(socket, context) {
            Ok(count) => count,
            Err(errno) if errno.would_block() || errno == Errno(netc::EINTR) => 0,
            Err(_) => {
                let pause = WaitOptions::until(Deadline::after(Some(ERROR_PAUSE)));
                let _ = wait_for(&mut [no_interest()], pause.woken_by(context.stop.waker()));
                0
            }
        }
    }

    /// Receives what is queued. Returns 0 if there is nothing.
    pub(super) fn receive_left(&mut self, socket: &Socket) -> usize {
        self.receive_now(socket, netc::MSG_DONTWAIT).unwrap_or(0)
    }

    #[inline(always)]
    fn try_receive(&mut self, socket: &Socket, context: &Context) -> Result<usize, Errno> {
        if !self.busy_poll.is_zero() {
            let start = Instant::now();
            while start.elapsed() < self.busy_poll
                && !context.stop.is_requested()
                && !context.gate.is_closed()
            {
                match self.receive_now(socket, netc::MSG_DONTWAIT) {
                    Err(errno) if errno.would_block() => {}
                    other => return other,
                }
            }
        }
        if self.blocks {
            return self.receive_now(socket, netc::MSG_WAITFORONE);
        }
        let stop = WaitOptions::until(Deadline::NEVER).woken_by(context.stop.waker());
        let paused = context.gate.change_from(false).fd();
        let mut fds = [interest(socket.fd(), netc::POLLIN), interest(paused, netc::POLLIN), no_interest()];
        match wait_for(&mut fds, stop) {
            Ok(()) if fds[0].revents == 0 => Ok(0),
            Ok(()) => self.receive_now(socket, netc::MSG_DONTWAIT),
            Err(WaitError::Os(errno)) => Err(errno),
            Err(WaitError::Woken | WaitError::TimedOut | WaitError::Interrupted) => Ok(0),
        }
    }

    #[inline(always)]
    fn receive_now(&mut self, socket: &Socket, flags: i32) -> Result<usize, Errno> {
        if self.batching.receives_several() {
            let received = socket.receive_some(&mut self.requests, flags);
            self.batching.record(received.unwrap_or(0));
            received
        } else {
            socket.receive_one(&mut self.requests, flags & netc::MSG_DONTWAIT)
        }
    }

    /// Replies to the `count` messages of the last receive.
    pub(super) fn answer(&mut self, count: usize, socket: &Socket, bound: &SocketAddr, context: &Context) {
        let Buffers { requests, replies, .. } = self;
        let mut totals = BatchTotals::default();
        for index in 0..count {
            let message = requests.message(index);
            let reply_meta = message.meta.as_ref().and_then(|received| reply_meta(received, bound));
            let mut from = match &message.meta {
                Some(received) if context.takes_request_context() => Some(request_context(received, bound)),
                _ => None,
            };
            for datagram in message.datagrams() {
                totals.datagrams += 1;
                totals.bytes += datagram.len() as u64;
                let Some(reply_meta) = &reply_meta else {
                    context.limit_reached(LimitEvent::Filtered);
                    continue;
                };
                let mut request = datagram;
                if let Some(proxies) = &context.proxies {
                    let source = reply_meta.to.ip();
                    let Some((proxied, payload)) = split_datagram(datagram, source, proxies, context) else {
                        continue;
                    };
                    totals.bytes -= (datagram.len() - payload.len()) as u64;
                    request = payload;
                    if let Some(from) = &mut from {
                        from.set_proxied(proxied);
                    }
                }
                if request.len() > context.settings.max_request {
                    context.limit_reached(LimitEvent::Oversized);
                    continue;
                }
                let longest = longest_reply(request, context.settings.max_amplification);
                let mut amplified = false;
                let added = replies.add(reply_meta, |bytes| {
                    let start = bytes.len();
                    let replied = context.reply(request, from.as_ref(), bytes);
                    amplified = replied && bytes.len() - start > longest;
                    replied && !amplified
                });
                match added {
                    Added::Reply => totals.answered += 1,
                    Added::Nothing if amplified => context.limit_reached(LimitEvent::Amplified),
                    Added::TooLong => context.limit_reached(LimitEvent::ReplyTooLong),
                    Added::Nothing => {}
                }
                if replies.is_full() {
                    // Counted before they are sent: a client that has its reply finds it in the totals.
                    std::mem::take(&mut totals).add_to(context);
                    send_all(socket, replies, context);
                }
            }
        }
        totals.add_to(context);
        send_all(socket, replies, context);
    }
}

/// Where the reply to a datagram goes; `None` if it gets none.
#[inline(always)]
pub(super) fn reply_meta(received: &ReceiveMeta, bound: &SocketAddr) -> Option<SendMeta> {
    let hop_limit = source_filter::reply_hop_limit(received, bound)?;
    // A server that is bound to all addresses replies from the one that the request was sent to.
    let from = received.destination.filter(|(ip, _)| bound.ip().is_unspecified() && !ip.is_multicast());
    let hop_limit = (hop_limit != source_filter::REPLY_HOPS).then_some(hop_limit);
    Some(SendMeta { to: received.source, from, hop_limit })
}

/// The context of a datagram: it was sent to the address that the system reports, which it is asked for if the server is bound
/// to all, or to the one that the server is bound to.
pub(super) fn request_context(received: &ReceiveMeta, bound: &SocketAddr) -> RequestContext {
    let mut local = *bound;
    if let Some((ip, interface)) = received.destination {
        local.set_ip(ip);
        if let (SocketAddr::V6(local), IpAddr::V6(ip)) = (&mut local, ip) {
            // The scope of an address that means another host on each link (RFC 4007).
            let on_link = ip.is_unicast_link_local() || ip.is_multicast();
            local.set_scope_id(if on_link { interface } else { 0 });
        }
    }
    RequestContext::new(Transport::Udp, canonical(received.source), canonical(local))
}

/// The length of the longest reply to a request.
pub(super) fn longest_reply(request: &[u8], max_amplification: usize) -> usize {
    match max_amplification {
        0 => usize::MAX,
        times => request.len().saturating_mul(times),
    }
}

/// What was received and not yet added to the server's totals.
#[derive(Default)]
pub(super) struct BatchTotals {
    pub(super) datagrams: u64,
    pub(super) bytes: u64,
    answered: u64,
}

impl BatchTotals {
    pub(super) fn add_to(self, context: &Context) {
        let counters = context.counters();
        counters.datagrams_received.add(self.datagrams);
        counters.bytes_received.add(self.bytes);
        counters.requests.add(self.answered);
    }
}

pub(super) fn send_all(socket: &Socket, replies: &mut SendBatch, context: &Context) {
    let counters = context.counters();
    let mut limit = None;
    while !replies.is_empty() {
        match socket.send_some(replies) {
            Ok(sent) => {
                limit = None;
                counters.datagrams_sent.add(sent.datagrams as u64);
                counters.bytes_sent.add(sent.bytes as u64);
            }
            Err(errno)
                if errno.would_block()
                    && wait_for_space(
                        socket,
                        *limit.get_or_insert_with(|| Deadline::after(Some(SEND_TIMEOUT))),
                        context,
                    ) => {}
            // The error is that of the next message: it is discarded, and the others are sent.
            Err(_) => {
                limit = None;
                (0..replies.drop_next_message()).for_each(|_| context.limit_reached(LimitEvent::SendFailed));
            }
        }
    }
    replies.clear(GROWTH);
}

/// Waits until the socket is writable; `false` if it is not by `limit` or the stop's deadline.
fn wait_for_space(socket: &Socket, limit: Deadline, context: &Context) -> bool {
    let deadline = limit.earlier(context.stop.deadline());
    if deadline.passed() {
        return false;
    }
    let mut fds = [interest(socket.fd(), netc::POLLOUT), no_interest()];
    match wait_for(&mut fds, WaitOptions::until(deadline)) {
        Ok(()) => true,
        Err(WaitError::TimedOut | WaitError::Woken | WaitError::Interrupted | WaitError::Os(_)) => false,
    }
}
