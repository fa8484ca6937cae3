//! The raw system calls: one function, one call, its error number returned unchanged.
//!
//! Nothing here retries or decides; EINTR and EAGAIN are reported like any other number. Calls that `socket2` offers
//! are made through it by `raw`; all others are here, those of the trace included (`recording`).
//!
//! Elsewhere `unsafe` is used to read and write control messages and batch headers (`message`, `datagram`), for the
//! ownership of descriptors and the list of blocked threads (`blocking`), for a leaked name (`trace/process_info`) and
//! its file (`trace/recorder`), where a server forks, and in `uppercase`.

mod address;
mod blocked_signals;
mod child;
mod clock;
mod descriptor;
mod epoll;
mod errno;
mod fork;
mod interrupt;
mod message;
mod names;
mod options;
mod poll;
#[cfg(feature = "trace")]
mod recording;
mod shared_memory;
mod signals;

pub(crate) use address::{address_at, uninit};
pub use blocked_signals::write_without_signals;
pub(crate) use child::{Child, ChildExit, process_id, thread_id};
pub(crate) use clock::nanoseconds;
pub(crate) use descriptor::{close_number, drain_eventfd, eventfd, read, signal_eventfd};
pub(crate) use epoll::{Epoll, Timer};
pub use errno::Errno;
pub(crate) use errno::KeptErrno;
pub(crate) use fork::{count_forks, generation};
pub(crate) use interrupt::{Thread, deliver_pending_signal};
pub use message::Received;
pub(crate) use message::{
    receive_header, receive_headers, receive_message, send_header, send_headers, send_message,
};
pub(crate) use names::{GaiError, addresses_of, interface_index};
pub(crate) use options::{
    available, disconnect, get_option_bytes, set_option, set_option_bytes, tcp_info, unacknowledged,
};
pub(crate) use poll::poll;
#[cfg(feature = "trace")]
pub(crate) use recording::{FileId, file_id, is_privileged, open_to_append, write_line};
pub(crate) use shared_memory::{Shareable, SharedMemory};
pub(crate) use signals::with_signals_blocked;
