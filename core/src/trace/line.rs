//! The line of a call.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::call_record::{BegunCall, CallRecord, EndedCall, LISTED, Outcome, PAYLOAD};
use super::event::{Begin, Call, Event, VERSION};
use super::impairment::{Impairment, mark};
use super::payload::escape_into;
use super::recorder::{self, next_in_sequence, with_payload};
use super::text::Text;
use super::variable::{Variable, variable_of};
use crate::net::sys;
use crate::net::sys::fd::RawFd;
use crate::netc::errno_name;

/// The number of a socket; on Windows a handle, of which 32 bits are significant.
#[allow(clippy::unnecessary_cast, reason = "it is an i32 on Unix")]
fn fd_number(fd: RawFd) -> i32 {
    fd as i32
}

fn number(count: Option<usize>) -> Option<u64> {
    count.and_then(|count| u64::try_from(count).ok())
}

/// The transport; a wait for several descriptors has none.
fn transport(record: &CallRecord<'_>) -> &'static str {
    match (record.waited.is_empty(), record.datagrams) {
        (false, _) => "",
        (true, true) => "udp",
        (true, false) => "tcp",
    }
}

fn text(variable: &Option<Variable>) -> Option<Cow<'_, str>> {
    variable.as_ref().map(|variable| variable.as_str().into())
}

fn list(descriptors: &[i32]) -> Cow<'_, [i32]> {
    Cow::Borrowed(&descriptors[..descriptors.len().min(LISTED)])
}

/// Writes the line of a call that waits.
pub(super) fn write_begin(begun: &BegunCall<'_>) {
    recorder::write(&begin_event(begun));
}

/// The event of a call that has begun, or is about to.
pub(super) fn begin_event<'a>(begun: &'a BegunCall<'a>) -> Event<'a> {
    let record = begun.record;
    Event::Begin(Begin {
        capsock: VERSION,
        pid: sys::process_id().unsigned_abs(),
        tid: begun.thread,
        begin: begun.begin,
        at: begun.at,
        call: begun.name.into(),
        fd: fd_number(begun.fd),
        variable: text(&begun.variable),
        transport: transport(&record).into(),
        local: record.local.map(canonical),
        peer: record.peer.map(canonical),
        room: number(record.room),
        waited_in: list(record.waited.readable),
        waited_out: list(record.waited.writable),
    })
}

/// Writes the line of a call.
pub(super) fn write_call(ended: EndedCall<'_>) {
    let record = ended.record;
    let mut data = Text::<{ 4 * PAYLOAD }>::new();
    let variable = variable_of(ended.fd);
    let given = !record.data.is_empty() && with_payload();
    if given {
        // An escaped byte is at most four.
        let _ = escape_into(&record.data[..record.data.len().min(PAYLOAD)], &mut data);
    }
    recorder::write(&Event::Call(Call {
        capsock: VERSION,
        pid: sys::process_id().unsigned_abs(),
        tid: ended.thread.unwrap_or_else(sys::thread_id),
        seq: ended.sequence.unwrap_or_else(next_in_sequence),
        begin: ended.begin,
        end: ended.end,
        blocked: ended.blocked,
        call: ended.name.into(),
        fd: fd_number(ended.fd),
        variable: text(&variable),
        accepted: record.accepted.map(fd_number),
        transport: transport(&record).into(),
        local: record.local.map(canonical),
        asked: record.asked.map(canonical),
        peer: record.peer.map(canonical),
        bytes: number(record.bytes),
        room: number(record.room),
        data: data.as_str().filter(|_| given).map(Into::into),
        impairment: impairment(&ended).map(|impairment| impairment.name().into()),
        argument: record.argument,
        waited_in: list(record.waited.readable),
        waited_out: list(record.waited.writable),
        ready_in: list(record.ready.readable),
        ready_out: list(record.ready.writable),
        outcome: ended.outcome.name().into(),
    }));
}

/// The mark of a datagram that the call moved.
fn impairment(ended: &EndedCall<'_>) -> Option<Impairment> {
    let moved = ended.outcome == Outcome::Ok && ended.record.datagrams && ended.record.bytes.is_some();
    mark().filter(|_| moved)
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

/// An IPv4-mapped address as the IPv4 address that the peer uses.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}
