//! What Linux alone has.

mod calls;
mod connection;
mod control;
mod messages;
mod notifier;
mod poll;
mod selector;
mod timer;

pub(crate) use calls::{receive, receive_from, recvmsg, send, send_to, sendmsg};
pub(crate) use connection::{
    SHUTDOWN_REFUSES, accept, disconnect, open, peer_may_send, reset, unacknowledged, unsent,
};
pub(crate) use control::{read_control, write_control};
pub(crate) use messages::{MessageHeader, SEVERAL_MESSAGES, receive_headers, send_headers, with_hop_limit};
pub(crate) use notifier::Notifier;
pub(crate) use poll::poll;
pub(crate) use selector::{Event, Events, Interest, ReadinessChanges, Selector};
pub(crate) use timer::Timer;
