//! Calls on several datagrams, of which each has a record.

use std::ffi::c_int;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use super::attempts::Traced;
use super::outcome::with_socket;
use crate::net::raw::RawSocket;
use crate::net::sys::Errno;
use crate::trace::{self, CallRecord, Direction, Outcome, Span};

type Sys<T> = Result<T, Errno>;

/// What a record has of one datagram of a batch.
pub(in crate::net) struct Datagram<'a> {
    pub(in crate::net) peer: Option<SocketAddr>,
    /// This end's address, on a socket that is bound to all.
    pub(in crate::net) local: Option<IpAddr>,
    pub(in crate::net) bytes: &'a [u8],
}

impl Datagram<'_> {
    fn write(&self, span: &Span, outcome: Outcome, record: CallRecord<'_>) {
        let local = record.local.map(|bound| match self.local {
            Some(ip) if bound.ip().is_unspecified() => SocketAddr::new(ip, bound.port()),
            _ => bound,
        });
        let record = CallRecord { local, peer: self.peer, ..record };
        match outcome {
            Outcome::Ok => {
                let bytes = Some(self.bytes.len());
                span.write(outcome, CallRecord { bytes, data: self.bytes, ..record });
            }
            _ => span.write(outcome, record),
        }
    }
}

/// Buffers into which one system call receives datagrams.
pub(in crate::net) trait ReceivedDatagrams {
    /// The length of the buffer of each.
    const CAPACITY: usize;

    /// The datagrams in the first `slots` buffers.
    fn received(&self, slots: usize) -> impl Iterator<Item = Datagram<'_>>;
}

/// A call that receives datagrams and returns the number of buffers filled: a line for each datagram.
#[inline(always)]
pub(in crate::net) fn receive_batch<B: ReceivedDatagrams>(
    socket: &RawSocket,
    batch: &mut B,
    flags: c_int,
    call: impl Fn(&RawSocket, &mut B, c_int) -> Sys<usize>,
) -> Sys<usize> {
    if trace::on() { record_receive_batch(socket, batch, flags, call) } else { call(socket, batch, flags) }
}

#[cold]
#[inline(never)]
fn record_receive_batch<B: ReceivedDatagrams>(
    socket: &RawSocket,
    batch: &mut B,
    flags: c_int,
    call: impl Fn(&RawSocket, &mut B, c_int) -> Sys<usize>,
) -> Sys<usize> {
    let upcoming = CallRecord { room: Some(B::CAPACITY), ..CallRecord::default() };
    let Some((open, span)) = socket.begin_stepped("recvfrom", Direction::In, flags, upcoming) else {
        return call(socket, batch, flags);
    };
    let result = socket.attempt(flags, |flags| call(socket, batch, flags));
    let record = with_socket(open, CallRecord { room: Some(B::CAPACITY), ..CallRecord::default() });
    match (socket.outcome(&result, flags, ()), result) {
        (None, _) => span.would_block(record.room),
        (_, Ok(0)) => span.end(Outcome::Closed, record),
        (_, Ok(count)) => {
            batch.received(count).for_each(|datagram| datagram.write(&span, Outcome::Ok, record));
            span.finish();
        }
        (Some(outcome), Err(_)) => span.end(outcome, record),
    }
    result
}

/// Messages that one system call sends.
pub(in crate::net) trait SentDatagrams {
    /// The index of the next message to send.
    fn next_index(&self) -> usize;

    /// The datagrams of these messages.
    fn datagrams(&self, messages: Range<usize>) -> impl Iterator<Item = Datagram<'_>>;
}

/// A call that sends the next messages: a line for each datagram. An error is the next message's.
#[inline(always)]
pub(in crate::net) fn send_batch<B: SentDatagrams, T>(
    socket: &RawSocket,
    batch: &mut B,
    call: impl FnOnce(&RawSocket, &mut B) -> Sys<T>,
) -> Sys<T> {
    if trace::on() { record_send_batch(socket, batch, call) } else { call(socket, batch) }
}

#[cold]
#[inline(never)]
fn record_send_batch<B: SentDatagrams, T>(
    socket: &RawSocket,
    batch: &mut B,
    call: impl FnOnce(&RawSocket, &mut B) -> Sys<T>,
) -> Sys<T> {
    let first = batch.next_index();
    let next = batch.datagrams(first..first + 1).next();
    let upcoming = next.map_or_else(CallRecord::default, |datagram| CallRecord {
        room: Some(datagram.bytes.len()),
        peer: datagram.peer,
        ..CallRecord::default()
    });
    let begun = socket.begin_stepped("sendto", Direction::Out, 0, upcoming);
    let Some((open, span)) = begun else { return call(socket, batch) };
    let result = call(socket, batch);
    let record = with_socket(open, CallRecord::default());
    let write = |outcome, messages| {
        batch.datagrams(messages).for_each(|datagram: Datagram<'_>| {
            datagram.write(&span, outcome, CallRecord { room: Some(datagram.bytes.len()), ..record });
        });
    };
    let next = batch.next_index();
    match &result {
        Ok(_) => write(Outcome::Ok, first..next),
        Err(errno) if errno.would_block() => {
            span.would_block(None);
            return result;
        }
        Err(errno) => write((*errno).into(), next..next + 1),
    }
    span.finish();
    result
}
