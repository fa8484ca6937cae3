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
    Deadline, Errno, Features, Socket, UnixSource, WaitError, WaitOptions, no_interest, wait_for,
    wait_readable,
};
use crate::netc;
use crate::request_context::RequestContext;
use crate::server::state::{Context, LimitEvent, State};
use crate::unix_address::UnixAddress;
use crate::uppercase::MAX_GROWTH;

/// The longest datagram, in bytes: what the send buffer of a client holds unless a privileged one makes it longer (twice
/// net.core.wmem_max). One that does not fit is refused as too long.
const LONGEST: usize = 425_984;

/// How long receiving pauses after an error of the socket.
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// The server's socket.
struct Bound {
    socket: Socket,
    /// Its address, as the source of a datagram that it sends to itself.
    name: UnixSource,
    address: UnixAddress,
}

impl Bound {
    fn new(socket: Socket) -> Result<Bound, Errno> {
        Ok(Bound { name: socket.as_source()?, address: socket.local_unix()?, socket })
    }
}

/// Starts the engine. If this fails, dropping the server ends the threads that have been started.
pub(in crate::server) fn start(state: &Arc<State>, socket: Socket) -> Result<(), Errno> {
    let context = &state.context;
    socket.set_nonblocking(!context.features.has(Features::BLOCKING_RECEIVE))?;
    let bound = Arc::new(Bound::new(socket)?);
    // First, so that it ends the workers if one of them cannot be started.
    let to_interrupt = Arc::clone(&bound);
    state.spawn("capsock-stop", move |state| {
        let _ = wait_readable(state.context.stop.waker().fd(), WaitOptions::until(Deadline::NEVER));
        state.stop_listening();
        to_interrupt.socket.end_receives();
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
    for _ in 0..workers {
        let (bound, anonymous) = (Arc::clone(&bound), Socket::unix(Type::DGRAM)?);
        state.spawn("capsock-udp", move |state| {
            serve(&bound, &anonymous, &mut Buffers::new(&state.context), &state.context);
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
        &self.bound.socket
    }

    fn serve(&mut self, _: usize, context: &Context) {
        // A child has none of its parent's descriptors but the bound one.
        if let Ok(anonymous) = Socket::unix(Type::DGRAM) {
            serve(&self.bound, &anonymous, &mut self.buffers, context);
        }
    }

    /// A thread of its own does it.
    fn interrupt(&self) {}
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
            while start.elapsed() < self.busy_poll && !context.stop.is_requested() {
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
        match wait_readable(socket.fd(), stop) {
            Ok(()) => self.receive_now(socket, netc::MSG_DONTWAIT),
            Err(WaitError::Os(errno)) => Err(errno),
            Err(WaitError::Woken | WaitError::TimedOut | WaitError::Interrupted) => Err(Errno(netc::EINTR)),
        }
    }

    fn receive_now(&mut self, socket: &Socket, flags: i32) -> Result<Datagram, Errno> {
        let (length, truncated, source) = socket.receive_unix(&mut self.request, flags)?;
        Ok(Datagram { length: length.min(self.request.len()), truncated, source })
    }
}

/// Serves until a stop is requested.
fn serve(bound: &Bound, anonymous: &Socket, buffers: &mut Buffers, context: &Context) {
    while !context.stop.is_requested() {
        match buffers.receive(&bound.socket, context) {
            // The stop has ended the receive.
            Ok(_) if context.stop.is_requested() => {}
            Ok(datagram) => answer(bound, anonymous, &datagram, buffers, context),
            Err(errno) if errno.would_block() || errno == Errno(netc::EINTR) => {}
            Err(_) => {
                let pause = WaitOptions::until(Deadline::after(Some(ERROR_PAUSE)));
                let _ = wait_for(&mut [no_interest()], pause.woken_by(context.stop.waker()));
            }
        }
    }
}

/// Replies to a datagram, if its sender has a name. The handler is not called for one that cannot be answered.
fn answer(bound: &Bound, anonymous: &Socket, datagram: &Datagram, buffers: &mut Buffers, context: &Context) {
    let Buffers { request, reply, .. } = buffers;
    let request = &request[..datagram.length];
    let source = &datagram.source;
    let counters = context.counters();
    counters.datagrams_received.add(1);
    counters.bytes_received.add(request.len() as u64);
    if !source.has_name() || *source == bound.name {
        return context.limit_reached(LimitEvent::Filtered);
    }
    if datagram.truncated || request.len() > context.settings.max_request {
        return context.limit_reached(LimitEvent::Oversized);
    }
    let from = context
        .takes_request_context()
        .then(|| RequestContext::unix(Transport::Udp, source.address(), bound.address.clone()));
    reply.clear();
    reply.shrink_to(MAX_GROWTH * LONGEST);
    if !context.reply(request, from.as_ref(), reply) {
        return;
    }
    if reply.len() > longest_reply(request, context.settings.max_amplification) {
        return context.limit_reached(LimitEvent::Amplified);
    }
    // Counted before it is sent: a client that has its reply finds it in the totals.
    counters.requests.add(1);
    match send(bound, anonymous, source, reply) {
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
        return bound.socket.send_unix(reply, to);
    }
    match anonymous.send_unix(reply, to) {
        // It is connected, and not to this socket: to the server's, or to another one, which is refused again.
        Err(Errno(netc::EPERM)) => bound.socket.send_unix(reply, to),
        other => other,
    }
}
