//! What every Unix system has, under the names of what `linux` has: a pipe as notifier, poll(2).
//!
//! What differs between macOS and FreeBSD is in `connection` and `control`, with an arm for Linux, on which this is
//! tested.

mod connection;
mod control;
mod notifier;
mod poll;

pub(crate) use connection::{
    accept, disconnect, open, peer_may_send, receive, receive_from, reset, send, send_to, unacknowledged,
    unsent,
};
pub(crate) use control::{read_control, write_control};
pub(crate) use libc::{recvmsg, sendmsg};
pub(crate) use notifier::Notifier;
pub(crate) use poll::poll;
