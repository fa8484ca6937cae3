//! A connection whose handler is asynchronous: while a reply is pending, no thread has the connection. Once it is completed, a
//! thread of the pool sends it, and passes the next request to the handler.

use std::cell::Cell;
use std::sync::Arc;

use super::{Connection, NextStep, Phase, StepContext, Then};
use crate::server::state::{Calls, Permit, State, Target};
use crate::server::tcp::exchange::AfterReply;

impl Connection {
    /// [`advance_if_unblocked`](Connection::advance_if_unblocked) with an asynchronous handler. `key` is that of this
    /// connection.
    pub(in crate::server::tcp::events) fn advance_calls(
        &mut self,
        key: usize,
        calls: &Arc<Calls>,
        state: &Arc<State>,
        step: &mut StepContext<'_>,
    ) -> NextStep {
        if self.awaits_output() {
            return NextStep::AwaitOutput;
        }
        if let Phase::AwaitingReply { then } = self.phase
            && let Some(next) = self.send_reply(then, step)
        {
            return next;
        }
        if self.phase == Phase::Header
            && let Some(next) = self.receive_header(step)
        {
            return next;
        }
        if self.phase != Phase::Open {
            return self.advance(step);
        }
        // What the handler may not be called with stays in the kernel.
        let Some(permit) = calls.try_acquire(key) else { return NextStep::AwaitReply };
        let permit = Cell::new(Some(permit));
        let next = if self.input.is_empty() {
            self.receive(
                step,
                |connection, input, step| connection.begin_call(input, key, permit.take(), state, step),
                |connection, step| connection.begin_last_call(key, permit.take(), state, step),
            )
        } else {
            let input = std::mem::take(&mut self.input);
            self.begin_call(&input, key, permit.take(), state, step)
        };
        if next == NextStep::AwaitInput && self.has_unread { NextStep::Reschedule } else { next }
    }

    /// Sends the pending reply, if it is completed. `None` if the connection continues.
    fn send_reply(&mut self, then: Then, step: &mut StepContext<'_>) -> Option<NextStep> {
        let Some(outcome) = self.call.as_ref().and_then(|call| call.take()) else {
            // An error is reported once, and nothing else tells that the peer has gone.
            let broken = |errno: crate::net::Errno| !errno.would_block();
            let gone = self.short_receive && self.socket().peek(&mut [0]).is_err_and(broken);
            return Some(if gone { NextStep::Close } else { NextStep::AwaitReply });
        };
        self.call = None;
        self.admitted.connection.set_busy(false);
        step.replies.clear();
        let ended = then != Then::InputEnded;
        let replied = outcome
            .is_some_and(|reply| self.exchange.append_reply(&reply, ended, step.context, step.replies));
        self.phase = match then {
            _ if !replied => Phase::Closing,
            Then::Continue => Phase::Open,
            Then::Close => Phase::Closing,
            Then::InputEnded => Phase::InputEnded,
        };
        if let Some(next) = self.send_replies(step) {
            return Some(next);
        }
        match self.phase {
            Phase::Open => None,
            _ => Some(self.after_replies(step)),
        }
    }

    /// Calls the handler with the first request that is complete, and keeps the rest of the input.
    fn begin_call(
        &mut self,
        input: &[u8],
        key: usize,
        permit: Option<Permit>,
        state: &Arc<State>,
        step: &mut StepContext<'_>,
    ) -> NextStep {
        let connection = &self.admitted.connection;
        let from = self.admitted.request_context.as_deref();
        let mut begun = None;
        let (consumed, after) = self.exchange.begin_next(input, step.context, |request| {
            connection.set_busy(true);
            begun = Some(state.begin_call(request, from, permit, Target::Connection(key)));
        });
        let Some(call) = begun else {
            if after == AfterReply::Close {
                self.phase = Phase::Closing;
            }
            step.replies.clear();
            return self.send_replies(step).unwrap_or_else(|| self.after_replies(step));
        };
        let Some(call) = call else { return self.cut(step) };
        self.call = Some(call);
        self.input = input[consumed..].to_vec();
        let then = if after == AfterReply::Close { Then::Close } else { Then::Continue };
        self.phase = Phase::AwaitingReply { then };
        // It may be completed already.
        self.send_reply(then, step).unwrap_or_else(|| self.reschedule())
    }

    /// Calls the handler with the request that the end of the input has ended, if there is one.
    fn begin_last_call(
        &mut self,
        key: usize,
        permit: Option<Permit>,
        state: &Arc<State>,
        step: &mut StepContext<'_>,
    ) -> NextStep {
        let connection = &self.admitted.connection;
        let from = self.admitted.request_context.as_deref();
        let mut begun = None;
        self.exchange.begin_last(step.context, |request| {
            connection.set_busy(true);
            begun = Some(state.begin_call(request, from, permit, Target::Connection(key)));
        });
        match begun {
            None => self.close(),
            Some(None) => self.cut(step),
            Some(Some(call)) => {
                self.call = Some(call);
                self.phase = Phase::AwaitingReply { then: Then::InputEnded };
                self.send_reply(Then::InputEnded, step).unwrap_or_else(|| self.close())
            }
        }
    }

    /// Cancels a call whose reply nobody gets any more.
    pub(in crate::server::tcp::events) fn cancel_call(&mut self, calls: &Calls) {
        if let Some(call) = self.call.take() {
            call.cancel(calls);
        }
    }
}
