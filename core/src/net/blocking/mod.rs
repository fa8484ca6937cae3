//! The sockets of the BSD call flow, for programs that make their own calls: one method is one system call.
//!
//! Without a timeout of the library's, the descriptor's mode, its options and the call's flags have their effect
//! (`waits`). With one, the call is made without blocking, behind poll(2). Closing the socket in another thread
//! unblocks both (`blocked`); a signal that interrupts a call is reported to the host's hook.
//!
//! This crate's servers and clients do not use it.

mod blocked;
mod call_error;
mod calls;
mod data;
mod numbers;
mod record;
mod resolve;
mod socket;
mod socket_record;
mod uses;
mod waits;

pub use call_error::SocketCall;
pub use numbers::shutdown_from_number;
pub use socket::{BlockingSocket, Family, Kind};
