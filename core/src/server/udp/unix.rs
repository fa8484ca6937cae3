//! Datagrams over a Unix domain socket: receive, reply, next.
//!
//! There are no batches, hop limits or networks here. The path to a client is its name, and the kernel delivers a datagram or
//! reports why not. Every concurrency runs the same loop, each thread or process on the one socket.
//!
//! Two servers must not answer each other for ever. A datagram's source cannot be forged, but the path of a source can be made
//! to lead to another server, by a symbolic link. A reply is therefore sent by a socket without a name, which nobody can
//! answer, unless nobody but a client can have the name that it goes to: one that Linux chose, or that of a socket which is
//! connected to this server, which the kernel lets nobody else send to (EPERM).

use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::Type;

use super::buffers::longest_reply;
use super::processes::{self, Work};
use crate::choices::{Concurrency, Transport};
use crate::net::{
    Deadline, Errno, Features, Socket, UnixSource, WaitError, WaitOptions, interest, no_interest, wait_for,
    wait_readable,
};
use crate::netc;
use crate::request_context::RequestContext;
use crate::server::state::{
    BlockingThread, BoundSocket, Call, Context, DatagramPeer, Destination, LimitEvent, State, Target,
};
use crate::unix_address::UnixAddress;
use crate::uppercase::MAX_GROWTH;

/// The longest datagram, in bytes: what the send buffer of a client holds unless a privileged one makes it longer (twice
/// net.core.wmem_max). One that does not fit is refused as too long.
const LONGEST: usize = 425_984;

/// How long receiving pauses after an error of the socket.
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// The server's socket.
struct Bound {
    /// It alone.
    sockets: Arc<Vec<BoundSocket>>,
    /// Its address, as the source of a datagram that it sends to itself.
    name: UnixSource,
    address: UnixAddress,
}

impl Bound {
    fn new(sockets: Arc<Vec<BoundSocket>>) -> Result<Bound, Errno> {
        let (socket, _) = &sockets[0];
        Ok(Bound { name: socket.as_source()?, address: socket.local_unix()?, sockets })
    }

    fn socket(&self) -> &Socket {
        &self.sockets[0].0
    }
}

/// Starts the engine. If this fails, dropping the server ends the threads that have been started.
pub(in crate::server) fn start(state: &Arc<State>, sockets: Vec<BoundSocket>) -> Result<(), Errno> {
    let context = &state.context;
    let bound = Arc::new(Bound::new(Arc::new(sockets))?);
    // The mode of a socket that others have stays as it is.
    if !state.sharing.has_begun() {
        bound.socket().set_nonblocking(!context.features.has(Features::BLOCKING_RECEIVE))?;
    }
    state.set_datagram_sockets(&bound.sockets);
    // First, so that it ends the workers if one of them cannot be started.
    state.spawn("capsock-stop", |state| {
        let _ = wait_readable(state.context.stop.waker().fd(), WaitOptions::until(Deadline::NEVER));
        state.stop_listening();
        state.stop_receiving();
    })?;
    let workers = match context.settings.concurrency {
        Concurrency::Iterative => 1,
        Concurrency::Threads | Concurrency::Events => context.settings.workers,
        Concurrency::Processes => {
            return processes::start(state, move |context| UnixWork {
                buffers: Buffers::new(context),
                bound,
            });
        }
    };
    if context.calls().is_some() {
        let (bound, anonymous) = (Arc::clone(&bound), Socket::unix(Type::DGRAM)?);
        state.start_dispatcher(move |call, state| send_pending(&bound, &anonymous, call, &state.context))?;
    }
    for _ in 0..workers {
        let (bound, anonymous) = (Arc::clone(&bound), Socket::unix(Type::DGRAM)?);
        state.spawn("capsock-udp", move |state| {
            let mut buffers = Buffers::new(&state.context);
            let thread = buffers.blocks.then(|| state.blocking_threads.enter());
            let asynchronous = state.context.calls().is_some();
            receive_all(&bound, &mut buffers, thread.as_ref(), &state.context, |datagram, buffers| {
                match asynchronous {
                    true => begin_call(&bound, datagram, &buffers.request, state),
                    false => answer(&bound, &anonymous, &datagram, buffers, &state.context),
                }
            });
        })?;
    }
    Ok(())
}

/// What a child process does.
struct UnixWork {
    bound: Arc<Bound>,
    /// The parent never uses them: each child has its own copy.
    buffers: Buffers,
}

impl Work for UnixWork {
    fn sockets(&self) -> usize {
        1
    }

    fn socket(&self, _: usize) -> &Socket {
        self.bound.socket()
    }

    fn serve(&mut self, _: usize, context: &Context) {
        // A child has none of its parent's descriptors but the bound one.
        if let Ok(anonymous) = Socket::unix(Type::DGRAM) {
            let Self { bound, buffers } = self;
            receive_all(bound, buffers, None, context, |datagram, buffers| {
                answer(bound, &anonymous, &datagram, buffers, context);
            });
        }
    }

    /// A thread of its own does it.
    fn interrupt(&self, _: &State) {}
}

/// The buffers of one worker. Without a handler nothing here allocates, so that a forked child may use them.
struct Buffers {
    request: Vec<u8>,
    reply: Vec<u8>,
    /// Whether a receive blocks until a datagram arrives or the socket is shut down; otherwise a poll precedes it.
    blocks: bool,
    busy_poll: Duration,
}

/// A datagram, which is in the buffer.
struct Datagram {
    length: usize,
    truncated: bool,
    source: UnixSource,
}

impl Buffers {
    fn new(context: &Context) -> Buffers {
        Buffers {
            request: vec![0; LONGEST],
            reply: Vec::with_capacity(MAX_GROWTH * LONGEST),
            blocks: context.features.has(Features::BLOCKING_RECEIVE),
            busy_poll: context.settings.busy_poll,
        }
    }

    fn receive(&mut self, socket: &Socket, context: &Context) -> Result<Datagram, Errno> {
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
            return self.receive_now(socket, 0);
        }
        let stop = WaitOptions::until(Deadline::NEVER).woken_by(context.stop.waker());
        let closing = context.gate.change_from(false).fd();
        let mut fds = [interest(socket.fd(), netc::POLLIN), interest(closing, netc::POLLIN)];
        match wait_for(&mut fds, stop) {
            Ok(_) => self.receive_now(socket, netc::MSG_DONTWAIT),
            Err(WaitError::Os(errno)) => Err(errno),
            Err(WaitError::Woken | WaitError::TimedOut | WaitError::Interrupted) => Err(Errno(netc::EINTR)),
        }
    }

    fn receive_now(&mut self, socket: &Socket, flags: i32) -> Result<Datagram, Errno> {
        let (length, truncated, source) = socket.receive_unix(&mut self.request, flags)?;
        Ok(Datagram { length: length.min(self.request.len()), truncated, source })
    }
}

/// Receives, and passes each datagram on, until a stop is requested, unless the server is paused. A child is no `thread` of
/// the server's.
fn receive_all(
    bound: &Bound,
    buffers: &mut Buffers,
    thread: Option<&BlockingThread>,
    context: &Context,
    answer: impl Fn(Datagram, &mut Buffers),
) {
    let gate = &context.gate;
    while !context.stop.is_requested() {
        let Some(taking) = gate.enter() else {
            let stop = WaitOptions::until(Deadline::NEVER).woken_by(context.stop.waker());
            let _ = wait_readable(gate.change_from(true).fd(), stop);
            continue;
        };
        while !context.stop.is_requested() && !gate.is_closed() {
            let received = match thread {
                Some(thread) => thread.block(|| buffers.receive(bound.socket(), context)),
                None => buffers.receive(bound.socket(), context),
            };
            match received {
                // The stop has ended the receive.
                Ok(_) if context.stop.is_requested() => {}
                Ok(datagram) => answer(datagram, buffers),
                Err(errno) if errno.would_block() || errno == Errno(netc::EINTR) => {}
                Err(_) => {
                    let pause = WaitOptions::until(Deadline::after(Some(ERROR_PAUSE)));
                    let _ = wait_for(&mut [no_interest()], pause.woken_by(context.stop.waker()));
                }
            }
        }
        drop(taking);
    }
}

/// Counts a datagram; whether it is answered: its sender has a name. The handler is not called for one that cannot be.
fn is_answered(bound: &Bound, datagram: &Datagram, context: &Context) -> bool {
    let counters = context.counters();
    counters.datagrams_received.add(1);
    counters.bytes_received.add(datagram.length as u64);
    if !datagram.source.has_name() || datagram.source == bound.name {
        context.limit_reached(LimitEvent::Filtered);
        return false;
    }
    if datagram.truncated || datagram.length > context.settings.max_request {
        context.limit_reached(LimitEvent::Oversized);
        return false;
    }
    true
}

/// The context of a datagram.
fn request_context(bound: &Bound, source: &UnixSource) -> RequestContext {
    RequestContext::unix(Transport::Udp, source.address(), bound.address.clone())
}

/// Replies to a datagram.
fn answer(bound: &Bound, anonymous: &Socket, datagram: &Datagram, buffers: &mut Buffers, context: &Context) {
    if !is_answered(bound, datagram, context) {
        return;
    }
    let Buffers { request, reply, .. } = buffers;
    let request = &request[..datagram.length];
    let source = &datagram.source;
    let from = context.takes_request_context().then(|| request_context(bound, source));
    reply.clear();
    reply.shrink_to(MAX_GROWTH * LONGEST);
    if !context.reply(request, from.as_ref(), reply) {
        return;
    }
    let longest = longest_reply(request, context.settings.max_amplification);
    send_reply(bound, anonymous, source, reply, longest, context);
}

/// Passes a datagram to the asynchronous handler.
fn begin_call(bound: &Bound, datagram: Datagram, request: &[u8], state: &Arc<State>) {
    let context = &state.context;
    let Some(calls) = context.calls().filter(|_| is_answered(bound, &datagram, context)) else { return };
    let Some(permit) = calls.acquire(|| context.stop.deadline_passed()) else { return };
    let request = &request[..datagram.length];
    let from = request_context(bound, &datagram.source);
    let longest = longest_reply(request, context.settings.max_amplification);
    let target = Target::Datagram(Destination { peer: DatagramPeer::Unix(datagram.source), longest });
    state.begin_call(request, Some(&from), Some(permit), target);
}

/// Sends the reply of a completed call, unless the handler failed.
fn send_pending(bound: &Bound, anonymous: &Socket, call: &Call, context: &Context) {
    if let Target::Datagram(Destination { peer: DatagramPeer::Unix(source), longest }) = &call.target
        && let Some(Some(reply)) = call.take()
    {
        send_reply(bound, anonymous, source, &reply, *longest, context);
    }
}

/// Sends a reply, unless it is longer than it may be, and counts it.
fn send_reply(
    bound: &Bound,
    anonymous: &Socket,
    to: &UnixSource,
    reply: &[u8],
    longest: usize,
    context: &Context,
) {
    let counters = context.counters();
    if reply.len() > longest {
        return context.limit_reached(LimitEvent::Amplified);
    }
    // Counted before it is sent: a client that has its reply finds it in the totals.
    counters.requests.add(1);
    match send(bound, anonymous, to, reply) {
        Ok(sent) => {
            counters.datagrams_sent.add(1);
            counters.bytes_sent.add(sent as u64);
        }
        Err(Errno(netc::EMSGSIZE)) => context.limit_reached(LimitEvent::ReplyTooLong),
        // A client that does not receive, whose queue is full (EAGAIN), delays nobody.
        Err(_) => context.limit_reached(LimitEvent::SendFailed),
    }
}

/// Sends a reply, by the socket that no other server can answer.
fn send(bound: &Bound, anonymous: &Socket, to: &UnixSource, reply: &[u8]) -> Result<usize, Errno> {
    if to.is_chosen() {
        return bound.socket().send_unix(reply, to);
    }
    match anonymous.send_unix(reply, to) {
        // It is connected, and not to this socket: to the server's, or to another one, which is refused again.
        Err(Errno(netc::EPERM)) => bound.socket().send_unix(reply, to),
        other => other,
    }
}
