//! Sockets: the only room with system calls.
//!
//! From the ground up: `sys` makes the calls that no library offers, `wait` waits for a
//! descriptor with a deadline and can be woken, `socket` is the door that everything else goes
//! through (`datagram` is its part for batches of datagrams, `message` that for control data, `asking`
//! a datagram socket that changes its port),
//! `resolve` turns a name into addresses, `connect` makes one connection out of several addresses.
//!
//! [`BlockingSocket`] and [`Poller`] are for programs that make their own calls, as the textbook's
//! do, and for the socket classes of other languages.

mod asking;
mod bare;
mod blocking;
mod connect;
mod datagram;
mod endpoint;
mod message;
mod poller;
pub mod port;
mod probe;
mod resolve;
mod socket;
mod sys;
pub mod timeout;
mod traced;
mod wait;

pub(crate) use asking::RotatingPortSocket;
pub use blocking::{BlockingSocket, Family, Kind, SocketCall, shutdown_from_number};
pub(crate) use connect::connect;
pub(crate) use datagram::{Added, ReceiveBatch, ReceiveMeta, SendBatch, SendMeta, max_payload};
pub use endpoint::Endpoint;
pub use message::{Control, Received, control_length, control_space, read_controls, write_controls};
pub use poller::{Poller, Readiness};
pub(crate) use probe::Probe;
pub use resolve::Purpose;
pub(crate) use resolve::resolve;
pub(crate) use socket::Socket;
pub use sys::Errno;
pub(crate) use sys::{
    Child, Ended, Epoll, Shareable, SharedMemory, Timer, process_id, read, with_signals_blocked,
};
pub(crate) use wait::{Deadline, WaitOptions, Waker, interest, wait_for, wait_readable};
pub use wait::{InterruptHook, WaitError, WaitPolicy};
