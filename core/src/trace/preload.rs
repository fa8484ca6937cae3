//! The recording of calls that the core does not make: those of a program's own C library, in which the preload library
//! records them. It is no public interface.
//!
//! Nothing here but [`start`] allocates or takes a lock, so that a signal handler and a forked child may record. A thread's
//! span is kept in its memory: the caller sees to it that no signal handler records while a function of this module runs.

use std::net::SocketAddr;

use super::call_record::{
    CallRecord, Descriptors, Direction as CoreDirection, Outcome as CoreOutcome, Upcoming,
};
use super::{controller, environment, moved, process_info, recorder, span, step};

/// The bytes of a payload that are recorded.
pub const PAYLOAD: usize = super::PAYLOAD;

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Data to receive, or a connection to accept.
    In,
    /// Space in the send buffer, or the end of a connect.
    Out,
}

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded.
    Ok,
    /// The time limit of the socket's options.
    TimedOut,
    /// An error number.
    Errno(i32),
}

/// What a call did; see [`Call`](super::Call).
#[allow(missing_docs, reason = "they are those of the trace's lines")]
#[derive(Debug, Default, Clone, Copy)]
pub struct Record<'a> {
    pub datagrams: bool,
    pub accepted: Option<i32>,
    pub local: Option<SocketAddr>,
    pub asked: Option<SocketAddr>,
    pub peer: Option<SocketAddr>,
    pub bytes: Option<usize>,
    pub room: Option<usize>,
    pub data: &'a [u8],
    pub argument: Option<i32>,
}

/// Who has begun a call, and when.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// The thread.
    pub thread: u32,
    /// The time, as in the lines.
    pub at: u64,
}

impl Begun {
    /// This thread begins a call.
    #[must_use]
    pub fn now() -> Begun {
        let (thread, at) = span::here_and_now();
        Begun { thread, at }
    }
}

/// A call that has begun.
#[derive(Debug)]
pub struct Span(span::Span);

impl Span {
    /// A call begins. If the thread has waited for the descriptor since an earlier attempt, or before this one, it began
    /// then.
    #[must_use]
    pub fn begin(name: &'static str, fd: i32, direction: Direction) -> Span {
        Span(span::Span::begin(name, fd, direction.into()))
    }

    /// A call that has begun before, and was blocked all the time.
    #[must_use]
    pub fn begun(name: &'static str, fd: i32, begun: Begun) -> Span {
        Span(span::Span::since(name, fd, CoreDirection::Out, begun.at).by(begun.thread))
    }

    /// A close begins.
    #[must_use]
    pub fn close(fd: i32) -> Span {
        Span(span::Span::close(fd, None))
    }

    /// Writes the line that the call has begun, if there is none yet.
    pub fn report(&self, record: Record<'_>) {
        if let Some(call) = span::unreported()
            && let Some(name) = call.name
            && let Some(fd) = call.fds.first()
        {
            call.write(name, *fd, true, record.into());
        }
    }

    /// The same span with the descriptor that the call has created.
    #[must_use]
    pub fn with_fd(self, fd: i32) -> Span {
        Span(self.0.with_fd(fd))
    }

    /// The call did not block, and may be attempted again.
    pub fn would_block(self, room: Option<usize>) {
        self.0.would_block(room);
    }

    /// Writes a line, of which a call on several datagrams has one for each.
    pub fn write(&self, outcome: Outcome, record: Record<'_>) {
        self.0.write(outcome.into(), record.into());
    }

    /// The call has ended, and its lines are written.
    pub fn finish(self) {
        self.0.finish();
    }

    /// The call has ended: writes its line.
    pub fn end(self, outcome: Outcome, record: Record<'_>) {
        self.0.end(outcome.into(), record.into());
    }
}

/// A call that is stepped, and waits until the controller lets it go.
#[must_use = "the call is to wait"]
#[derive(Debug)]
pub struct Held(step::Held);

impl Held {
    /// Asks for a call that is about to begin; `None` if it need not wait.
    pub fn ask(name: &'static str, fd: i32, direction: Direction, record: Record<'_>) -> Option<Held> {
        let upcoming = || Upcoming { name, fd, direction: direction.into(), record: record.into() };
        step::ask(|| Some(upcoming())).map(Held)
    }

    /// The same for a wait for several descriptors.
    pub fn ask_to_wait(name: &'static str, fd: i32, waited: Descriptors<'_>) -> Option<Held> {
        let record = CallRecord { waited, ..CallRecord::default() };
        step::ask(|| Some(Upcoming { name, fd, direction: CoreDirection::In, record })).map(Held)
    }

    /// Waits until the call may be made. A signal handler of the program may run meanwhile, and make calls.
    pub fn wait(&self) {
        self.0.poll();
    }

    /// After the wait.
    pub fn end(self) {
        self.0.close();
    }
}

/// Whether calls are stepped.
#[must_use]
pub fn is_stepped() -> bool {
    controller::current().is_some()
}

/// A wait of this thread, which counts as blocked time of the call that it is part of.
#[derive(Debug)]
pub struct WaitSpan(span::WaitSpan);

impl WaitSpan {
    /// A wait for one of the descriptors begins.
    #[must_use]
    pub fn begin(fds: &[i32], direction: Direction) -> WaitSpan {
        WaitSpan(span::WaitSpan::begin(fds.iter().copied(), direction.into()))
    }

    /// The wait is over.
    pub fn end(self) {
        self.0.end();
    }
}

/// A bind that is made to another port than the program asked for, since a link is to take that. [`end`](MovedBind::end) has
/// to follow.
#[derive(Debug)]
pub struct MovedBind(moved::MovedBind);

impl MovedBind {
    /// Before a bind that is recorded; `None` if it is made as it is asked for.
    #[must_use]
    pub fn of(datagrams: bool, asked: &SocketAddr) -> Option<MovedBind> {
        moved::MovedBind::of(datagrams, asked).map(MovedBind)
    }

    /// What the program asked for.
    #[must_use]
    pub fn asked(&self) -> SocketAddr {
        self.0.asked()
    }

    /// The address for bind(2).
    #[must_use]
    pub fn to(&self) -> SocketAddr {
        self.0.to()
    }

    /// The bind has ended; the socket is bound to this address if it succeeded.
    pub fn end(self, bound: Option<SocketAddr>) {
        self.0.end(bound);
    }
}

/// The port that a program was to be bound to whose socket is bound to this one.
#[must_use]
pub fn asked_port(port: u16, datagrams: impl FnOnce() -> bool) -> Option<u16> {
    moved::asked_port(port, datagrams)
}

/// Starts the recording that the environment names. The process's line is written before its first call's. Returns whether
/// there is a recording.
#[must_use]
pub fn start(program: &str) -> bool {
    process_info::set_process_info("c", program);
    environment::start_silently();
    is_on()
}

/// Whether the recording runs.
#[must_use]
pub fn is_on() -> bool {
    recorder::is_on()
}

/// The descriptor of the recording's file.
#[must_use]
pub fn descriptor() -> Option<i32> {
    recorder::descriptor()
}

/// Moves the recording to another descriptor, before the program takes its number. Returns the new one.
pub fn move_descriptor() -> Option<i32> {
    recorder::move_file()
}

/// Ends the recording, with a line on standard error.
pub fn end(why: &str) {
    recorder::end_because(why);
}

impl From<Direction> for CoreDirection {
    fn from(direction: Direction) -> CoreDirection {
        match direction {
            Direction::In => CoreDirection::In,
            Direction::Out => CoreDirection::Out,
        }
    }
}

impl From<Outcome> for CoreOutcome {
    fn from(outcome: Outcome) -> CoreOutcome {
        match outcome {
            Outcome::Ok => CoreOutcome::Ok,
            Outcome::TimedOut => CoreOutcome::TimedOut,
            Outcome::Errno(errno) => CoreOutcome::Errno(errno),
        }
    }
}

impl<'a> From<Record<'a>> for CallRecord<'a> {
    fn from(record: Record<'a>) -> CallRecord<'a> {
        let Record { datagrams, accepted, local, asked, peer, bytes, room, data, argument } = record;
        let (waited, ready) = Default::default();
        CallRecord { datagrams, accepted, local, asked, peer, bytes, room, data, argument, waited, ready }
    }
}

/// Whether a link stands before this process: no bind is moved otherwise, and no name of a socket told.
#[inline]
#[must_use]
pub fn is_linked() -> bool {
    moved::is_linked()
}
