//! The trace points: the front of each is one line beside a call, and what it records is here.
//!
//! A front makes the call as it is unless a recording runs; it is inlined, and costs one load and one branch. Those of
//! [`Traced`] serve [`Socket`](super::socket::Socket) and [`BlockingSocket`](super::blocking::BlockingSocket), which
//! differ in what a call consists of.
//!
//! Calls that consume no data are not recorded: MSG_PEEK and MSG_ERRQUEUE. Nor is urgent data (MSG_OOB), which is no
//! part of the stream.

mod attempts;
mod batches;
mod buffers;
mod calls;
mod outcome;
mod waits;

pub(super) use attempts::Traced;
pub(super) use batches::{Datagram, ReceivedDatagrams, SentDatagrams, receive_batch, send_batch};
pub(super) use calls::{PendingConnect, at_once, at_once_unless, close, given_up, socket};
pub(super) use outcome::{is_recorded, may_block, outcome_of};
pub(super) use waits::{blocking, wait};
