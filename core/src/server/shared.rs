//! What the threads and processes of one server share: limits, service, totals, stop.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::connections::Connections;
use super::features::Features;
use super::limits::{self, Limits, Met};
use super::listen::Listeners;
use super::log;
use super::options::Log;
use super::peers::Peers;
use super::stats::Counter;
use super::totals::{Counters, StopReport};
use crate::choices::Level;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{
    Deadline, Errno, Shareable, SharedMemory, WaitOptions, Waker, process_id, with_signals_blocked,
};
use crate::service::Service;
use crate::uppercase::uppercase_into;

/// How long a stop that nobody gave a timeout may take: that of a dropped or closed server.
pub const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long past the stop's deadline a child process has for ending by itself.
const KILL_GRACE: Duration = Duration::from_millis(40);

/// How often whoever waits for a stop's deadline looks whether an earlier one was given since.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The least time between two log lines about the same limit.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// What forked children share with their parent as well.
#[derive(Default)]
struct Common {
    counters: Counters,
    /// Connections cut by a stop's deadline.
    cut: Counter,
    stopping: AtomicBool,
    /// Nanoseconds after the server's start, `u64::MAX` for none.
    stop_by: AtomicU64,
}

// SAFETY: `Common` is made of atomics, for which zero is a value and which work across processes.
unsafe impl Shareable for Common {}

pub(super) struct Shared {
    pub(super) limits: Limits,
    features: Features,
    common: SharedMemory<Common>,
    handler: Option<Arc<dyn Service>>,
    log: Option<Log>,
    /// For each kind of limit, in milliseconds after the start; 0 is never.
    last_logged: [AtomicU64; limits::KINDS],
    started: Instant,
    process: i32,
    stop: Waker,
    finished: Waker,
    threads: AtomicUsize,
    /// Calls into the host, of its handler and its log, that are running.
    calls: AtomicU64,
    connections: Connections,
    peers: Peers,
    listeners: OnceLock<Weak<Listeners>>,
}

thread_local! {
    /// The server that this thread works for, by its address; null on the host's threads.
    static SERVES: Cell<*const Shared> = const { Cell::new(std::ptr::null()) };
}

impl Shared {
    pub(super) fn new(
        limits: Limits,
        features: Features,
        handler: Option<Arc<dyn Service>>,
        log: Option<Log>,
    ) -> std::result::Result<Shared, Errno> {
        let common = SharedMemory::<Common>::new()?;
        common.stop_by.store(u64::MAX, Ordering::Relaxed);
        Ok(Shared {
            limits,
            features,
            common,
            handler,
            log,
            last_logged: Default::default(),
            started: Instant::now(),
            process: process_id(),
            stop: Waker::new()?,
            finished: Waker::new()?,
            threads: AtomicUsize::new(0),
            calls: AtomicU64::new(0),
            connections: Connections::default(),
            peers: Peers::default(),
            listeners: OnceLock::new(),
        })
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.common.counters
    }

    pub(super) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The optional calls of the system that the engines use.
    pub(super) fn features(&self) -> Features {
        self.features
    }

    pub(super) fn has_handler(&self) -> bool {
        self.handler.is_some()
    }

    /// Appends the reply to `request` to `replies`; `false` if there is none: the handler failed, which
    /// has been counted and logged, or the stop's deadline has passed.
    ///
    /// Without a handler this allocates nothing while `replies` has room.
    pub(super) fn reply(&self, request: &[u8], replies: &mut Vec<u8>) -> bool {
        let Some(handler) = &self.handler else {
            uppercase_into(request, replies);
            return true;
        };
        let Some(calling) = self.calling() else { return false };
        // A buffer of its own: what a handler does to it cannot harm the replies before it.
        let mut reply = Vec::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| handler.reply(request, &mut reply)));
        let why = match outcome {
            Ok(Ok(())) => {
                replies.extend_from_slice(&reply);
                return true;
            }
            Ok(Err(error)) => error.0,
            Err(panic) => format!("it panicked: {}", panic_text(panic.as_ref())),
        };
        self.counters().handler_errors.add(1);
        self.log(&calling, Level::Error, &format!("the handler failed, the request gets no reply: {why}"));
        false
    }

    /// Runs `answer`, which asks for several replies; with a handler as one batch of its. `None` if the
    /// handler saw to it that there is no outcome.
    pub(super) fn batch<R>(&self, answer: impl FnOnce() -> R) -> Option<R> {
        let (mut answer, mut outcome) = (Some(answer), None);
        let mut once = || {
            if let Some(answer) = answer.take() {
                outcome = Some(answer());
            }
        };
        if let Some(handler) = &self.handler {
            // One that panics before or after its requests has harmed none of them.
            let _ = catch_unwind(AssertUnwindSafe(|| handler.batch(&mut once)));
        }
        once();
        outcome
    }

    /// A call into the host begins, unless the stop's deadline has passed.
    fn calling(&self) -> Option<Calling<'_>> {
        // Counted before the look at the time: once a stop has reported that no call runs, none begins.
        self.calls.fetch_add(1, Ordering::SeqCst);
        let calling = Calling(&self.calls);
        if self.time_is_up() { None } else { Some(calling) }
    }

    fn log(&self, _: &Calling<'_>, level: Level, text: &str) {
        let line = &on_one_line(text);
        match &self.log {
            // A sink that panics costs its line, not the server.
            Some(log) => drop(catch_unwind(AssertUnwindSafe(|| log(level, line)))),
            None => log::write(level, line),
        }
    }

    /// A limit was met: counts it, and logs one line of its kind in each interval, since it may happen
    /// thousands of times a second. In a forked child it only counts.
    pub(super) fn met(&self, limit: Met) {
        if let Some(counter) = limit.counter(self.counters()) {
            counter.add(1);
        }
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let logged = &self.last_logged[limit.kind()];
        let last = logged.load(Ordering::Relaxed);
        let due = last == 0 || now.saturating_sub(last) >= LOG_INTERVAL.as_millis() as u64;
        if due
            && logged.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            && !self.in_a_fork()
            && let Some(calling) = self.calling()
        {
            self.log(&calling, Level::Warning, &limit.text(&self.limits));
        }
    }

    /// Starts a thread of the server, with the host's signals blocked.
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: &str,
        body: impl FnOnce(&Arc<Shared>) + Send + 'static,
    ) -> std::result::Result<(), Errno> {
        let alive = Alive::new(self);
        with_signals_blocked(|| {
            thread::Builder::new().name(name.to_owned()).spawn(move || {
                SERVES.set(Arc::as_ptr(&alive.0));
                body(&alive.0);
            })
        })?;
        Ok(())
    }

    /// Keeps the server from counting as finished until it is dropped.
    pub(super) fn keep_alive(self: &Arc<Self>) -> Alive {
        Alive::new(self)
    }

    pub(super) fn stopping(&self) -> bool {
        self.common.stopping.load(Ordering::Acquire)
    }

    /// Notified when a stop is asked for.
    pub(super) fn stop_waker(&self) -> &Waker {
        &self.stop
    }

    /// When what is in hand is cut; never, before a stop is asked for.
    pub(super) fn stop_deadline(&self) -> Deadline {
        match self.common.stop_by.load(Ordering::Acquire) {
            u64::MAX => Deadline::NEVER,
            nanos => Deadline(self.started.checked_add(Duration::from_nanos(nanos))),
        }
    }

    /// For whoever waits for the stop's deadline: a moment from now, since another stop may bring the
    /// deadline forward.
    pub(super) fn look_again(&self) -> Deadline {
        Deadline::after(Some(LOOK_AGAIN))
    }

    /// Whether the stop's deadline has passed: what is still in hand is cut.
    pub(super) fn time_is_up(&self) -> bool {
        self.stopping() && self.stop_deadline().passed()
    }

    /// When a child process that has not ended by itself is killed: a moment after it should have
    /// cut what it has in hand, within what a stop waits for.
    pub(super) fn kill_deadline(&self) -> Deadline {
        Deadline(self.stop_deadline().0.and_then(|moment| moment.checked_add(KILL_GRACE)))
    }

    /// A connection was cut by the stop's deadline.
    pub(super) fn count_cut(&self) {
        self.common.cut.add(1);
    }

    /// Asks every thread and process to stop, by `timeout` from now at the latest; the earliest of
    /// several deadlines holds. Async-signal-safe. In a process that was forked off it does nothing:
    /// the parent's server is not the child's to stop.
    pub(super) fn request_stop(&self, timeout: Duration) {
        if self.in_a_fork() {
            return;
        }
        let by = self.started.elapsed().saturating_add(timeout).as_nanos();
        self.common.stop_by.fetch_min(u64::try_from(by).unwrap_or(u64::MAX - 1), Ordering::AcqRel);
        self.common.stopping.store(true, Ordering::Release);
        self.stop.notify();
    }

    /// The sockets that a stop closes the door of.
    pub(super) fn listen_on(&self, listeners: &Arc<Listeners>) {
        let _ = self.listeners.set(Arc::downgrade(listeners));
    }

    /// Lets nobody in any more, even if the threads that do are held up in a handler, or a process that
    /// the host forked off has the sockets as well.
    pub(super) fn stop_listening(&self) {
        if let Some(listeners) = self.listeners.get().and_then(Weak::upgrade) {
            listeners.close_the_door();
        }
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Ends the connections whose threads the stop's deadline found in a handler.
    pub(super) fn end_connections(&self) {
        self.connections.end_by_force(self);
    }

    /// Waits until every thread of the server has ended.
    pub(super) fn wait_finished(
        &self,
        waiting: WaitOptions<'_>,
    ) -> std::result::Result<(), crate::net::WaitError> {
        crate::net::wait_readable(self.finished.fd(), waiting)
    }

    pub(super) fn report(&self) -> StopReport {
        StopReport {
            completed: self.counters().requests.get(),
            cut: self.common.cut.get(),
            running: self.calls.load(Ordering::SeqCst),
        }
    }

    /// Whether the calling thread is one of the server's own, as a handler's is.
    pub(super) fn on_own_thread(&self) -> bool {
        std::ptr::eq(SERVES.get(), self)
    }

    pub(super) fn in_a_fork(&self) -> bool {
        process_id() != self.process
    }

    /// # Errors
    /// `Unsupported` in a process that was forked off: threads do not survive fork(2).
    pub(super) fn check_process(&self) -> Result<()> {
        if self.in_a_fork() {
            let why = format!("it runs in process {}, of which this one was forked off", self.process);
            let advice = "start a server of this process's own";
            return Err(Error::new(ErrorKind::Unsupported, "reach the server", why).advise(advice));
        }
        Ok(())
    }
}

/// A call into the host, until it is dropped.
struct Calling<'a>(&'a AtomicU64);

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A thread of the server, or its start: when the last one ends, the server has finished.
pub(super) struct Alive(Arc<Shared>);

impl Alive {
    fn new(shared: &Arc<Shared>) -> Alive {
        shared.threads.fetch_add(1, Ordering::Relaxed);
        Alive(Arc::clone(shared))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.threads.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.finished.notify();
        }
    }
}

/// The text as one line, whatever it quotes of a request: what would end the line, or have a terminal do
/// something, is escaped.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let unprintable = |shown: char| shown.is_control() || matches!(shown, '\u{2028}' | '\u{2029}');
    if !text.contains(unprintable) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for shown in text.chars() {
        if unprintable(shown) { line.extend(shown.escape_default()) } else { line.push(shown) }
    }
    Cow::Owned(line)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text")
}
