//! What `unix` and `windows` share: kqueue(2), or AFD of Windows, by the `polling` crate; one message for each system call.

mod messages;
mod selector;
mod timer;

pub(crate) use messages::{MessageHeader, SEVERAL_MESSAGES, receive_headers, send_headers, with_hop_limit};
pub(crate) use selector::{Event, Events, Interest, ReadinessChanges, Selector};
pub(crate) use timer::Timer;

/// Whether shutdown(2) of a listener refuses further connections: the close of its last descriptor does.
pub(crate) const SHUTDOWN_REFUSES: bool = false;
