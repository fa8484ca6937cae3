//! From a call's beginning to its line: when it began, how long it waited, what it did.
//!
//! A call of the textbook is one line, whatever it is made of: an attempt that would have to wait (EAGAIN), a
//! wait and another attempt are one receive that blocked. So a thread keeps what it has tried in vain or waits
//! for; the attempt that succeeds after a wait began with that.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;

use super::event::{Call, Event, VERSION};
use super::payload::escape_into;
use super::recorder::{self, with_payload};
use super::system;
use super::text::Text;
use crate::error::errno_name;

/// Bytes of the payload that are recorded.
const PAYLOAD: usize = 32;

/// Descriptors of one wait that are kept: a wait for more is for a crowd, and nobody in it blocks.
const KEPT: usize = 4;

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Something to receive or accept.
    In,
    /// Room to send, or the end of a connect.
    Out,
}

/// What this thread has tried in vain, or waits for.
#[derive(Clone, Copy)]
struct Pending {
    fds: [RawFd; KEPT],
    way: Way,
    since: u64,
    /// How long the thread had waited before.
    waited: u64,
    /// The call, if it was tried.
    tried: Option<(&'static str, Option<usize>)>,
}

thread_local! {
    /// For how long this thread has waited for peers since it began, in nanoseconds.
    static WAITED: Cell<u64> = const { Cell::new(0) };
    static PENDING: Cell<Option<Pending>> = const { Cell::new(None) };
}

fn now() -> u64 {
    system::nanoseconds(libc::CLOCK_MONOTONIC)
}

/// A wait for some of these begins; returns when.
pub(crate) fn waiting_for(fds: impl Iterator<Item = RawFd>, way: Way) -> u64 {
    let since = now();
    let mut kept = [-1; KEPT];
    fds.filter(|fd| *fd >= 0).zip(&mut kept).for_each(|(fd, place)| *place = fd);
    let goes_on = |pending: Pending| pending.way == way && kept.iter().any(|fd| pending.is_for(*fd));
    if !PENDING.get().is_some_and(goes_on) {
        PENDING.set(Some(Pending { fds: kept, way, since, waited: WAITED.get(), tried: None }));
    }
    since
}

/// The wait that began then has ended.
pub(crate) fn waited(since: u64) {
    WAITED.set(WAITED.get() + now().saturating_sub(since));
}

impl Pending {
    fn is_for(&self, fd: RawFd) -> bool {
        fd >= 0 && self.fds.contains(&fd)
    }
}

/// A call that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    name: &'static str,
    fd: RawFd,
    way: Way,
    at: u64,
    waited: u64,
    /// For a close, which is numbered as it begins.
    sequence: Option<u64>,
    /// The thread that the call is counted to, if not this one.
    thread: Option<u32>,
}

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    TimedOut,
    Closed,
    Interrupted,
    Errno(i32),
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::TimedOut => "timeout",
            Outcome::Closed => "closed",
            Outcome::Interrupted => "interrupted",
            Outcome::Errno(errno) => errno_name(errno).unwrap_or("EUNKNOWN"),
        }
    }
}

/// What a call did, as far as it is known.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) datagrams: bool,
    pub(crate) accepted: Option<RawFd>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) bytes: Option<usize>,
    pub(crate) room: Option<usize>,
    /// What was sent or received, or its beginning.
    pub(crate) data: &'a [u8],
    pub(crate) argument: Option<i32>,
}

impl Begun {
    pub(crate) fn new(name: &'static str, fd: RawFd, way: Way) -> Begun {
        let waited = WAITED.get();
        let (at, waited) = match PENDING.take() {
            // Without a wait since, the thread did something else meanwhile.
            Some(pending) if pending.way == way && pending.is_for(fd) && pending.waited != waited => {
                (pending.since, pending.waited)
            }
            _ => (now(), waited),
        };
        Begun { name, fd, way, at, waited, sequence: None, thread: None }
    }

    /// One that somebody else has waited for in this thread's place since then.
    pub(crate) fn since(name: &'static str, fd: RawFd, way: Way, since: u64) -> Begun {
        let begun = Begun { at: since, ..Begun::new(name, fd, way) };
        waited(since);
        begun
    }

    /// The same of a descriptor that the call made.
    pub(crate) fn on(self, fd: RawFd) -> Begun {
        Begun { fd, ..self }
    }

    /// A close, by the thread and at the time given if it began before this.
    pub(crate) fn close(fd: RawFd, by: Option<(u32, u64)>) -> Begun {
        let (thread, at) = by.map_or_else(|| (None, now()), |(thread, at)| (Some(thread), at));
        let sequence = Some(recorder::next_in_sequence());
        Begun { name: "close", fd, way: Way::Out, at, waited: WAITED.get(), sequence, thread }
    }

    /// The call would have had to wait, and may be tried again.
    pub(crate) fn not_yet(self, room: Option<usize>) {
        let mut fds = [-1; KEPT];
        fds[0] = self.fd;
        let tried = Some((self.name, room));
        PENDING.set(Some(Pending { fds, way: self.way, since: self.at, waited: self.waited, tried }));
    }

    /// The call has ended, all of its lines being written.
    pub(crate) fn over(self) {
        PENDING.set(None);
    }

    /// The call has ended: writes its line.
    pub(crate) fn end(self, outcome: Outcome, told: Told<'_>) {
        self.write(outcome, told);
        self.over();
    }

    /// Writes the line of one of the datagrams that the call was about.
    pub(crate) fn write(&self, outcome: Outcome, told: Told<'_>) {
        let number = |count: Option<usize>| count.and_then(|count| u64::try_from(count).ok());
        let mut data = Text::<{ 4 * PAYLOAD }>::new();
        let given = !told.data.is_empty() && with_payload();
        if given {
            // A byte becomes four at most.
            let _ = escape_into(&told.data[..told.data.len().min(PAYLOAD)], &mut data);
        }
        let end = now();
        recorder::write(&Event::Call(Call {
            capsock: VERSION,
            pid: system::process(),
            tid: self.thread.unwrap_or_else(system::thread),
            seq: self.sequence.unwrap_or_else(recorder::next_in_sequence),
            begin: self.at,
            end,
            blocked: WAITED.get().saturating_sub(self.waited).min(end.saturating_sub(self.at)),
            call: self.name.into(),
            fd: self.fd,
            accepted: told.accepted,
            transport: if told.datagrams { "udp" } else { "tcp" }.into(),
            local: told.local.map(plain),
            peer: told.peer.map(plain),
            bytes: number(told.bytes),
            room: number(told.room),
            data: data.as_str().filter(|_| given).map(Into::into),
            argument: told.argument,
            outcome: outcome.name().into(),
        }));
    }
}

/// An IPv4 address as that, also where an IPv6 socket has it: the other end knows no other.
fn plain(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

/// The call that this thread has tried or waited for on a descriptor, and does not wait for any more.
pub(crate) fn given_up(fd: RawFd) -> Option<(Begun, Option<usize>)> {
    let pending = PENDING.get().filter(|pending| pending.is_for(fd))?;
    let untried = if pending.way == Way::In { "recv" } else { "send" };
    let (name, room) = pending.tried.unwrap_or((untried, None));
    Some((Begun::new(name, fd, pending.way), room))
}

/// This thread, and the present.
pub(crate) fn here_and_now() -> (u32, u64) {
    (system::thread(), now())
}
