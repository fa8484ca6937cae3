//! One connection of an event loop: a state machine that never blocks.

mod pending;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::send_queue::SendQueue;
use crate::net::{Errno, Socket};
use crate::netc;
use crate::server::admission::Admitted;
use crate::server::proxy_header::Arrived;
use crate::server::state::{Call, Context, LimitEvent};
use crate::server::tcp::drain_budget::DrainBudget;
use crate::server::tcp::exchange::{AfterReply, Exchange};
use crate::server::tcp::linger::{LINGER_TIMEOUT, LingerStep, cut_if_unacknowledged, linger_step};

/// The size of the buffer into which input is discarded, in bytes.
const DISCARD_BUFFER: usize = 16 * 1024;

/// The capacity of a thread's reply buffer that is kept from one step to the next, in bytes.
pub(super) const MAX_KEPT_REPLIES: usize = 1024 * 1024;

pub(super) struct Connection {
    admitted: Admitted,
    exchange: Exchange,
    phase: Phase,
    /// Received requests that wait until the replies before them are sent.
    input: Vec<u8>,
    unsent: SendQueue,
    /// That of [`Phase::AwaitingReply`].
    call: Option<Arc<Call>>,
    /// Whether requests in `input` wait until the socket accepts replies.
    blocked: bool,
    /// The last time that bytes were received or sent.
    last_activity: Instant,
    /// Whether a receive may return less than is available: the kernel has reported, which it does once, the end of
    /// the input, an error, or urgent data.
    short_receive: bool,
    /// Whether there may be more to receive than the last receive returned.
    has_unread: bool,
    budget: DrainBudget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The header of the PROXY protocol is due.
    Header,
    Open,
    /// An asynchronous handler has been called, and its reply is pending. What follows the reply is in `then`; an open
    /// connection continues.
    AwaitingReply {
        then: Then,
    },
    /// The peer has ended its output: close once all replies are sent.
    InputEnded,
    /// The server ends the connection: linger once all replies are sent.
    Closing,
    /// The output is ended; input is discarded until the peer has all replies.
    Lingering {
        until: Instant,
        peer_sent: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Continue,
    Close,
    InputEnded,
}

/// What the loop does with a connection next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Wait for input.
    AwaitInput,
    /// Wait until the socket accepts replies.
    AwaitOutput,
    /// Wait until the handler's reply is completed, or the handler may be called.
    AwaitReply,
    /// Continue without an event, once the other connections have had their turn.
    Reschedule,
    /// Continue within [`LINGER_INTERVAL`](crate::server::tcp::linger::LINGER_INTERVAL), with or without an event.
    CheckTimeoutsSoon,
    Close,
}

/// What a thread lends to a connection for one step: its buffers, and the state of its loop.
pub(super) struct StepContext<'a> {
    pub(super) context: &'a Context,
    pub(super) received: &'a mut Vec<u8>,
    pub(super) replies: &'a mut Vec<u8>,
    pub(super) now: Instant,
    /// A stop is requested: a connection without a request in progress is closed.
    pub(super) draining: bool,
}

impl Connection {
    pub(super) fn new(admitted: Admitted, exchange: Exchange, now: Instant) -> Connection {
        let phase = if admitted.header.is_some() { Phase::Header } else { Phase::Open };
        Connection {
            admitted,
            exchange,
            phase,
            input: Vec::new(),
            unsent: SendQueue::default(),
            call: None,
            blocked: false,
            last_activity: now,
            short_receive: false,
            has_unread: false,
            budget: DrainBudget::default(),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.admitted.connection.socket
    }

    /// Sends what is queued, then receives once and replies.
    pub(super) fn advance(&mut self, step: &mut StepContext<'_>) -> NextStep {
        match self.advance_once(step) {
            NextStep::AwaitInput if self.has_unread => NextStep::Reschedule,
            next => next,
        }
    }

    /// From now on a receive may return less than is available.
    pub(super) fn expect_short_receive(&mut self) {
        self.short_receive = true;
    }

    fn advance_once(&mut self, step: &mut StepContext<'_>) -> NextStep {
        if !self.unsent.is_empty() {
            match self.flush_queue(step) {
                FlushResult::All => {}
                FlushResult::Part => return NextStep::AwaitOutput,
                FlushResult::Broken => return NextStep::Close,
            }
        }
        match self.phase {
            Phase::Open if self.input.is_empty() => self.receive(step, Self::answer, Self::end_input),
            Phase::AwaitingReply { .. } => NextStep::AwaitReply,
            Phase::Open => {
                let input = std::mem::take(&mut self.input);
                self.answer(&input, step)
            }
            Phase::InputEnded => self.close(),
            Phase::Closing => self.start_linger(step),
            Phase::Lingering { .. } => self.linger(step),
            Phase::Header => self.begin_after_header(step),
        }
    }

    /// Sends what is queued, and answers no request: for the thread that does not call the handler.
    pub(super) fn flush(&mut self, step: &mut StepContext<'_>) -> NextStep {
        match (self.flush_queue(step), self.phase) {
            (FlushResult::Part, _) => NextStep::AwaitOutput,
            (FlushResult::Broken, _) => NextStep::Close,
            (FlushResult::All, Phase::Open | Phase::Header) => self.reschedule(),
            (FlushResult::All, Phase::AwaitingReply { .. }) => NextStep::AwaitReply,
            (FlushResult::All, Phase::InputEnded) => self.close(),
            (FlushResult::All, Phase::Closing) => self.start_linger(step),
            (FlushResult::All, Phase::Lingering { .. }) => self.linger(step),
        }
    }

    /// [`advance`](Connection::advance), unless the connection waits until the socket accepts replies.
    pub(super) fn advance_if_unblocked(&mut self, step: &mut StepContext<'_>) -> NextStep {
        if self.awaits_output() { NextStep::AwaitOutput } else { self.advance(step) }
    }

    fn awaits_output(&self) -> bool {
        self.blocked || !self.unsent.is_empty()
    }

    /// Keeps the rest of the input until the other connections have had their turn: the handler was called.
    #[cold]
    fn yield_with(&mut self, rest: &[u8]) -> NextStep {
        self.input = rest.to_vec();
        self.reschedule()
    }

    /// Continues after the other connections, unless the socket would not accept the replies.
    fn reschedule(&mut self) -> NextStep {
        self.blocked = !self.input.is_empty() && !self.socket().has_room();
        // Events that the kernel reports until then cause no receive.
        self.has_unread = true;
        if self.blocked { NextStep::AwaitOutput } else { NextStep::Reschedule }
    }

    /// Receives what has arrived of the header, then the requests behind it.
    #[cold]
    #[inline(never)]
    fn begin_after_header(&mut self, step: &mut StepContext<'_>) -> NextStep {
        match self.receive_header(step) {
            Some(next) => next,
            None => self.receive(step, Self::answer, Self::end_input),
        }
    }

    /// Receives what has arrived of the header. `None` once it is complete, and the requests behind it are next.
    #[cold]
    fn receive_header(&mut self, step: &mut StepContext<'_>) -> Option<NextStep> {
        let Admitted { connection, header: Some(header), .. } = &mut self.admitted else {
            return Some(NextStep::Close);
        };
        match header.receive(&connection.socket, step.context) {
            Arrived::All(proxied) if self.admitted.complete_header(proxied) => {
                self.last_activity = step.now;
                self.phase = Phase::Open;
                None
            }
            Arrived::Part if step.draining => Some(self.start_linger(step)),
            Arrived::Part => {
                (self.has_unread, self.short_receive) = (false, false);
                Some(NextStep::AwaitInput)
            }
            Arrived::All(_) | Arrived::Nothing => Some(self.close()),
        }
    }

    /// Receives once, and passes what it returned to `on_input`, or the end of the input to `on_end`.
    #[inline(always)]
    fn receive(
        &mut self,
        step: &mut StepContext<'_>,
        on_input: impl FnOnce(&mut Self, &[u8], &mut StepContext<'_>) -> NextStep,
        on_end: impl FnOnce(&mut Self, &mut StepContext<'_>) -> NextStep,
    ) -> NextStep {
        // Taken out for the call: the received bytes and the rest of `step` are borrowed at the same time.
        let mut buffer = std::mem::take(step.received);
        let length = match step.draining {
            true => self.budget.next_receive(&self.admitted.connection.socket, &self.exchange, &mut buffer),
            false => buffer.len(),
        };
        let received = match length {
            0 => Err(Errno(netc::EAGAIN)),
            _ => self.socket().receive(&mut buffer[..length]),
        };
        let next = match received {
            Ok(0) => {
                self.last_activity = step.now;
                self.phase = Phase::InputEnded;
                on_end(self, step)
            }
            Ok(_) if step.context.stop.deadline_passed() => self.cut(step),
            Ok(received) => {
                self.last_activity = step.now;
                // A receive that does not fill the buffer has emptied the socket: the kernel reports further input.
                self.has_unread = received == length || self.short_receive;
                self.budget.spend(received);
                on_input(self, &buffer[..received], step)
            }
            Err(errno) if errno.would_block() && step.draining => self.start_linger(step),
            Err(errno) if errno.would_block() => {
                (self.has_unread, self.short_receive) = (false, false);
                NextStep::AwaitInput
            }
            Err(_) => NextStep::Close,
        };
        *step.received = buffer;
        next
    }

    /// Answers what the end of the input has ended.
    fn end_input(&mut self, step: &mut StepContext<'_>) -> NextStep {
        step.replies.clear();
        let from = self.admitted.request_context.as_deref();
        self.exchange.end(from, step.context, step.replies);
        if step.replies.is_empty() {
            return self.close();
        }
        self.send_replies(step).unwrap_or_else(|| self.close())
    }

    /// Answers received requests. Those whose replies the socket would not accept are kept.
    fn answer(&mut self, input: &[u8], step: &mut StepContext<'_>) -> NextStep {
        let mut rest = input;
        while self.phase == Phase::Open && !rest.is_empty() {
            step.replies.clear();
            self.admitted.connection.set_busy(true);
            let from = self.admitted.request_context.as_deref();
            let (consumed, after) = self.exchange.process(rest, from, step.context, step.replies);
            self.admitted.connection.set_busy(false);
            rest = &rest[consumed..];
            if after == AfterReply::Close {
                self.phase = Phase::Closing;
            }
            if let Some(next) = self.send_replies(step) {
                self.input = if self.phase == Phase::Open { rest.to_vec() } else { Vec::new() };
                return next;
            }
            if !rest.is_empty() && self.phase == Phase::Open && step.context.has_handler() {
                return self.yield_with(rest);
            }
        }
        self.after_replies(step)
    }

    /// What is next once the input is answered and the replies are sent.
    #[inline(always)]
    fn after_replies(&mut self, step: &mut StepContext<'_>) -> NextStep {
        match self.phase {
            // What has not arrived by now is not answered.
            Phase::Open
                if step.draining
                    && (self.budget.is_spent(&self.exchange) || self.socket().peek(&mut [0]).is_err()) =>
            {
                self.start_linger(step)
            }
            Phase::Open if step.draining => NextStep::Reschedule,
            Phase::Open => NextStep::AwaitInput,
            Phase::AwaitingReply { .. } => NextStep::AwaitReply,
            Phase::Closing => self.start_linger(step),
            Phase::Header | Phase::InputEnded | Phase::Lingering { .. } => self.close(),
        }
    }

    /// Sends the new replies. `None` if the socket accepted all of them, so that the connection can continue.
    fn send_replies(&mut self, step: &mut StepContext<'_>) -> Option<NextStep> {
        if step.context.has_handler() {
            // The handler's time does not count as the peer's idle time.
            self.last_activity = Instant::now();
        }
        // The handler may have returned long after the server was stopped, or not have been called any more.
        let refused = step.context.has_handler() && self.phase == Phase::Closing;
        if (refused || !step.replies.is_empty()) && step.context.stop.deadline_passed() {
            return Some(self.cut(step));
        }
        let flags = self.after_reply().send_flags();
        let sent = self.unsent.send(step.replies, &self.admitted.connection.socket, flags, step.context);
        match self.flush_result(sent, step) {
            FlushResult::All => None,
            FlushResult::Part => Some(NextStep::AwaitOutput),
            FlushResult::Broken => Some(NextStep::Close),
        }
    }

    /// Sends what is queued.
    fn flush_queue(&mut self, step: &StepContext<'_>) -> FlushResult {
        let flags = self.after_reply().send_flags();
        let sent = self.unsent.flush(&self.admitted.connection.socket, flags, step.context);
        self.flush_result(sent, step)
    }

    fn after_reply(&self) -> AfterReply {
        if self.phase == Phase::Open { AfterReply::Continue } else { AfterReply::Close }
    }

    fn flush_result(&mut self, outcome: Result<usize, Errno>, step: &StepContext<'_>) -> FlushResult {
        match outcome {
            Err(_) => return FlushResult::Broken,
            Ok(0) => {}
            Ok(_) => self.last_activity = self.last_activity.max(step.now),
        }
        if self.unsent.is_empty() { FlushResult::All } else { FlushResult::Part }
    }

    /// Closes the connection after both sides have ended their output. close(2) alone would not end it if a process
    /// that the host forked has the socket as well.
    fn close(&self) -> NextStep {
        let _ = self.socket().shutdown_write();
        NextStep::Close
    }

    /// Ends the output, then lingers until the peer has all replies; see `linger`.
    fn start_linger(&mut self, step: &mut StepContext<'_>) -> NextStep {
        step.replies.clear();
        self.exchange.abandon(step.replies);
        if let Ok(sent) = self.socket().send_with(step.replies, AfterReply::Close.send_flags()) {
            step.context.counters().bytes_sent.add(sent as u64);
        }
        if self.socket().shutdown_write().is_err() {
            return NextStep::Close;
        }
        self.phase = Phase::Lingering { until: step.now + LINGER_TIMEOUT, peer_sent: false };
        self.linger(step)
    }

    fn linger(&mut self, step: &mut StepContext<'_>) -> NextStep {
        let Phase::Lingering { until, mut peer_sent } = self.phase else { return NextStep::Close };
        let done = linger_step(self.socket(), &mut [0; DISCARD_BUFFER], &mut peer_sent) == LingerStep::Done;
        self.phase = Phase::Lingering { until, peer_sent };
        if done || step.now >= until { NextStep::Close } else { NextStep::CheckTimeoutsSoon }
    }

    /// Checks the time limits and the stop, without an event. With `cut` the stop's deadline has passed.
    pub(super) fn check_timeouts(&mut self, cut: bool, step: &mut StepContext<'_>) -> NextStep {
        if let Phase::Lingering { .. } = self.phase {
            let next = self.linger(step);
            if cut && next != NextStep::Close {
                cut_if_unacknowledged(&self.admitted.connection, &step.context.stop);
                return NextStep::Close;
            }
            return next;
        }
        if let Some(header) = self.admitted.header.as_ref().filter(|_| !step.draining) {
            return match header.is_due(step.now) {
                false => NextStep::AwaitInput,
                // Its rest has arrived, and no thread was free to receive it.
                true if self.has_input() && step.context.has_handler() => NextStep::Reschedule,
                true if self.has_input() => self.advance(step),
                true => {
                    header.reject_late(step.context);
                    self.close()
                }
            };
        }
        if let Phase::AwaitingReply { .. } = self.phase {
            // The handler's time is no idle time.
            return if cut { self.cut(step) } else { NextStep::AwaitReply };
        }
        let inactive = step.now.saturating_duration_since(self.last_activity);
        let over = |limit: Option<Duration>| limit.is_some_and(|limit| inactive >= limit);
        if cut && self.awaits_output() {
            return self.cut(step);
        }
        if self.awaits_output() {
            if !over(step.context.settings.write_timeout) {
                return NextStep::AwaitOutput;
            }
            step.context.limit_reached(LimitEvent::WriteTimeout);
        } else if step.draining && step.context.has_handler() {
            return self.drain(cut, step);
        } else if step.draining {
            return self.advance(step);
        } else if over(step.context.settings.idle_timeout) && self.has_input() {
            // The input has arrived, and no thread was free to receive it.
            return if step.context.has_handler() { NextStep::Reschedule } else { self.advance(step) };
        } else if over(step.context.settings.idle_timeout) {
            step.context.limit_reached(LimitEvent::IdleTimeout);
            return self.start_linger(step);
        } else {
            return NextStep::AwaitInput;
        }
        self.admitted.connection.reset();
        NextStep::Close
    }

    /// A stop is requested, and this thread does not call the handler.
    fn drain(&mut self, cut: bool, step: &mut StepContext<'_>) -> NextStep {
        if !self.has_input() {
            self.start_linger(step)
        } else if !cut {
            NextStep::Reschedule
        } else if self.input.is_empty() && self.socket().peek(&mut [0]) == Ok(0) {
            self.close()
        } else {
            self.cut(step)
        }
    }

    /// Whether there is input, or the end of it.
    fn has_input(&self) -> bool {
        !self.input.is_empty() || self.socket().peek(&mut [0]).is_ok()
    }

    /// Resets the connection at the stop's deadline, with a request in progress.
    fn cut(&self, step: &StepContext<'_>) -> NextStep {
        self.admitted.connection.cut(&step.context.stop);
        NextStep::Close
    }
}

enum FlushResult {
    All,
    Part,
    Broken,
}
