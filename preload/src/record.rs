//! A call on a TCP or UDP socket: before the C library's function is called, and after.

use std::ffi::c_int;
use std::net::SocketAddr;

use capsock::trace::preload::{self, Direction, Outcome, Record, Span, WaitSpan};

use crate::addresses::with_socket;
use crate::descriptors::{self, Kind};
use crate::guard::{Guard, recording};
use crate::{connects, real, step};

/// The flags of calls that are not recorded, as in the core: they consume no data, or none of the stream.
const UNRECORDED: c_int = libc::MSG_PEEK | libc::MSG_OOB | libc::MSG_ERRQUEUE;

/// What is called: for the line, and to know whether it waits.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    /// As in the trace's lines.
    pub(crate) name: &'static str,
    pub(crate) fd: c_int,
    pub(crate) direction: Direction,
    pub(crate) flags: c_int,
    /// The length of the buffers, if the call has any.
    pub(crate) room: Option<usize>,
    /// The address of a datagram that is sent, if the call is stepped.
    pub(crate) to: Option<SocketAddr>,
}

/// A call that has succeeded.
pub(crate) struct Ended {
    span: Span,
    kind: Kind,
    fd: c_int,
}

impl Ended {
    /// Writes its line.
    pub(crate) fn write(&self, record: Record<'_>) {
        self.span.write(Outcome::Ok, with_socket(self.fd, self.kind, record));
    }

    pub(crate) fn is_datagram(&self) -> bool {
        self.kind == Kind::Udp
    }
}

struct Begun {
    span: Span,
    wait: Option<WaitSpan>,
    kind: Kind,
    blocks: bool,
}

/// Makes a call that may block. `describe` writes the lines of one that succeeds, whose result it gets.
#[cold]
#[inline(never)]
pub(crate) fn call(call: Call, real: impl FnOnce() -> isize, describe: impl FnOnce(&Ended, usize)) -> isize {
    step::hold(call.name, call.fd, call.direction, |_| {
        let record = Record { room: call.room, peer: call.to, ..Record::default() };
        (call.flags & UNRECORDED == 0).then_some(record)
    });
    let Some(begun) = begin(call) else { return real() };
    let result = real();
    finish(call, begun, result, describe);
    result
}

fn begin(call: Call) -> Option<Begun> {
    let _guard = recording(call.fd)?;
    if call.flags & UNRECORDED != 0 {
        return None;
    }
    let kind = descriptors::ask(call.fd)?;
    connects::settle(call.fd);
    let span = Span::begin(call.name, call.fd, call.direction);
    let blocks = call.flags & libc::MSG_DONTWAIT == 0 && !is_nonblocking(call.fd);
    let waits = blocks && !is_ready(call.fd, call.direction);
    let wait = waits.then(|| {
        let record = Record { room: call.room, ..Record::default() };
        wait(&span, (call.fd, kind), call.direction, record)
    });
    Some(Begun { span, wait, kind, blocks })
}

/// The call is about to wait: a line says so at once, since a wait of a few milliseconds before the call's own would take the
/// signals that interrupt that.
pub(crate) fn wait(
    span: &Span,
    (fd, kind): (c_int, Kind),
    direction: Direction,
    record: Record<'_>,
) -> WaitSpan {
    let wait = WaitSpan::begin(&[fd], direction);
    span.report(with_socket(fd, kind, record));
    wait
}

fn finish(call: Call, begun: Begun, result: isize, describe: impl FnOnce(&Ended, usize)) {
    let errno = real::errno();
    let Some(_guard) = Guard::new() else { return };
    let Begun { span, wait, kind, blocks } = begun;
    wait.into_iter().for_each(WaitSpan::end);
    match usize::try_from(result) {
        Ok(result) => {
            let ended = Ended { span, kind, fd: call.fd };
            describe(&ended, result);
            ended.span.finish();
        }
        Err(_) if errno == libc::EINTR || (errno == libc::EAGAIN && !blocks) => span.would_block(call.room),
        // The call reports how the connect before it has ended.
        Err(_) if connects::fail(call.fd, errno) => span.finish(),
        Err(_) => {
            let outcome = if errno == libc::EAGAIN { Outcome::TimedOut } else { Outcome::Errno(errno) };
            span.end(outcome, with_socket(call.fd, kind, Record { room: call.room, ..Record::default() }));
        }
    }
    end_if_off();
}

/// Makes a call that does not block, of which `record` says what its arguments do. `local` is the address that it gives the
/// socket, if it is stepped.
#[cold]
#[inline(never)]
pub(crate) fn at_once(
    name: &'static str,
    fd: c_int,
    record: Record<'_>,
    local: Option<SocketAddr>,
    real: impl FnOnce() -> c_int,
) -> c_int {
    let argument = record.argument;
    step::hold(name, fd, Direction::Out, |_| Some(Record { local, argument, ..Record::default() }));
    let begun = recording(fd).and_then(|_guard| {
        let kind = descriptors::ask(fd)?;
        connects::settle(fd);
        Some((kind, Span::begin(name, fd, Direction::Out)))
    });
    let Some((kind, span)) = begun else { return real() };
    let result = real();
    let outcome = outcome(result);
    if let Some(_guard) = Guard::new() {
        span.end(outcome, with_socket(fd, kind, record));
        end_if_off();
    }
    result
}

/// A descriptor that is about to be closed, with what its line says.
pub(crate) struct Closing {
    span: Span,
    record: Record<'static>,
}

impl Closing {
    /// `None` if the descriptor is no socket, or has a duplicate, which goes on.
    #[cold]
    #[inline(never)]
    pub(crate) fn begin(fd: c_int) -> Option<Closing> {
        step::hold("close", fd, Direction::Out, |_| (!descriptors::has_duplicate(fd)).then(Record::default));
        let _guard = recording(fd)?;
        let kind = descriptors::ask(fd)?;
        connects::give_up(fd);
        if descriptors::has_duplicate(fd) {
            return None;
        }
        let span = Span::close(fd);
        Some(Closing { span, record: with_socket(fd, kind, Record::default()) })
    }

    pub(crate) fn end(self, result: c_int) {
        let outcome = outcome(result);
        if let Some(_guard) = Guard::new() {
            self.span.end(outcome, self.record);
            end_if_off();
        }
    }
}

/// How a call has ended that returned this.
pub(crate) fn outcome(result: c_int) -> Outcome {
    if result < 0 { Outcome::Errno(real::errno()) } else { Outcome::Ok }
}

/// After a line was written: the recording may have ended by an error.
pub(crate) fn end_if_off() {
    if !preload::is_on() {
        descriptors::deactivate();
    }
}

pub(crate) fn is_nonblocking(fd: c_int) -> bool {
    // SAFETY: the call takes numbers.
    unsafe { real::fcntl(fd, libc::F_GETFL, 0) & libc::O_NONBLOCK != 0 }
}

fn is_ready(fd: c_int, direction: Direction) -> bool {
    let events = if direction == Direction::In { libc::POLLIN } else { libc::POLLOUT };
    let mut one = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one entry.
    unsafe { real::poll(&raw mut one, 1, 0) != 0 }
}
