//! Calling an asynchronous handler.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Weak};
use std::thread::panicking;
use std::time::Instant;

use super::calls::{Call, Outcome, Permit, Target};
use super::server_state::State;
use crate::error::describe_panic;
use crate::request_context::RequestContext;
use crate::service::{CancelCallback, Completion, HandlerError, PendingReply};

thread_local! {
    /// The call of the handler that this thread is in, by its address; null if it is in none.
    static CALLING: Cell<*const Call> = const { Cell::new(ptr::null()) };
}

impl State {
    /// Calls the asynchronous handler with a request. `None` if the stop's deadline has passed.
    pub(in crate::server) fn begin_call(
        self: &Arc<Self>,
        request: &[u8],
        from: Option<&RequestContext>,
        permit: Option<Permit>,
        target: Target,
    ) -> Option<Arc<Call>> {
        let (calls, from) = (self.context.calls()?, from?);
        let _host_call = self.context.begin_host_call()?;
        let call = calls.add(target, permit);
        let begun = self.context.times_handler().then(Instant::now);
        let completer = Arc::new(Completer { call: Arc::clone(&call), state: Arc::downgrade(self), begun });
        let reply = PendingReply::new(Arc::clone(&completer) as _);
        let before = CALLING.replace(Arc::as_ptr(&call));
        let called = catch_unwind(AssertUnwindSafe(|| calls.service.call(request, from, reply)));
        CALLING.set(before);
        if let Err(panic) = called {
            completer.complete(Err(HandlerError(describe_panic(panic.as_ref()))));
        }
        Some(call)
    }
}

/// Completes a call. It keeps neither the server nor its descriptors.
struct Completer {
    call: Arc<Call>,
    state: Weak<State>,
    /// If the time of calls is counted.
    begun: Option<Instant>,
}

impl Completer {
    /// The server, unless it has gone or is that of the process which this one was forked from.
    fn state(&self) -> Option<Arc<State>> {
        self.state.upgrade().filter(|state| !state.context.stop.in_a_fork())
    }
}

impl Completion for Completer {
    fn complete(&self, outcome: Outcome) -> bool {
        let Some(state) = self.state() else { return false };
        let Some(calls) = state.context.calls() else { return false };
        let why = outcome.as_ref().err().map(|error| error.0.clone());
        if !self.call.complete(outcome, calls) {
            return false;
        }
        if let Some(begun) = self.begun {
            state.context.count_handler_time(begun.elapsed());
        }
        if let Some(why) = why {
            state.context.handler_failed(&why);
        }
        true
    }

    fn dropped(&self) {
        // The call that unwinds fails with the text of its panic.
        if self.state().is_none() {
            return;
        }
        let unwinds = panicking() && ptr::eq(CALLING.get(), Arc::as_ptr(&self.call));
        if !unwinds && self.call.is_pending() {
            self.complete(Err(HandlerError("its reply was dropped without being completed".to_owned())));
        }
    }

    fn is_wanted(&self) -> bool {
        self.state().is_some() && self.call.is_pending()
    }

    fn on_cancel(&self, callback: CancelCallback) {
        match self.state() {
            Some(_) => {
                if let Some(callback) = self.call.on_cancel(callback) {
                    callback();
                }
            }
            None => callback(),
        }
    }
}
