//! Windows: Winsock, by the names of what `posix` and `unix` have.
//!
//! A socket of the library's never blocks ([`Mode`]): a call that would is made again after a wait, which a close, a stop
//! and the host's hook can end. There are no signals and no forked children.

mod address;
mod calls;
mod connection;
mod control;
mod error;
mod input;
mod interrupt;
mod message;
mod names;
mod notifier;
mod options;
mod poll;
mod process;
#[cfg(feature = "trace")]
mod recording;
mod shared_memory;
#[cfg(test)]
mod tests;

pub(crate) use address::address_at;
pub(crate) use calls::{
    CALLS_BLOCK, HOOK_INTERVAL, Mode, RESETS_AT_ONCE, connect_result, is_ipv6, prepare_to_serve, receive,
    receive_from, reuse_address, send, send_to,
};
pub(crate) use connection::{
    accept, close_number, copy_number, disconnect, open, peer_may_send, reset, set_close_on_exec,
    unacknowledged, unsent,
};
pub(crate) use control::{control_message_length, control_message_space, read_control, write_control};
pub(crate) use error::set_errno;
pub(crate) use input::PollableInput;
pub(crate) use interrupt::{Thread, deliver_pending_signal, own_notifier};
pub(crate) use message::{receive_any, receive_header, receive_message, send_any, send_header, send_message};
pub(crate) use names::{GaiError, addresses_of, interface_index};
pub(crate) use notifier::Notifier;
pub(crate) use options::{
    available, get_option_bytes, prevent_sigpipe, set_option, set_option_bytes, take_long_datagrams,
};
pub(crate) use poll::poll;
pub use process::write_without_signals;
pub(crate) use process::{count_forks, generation, nanoseconds, process_id, thread_id, with_signals_blocked};
#[cfg(feature = "trace")]
pub(crate) use recording::{
    ControllerAddress, FileId, FileNumber, close_file, file_id, is_privileged, open_to_append, write_error,
    write_line,
};
pub(crate) use shared_memory::{Shareable, SharedMemory};
