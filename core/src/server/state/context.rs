//! What serving a request needs of a server: settings, counters, the stop, the handler and the log.
//!
//! Threads share it, and so do forked child processes, whose counters and stop are in shared memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::calls::Calls;
use super::counter::Counter;
use super::gate::Gate;
use super::handler_latency::{HandlerLatency, LatencySnapshot};
use super::host_calls::{HostCall, HostCalls};
use super::limit_event::LimitEvent;
use super::log_throttle::LogThrottle;
use super::stop::Stop;
use super::threads::{self, STRIPES};
use super::totals::{Counters, Stats, StopReport};
use crate::choices::Level;
use crate::error::describe_panic;
use crate::framing::{Delimiter, LengthPrefix};
use crate::net::{Errno, Features, Shareable, SharedMemory};
use crate::proxy_protocol::Networks;
use crate::request_context::RequestContext;
use crate::server::config::ServerSettings;
use crate::server::log::{self, Log};
use crate::service::Handler;
use crate::uppercase::uppercase_into;

/// Aligned to two cache lines, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(Counters);

// SAFETY: `Counters` is made of atomics, for which zero is a value and which work across processes.
unsafe impl Shareable for [Stripe; STRIPES] {}

pub(in crate::server) struct Context {
    /// Every default is filled in.
    pub(in crate::server) settings: ServerSettings,
    /// The optional system calls that the engine uses.
    pub(in crate::server) features: Features,
    /// That of the settings, as it is searched for.
    pub(in crate::server) delimiter: Delimiter,
    /// Those of the settings' `proxy_protocol`: the networks of the proxies, each of whose connections and datagrams
    /// begins with a header. `None` if there are none.
    pub(in crate::server) proxies: Option<Networks>,
    pub(in crate::server) stop: Stop,
    pub(in crate::server) gate: Gate,
    counters: SharedMemory<[Stripe; STRIPES]>,
    /// Whether the server is on a Unix domain socket.
    pub(in crate::server) is_unix: bool,
    handler: Option<Handler>,
    /// The calls of the handler, if it is asynchronous.
    calls: Option<Arc<Calls>>,
    /// How long the handler takes, if that is counted.
    latency: Option<HandlerLatency>,
    log: Option<Log>,
    log_throttle: LogThrottle,
    host_calls: HostCalls,
}

impl Context {
    pub(in crate::server) fn new(
        settings: ServerSettings,
        proxies: Option<Networks>,
        features: Features,
        handler: Option<Handler>,
        pending_limit: usize,
        log: Option<Log>,
    ) -> Result<Context, Errno> {
        let calls = match &handler {
            Some(Handler::Async(service)) => Some(Arc::new(Calls::new(Arc::clone(service), pending_limit)?)),
            _ => None,
        };
        let latency = (settings.handler_latency && handler.is_some()).then(HandlerLatency::default);
        Ok(Context {
            delimiter: Delimiter::new(&settings.delimiter),
            settings,
            proxies,
            features,
            stop: Stop::new()?,
            gate: Gate::new()?,
            counters: SharedMemory::new()?,
            is_unix: false,
            handler,
            calls,
            latency,
            log,
            log_throttle: LogThrottle::new(),
            host_calls: HostCalls::default(),
        })
    }

    /// That of the settings.
    pub(in crate::server) fn length_prefix(&self) -> LengthPrefix {
        let ServerSettings { length_bytes, length_endian, length_includes_itself, .. } = self.settings;
        LengthPrefix::new(length_bytes, length_endian, length_includes_itself)
    }

    /// Those of the calling thread.
    pub(in crate::server) fn counters(&self) -> &Counters {
        &self.counters[threads::number() % STRIPES].0
    }

    /// Those that all threads share.
    pub(in crate::server) fn common_counters(&self) -> &Counters {
        &self.counters[0].0
    }

    fn total(&self, counter: fn(&Counters) -> &Counter) -> u64 {
        self.counters.iter().map(|stripe| counter(&stripe.0).get()).fold(0, u64::wrapping_add)
    }

    pub(in crate::server) fn stats(&self) -> Stats {
        Counters::snapshot(|counter| self.total(counter), self.features)
    }

    pub(in crate::server) fn latency(&self) -> Option<LatencySnapshot> {
        self.latency.as_ref().map(HandlerLatency::snapshot)
    }

    pub(in crate::server) fn has_handler(&self) -> bool {
        self.handler.is_some()
    }

    /// The calls of the handler, if it is asynchronous: then it is called by
    /// [`begin_call`](super::State::begin_call) alone.
    pub(in crate::server) fn calls(&self) -> Option<&Arc<Calls>> {
        self.calls.as_ref()
    }

    /// Whether the time of the handler's calls is counted.
    pub(super) fn times_handler(&self) -> bool {
        self.latency.is_some()
    }

    pub(super) fn count_handler_time(&self, elapsed: Duration) {
        if let Some(latency) = &self.latency {
            latency.count(elapsed);
        }
    }

    /// `None` if the stop's deadline has passed.
    pub(super) fn begin_host_call(&self) -> Option<HostCall<'_>> {
        self.host_calls.begin(&self.stop)
    }

    /// Whether [`reply`](Context::reply) needs the context of the request.
    pub(in crate::server) fn takes_request_context(&self) -> bool {
        self.handler.as_ref().is_some_and(Handler::takes_context)
    }

    /// Appends the reply to `request` to `replies`. Returns `false` if there is none: the handler failed, which
    /// is counted and logged, or the stop's deadline has passed.
    ///
    /// Without a handler it allocates nothing while `replies` has capacity.
    pub(in crate::server) fn reply(
        &self,
        request: &[u8],
        from: Option<&RequestContext>,
        replies: &mut Vec<u8>,
    ) -> bool {
        let Some(handler) = &self.handler else {
            uppercase_into(request, replies);
            return true;
        };
        let Some(call) = self.host_calls.begin(&self.stop) else { return false };
        // A separate buffer: the handler may do anything to it, and the replies before it are safe.
        let mut reply = Vec::new();
        let mut answer = || catch_unwind(AssertUnwindSafe(|| handler.reply(request, from, &mut reply)));
        let outcome = match &self.latency {
            None => answer(),
            Some(latency) => latency.time(answer),
        };
        let why = match outcome {
            Ok(Ok(())) => {
                replies.extend_from_slice(&reply);
                return true;
            }
            Ok(Err(error)) => error.0,
            Err(panic) => describe_panic(panic.as_ref()),
        };
        self.count_failure(&call, &why);
        false
    }

    fn count_failure(&self, call: &HostCall<'_>, why: &str) {
        self.counters().handler_errors.add(1);
        self.log(call, Level::Error, &format!("the handler failed, the request gets no reply: {why}"));
    }

    /// An asynchronous handler has failed, which is counted and logged by the calling thread.
    pub(super) fn handler_failed(&self, why: &str) {
        if let Some(call) = self.begin_host_call() {
            self.count_failure(&call, why);
        }
    }

    /// Runs `answer`, which calls [`reply`](Context::reply) several times; with a handler, inside one call of its
    /// [`batch`](Handler::batch). `None` if `answer` was unwound.
    pub(in crate::server) fn batch<R>(&self, answer: impl FnOnce() -> R) -> Option<R> {
        let (mut answer, mut outcome) = (Some(answer), None);
        let mut once = || {
            if let Some(answer) = answer.take() {
                outcome = Some(answer());
            }
        };
        if let Some(handler) = &self.handler {
            // A panic before or after the requests affects none of them.
            let _ = catch_unwind(AssertUnwindSafe(|| handler.batch(&mut once)));
        }
        once();
        outcome
    }

    /// Counts the event, and logs it unless an event of its kind was logged within the last second. A forked
    /// child only counts.
    pub(in crate::server) fn limit_reached(&self, event: LimitEvent) {
        if let Some(counter) = event.counter(self.counters()) {
            counter.add(1);
        }
        if self.log_throttle.allows(event.kind())
            && !self.stop.in_a_fork()
            && let Some(call) = self.host_calls.begin(&self.stop)
        {
            self.log(&call, Level::Warning, &event.text(&self.settings));
        }
    }

    fn log(&self, _: &HostCall<'_>, level: Level, text: &str) {
        log::write(self.log.as_ref(), level, text);
    }

    pub(in crate::server) fn report(&self) -> StopReport {
        StopReport {
            completed: self.total(|counters| &counters.requests),
            cut: self.stop.connections_cut(),
            running: self.host_calls.in_progress(),
        }
    }
}
