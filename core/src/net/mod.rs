//! Sockets, and all system calls of the crate.
//!
//! Each file uses those above it:
//! - `sys`: the raw system calls, those of the trace included;
//! - `raw`: the raw socket; `traced`: the trace points; `socket`: one method, one system call, with its trace point;
//! - `wait`: deadlines and wake-up; `message`: control messages; `datagram`: batches of datagrams;
//!   `rotating_port_socket`: a UDP socket that changes its port; `resolve`: from a name to addresses, and `one_port`: a
//!   server's socket for each of them; `connect`: one
//!   connection to several addresses; `adopt` and `systemd`: sockets that somebody else has bound; `unix_domain`: sockets
//!   that have a path instead; `probe`: which optional calls are available, and `features`: the set of them;
//! - `blocking`: the BSD calls one by one, and `poller`: the readiness of many of their sockets.
//!
//! [`BlockingSocket`] and [`Poller`] are for programs that make their own calls, as the textbook's do, and for the socket
//! classes of other languages.

mod adopt;
mod blocking;
mod connect;
mod datagram;
mod endpoint;
mod feature_table;
mod features;
mod fork;
mod message;
mod one_port;
mod poller;
pub mod port;
mod probe;
mod raw;
mod resolve;
mod rotating_port_socket;
mod socket;
pub(crate) mod sys;
mod systemd;
pub mod timeout;
mod traced;
mod unix_domain;
mod wait;
mod wait_error;

pub use adopt::copy_of_number;
pub(crate) use adopt::{adopt, adopt_unix, canonical};
pub use blocking::{BlockingSocket, Family, Kind, SocketCall, shutdown_from_number};
pub(crate) use connect::connect;
pub(crate) use datagram::{Added, ReceiveBatch, ReceiveMeta, SendBatch, SendMeta, max_payload};
pub use endpoint::Endpoint;
#[doc(hidden)]
pub use features::Features;
pub(crate) use fork::fork;
pub use message::{Control, control_length, control_space, read_controls, write_controls};
pub use poller::{Poller, Readiness};
pub use resolve::Purpose;
pub(crate) use resolve::resolve;
pub(crate) use rotating_port_socket::{RebindingSocket, ReplacingSocket, RotatingPortSocket};
pub(crate) use socket::Socket;
pub(crate) use sys::{
    Child, ChildExit, Event, Events, Interest, PollFd, PollableInput, RESETS_AT_ONCE, SHUTDOWN_REFUSES,
    Selector, Shareable, SharedMemory, Thread, Timer, process_id, with_signals_blocked,
};
pub use sys::{Errno, Received, fd, write_without_signals};
#[cfg(fuzzing)]
pub(crate) use systemd::names_passed;
pub use systemd::{SystemdSocket, systemd_sockets};
pub use traced::{PollKind, PollSpan};
pub(crate) use unix_domain::{ClientFile, SocketFile, UnixSource, bind_unix, connect_unix, open_unix_client};
pub(crate) use wait::{Deadline, WaitOptions, Waker, interest, no_interest, wait_for, wait_readable};
pub use wait::{InterruptHook, WaitPolicy};
pub use wait_error::WaitError;
