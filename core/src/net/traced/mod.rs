//! The trace points. A trace point wraps a call: its inlined fast path makes the call directly unless a recording runs
//! (one load, one branch); its slow path writes the record.
//!
//! Those of [`Traced`] serve [`Socket`](super::socket::Socket) and [`BlockingSocket`](super::blocking::BlockingSocket), which
//! differ in what a call consists of.
//!
//! Calls that consume no data are not recorded: MSG_PEEK and MSG_ERRQUEUE. Nor is urgent data (MSG_OOB), which is no
//! part of the stream.

mod attempts;
mod batches;
mod begun;
mod buffers;
mod calls;
mod outcome;
mod polls;
mod waits;

pub(super) use attempts::Traced;
pub(super) use batches::{Datagram, ReceivedDatagrams, SentDatagrams, receive_batch, send_batch};
pub(super) use begun::report_parked;
pub(super) use calls::{
    PendingConnect, at_once, at_once_unless, bind, close, end_abandoned_span, hold_close, socket,
};
pub(super) use outcome::{is_on, is_recorded, may_block, outcome_of, with_socket};
pub use polls::{PollKind, PollSpan};
pub(super) use waits::{blocking, wait};
