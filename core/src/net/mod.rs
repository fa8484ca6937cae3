//! Sockets: the only room with system calls.
//!
//! From the ground up: `sys` makes the calls that no library offers, `wait` waits for a
//! descriptor with a deadline and can be woken, `socket` is the door that everything else goes
//! through (`datagram` is its part for batches of datagrams), `resolve` turns a name into
//! addresses, `connect` makes one connection out of several addresses.

mod connect;
mod datagram;
mod endpoint;
pub mod port;
mod resolve;
mod socket;
mod sys;
pub mod timeout;
mod wait;

pub(crate) use connect::connect;
pub(crate) use datagram::{Batch, Envelope, Reply, max_payload};
pub use endpoint::Endpoint;
pub(crate) use resolve::{Purpose, resolve};
pub(crate) use socket::Socket;
pub(crate) use sys::{Child, Epoll, Errno, Shareable, SharedMemory, process_id, read, with_signals_blocked};
pub use wait::InterruptHook;
pub(crate) use wait::{Deadline, Fault, Waiting, Waker, interest, wait_for, wait_readable};
