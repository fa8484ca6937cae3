//! What Linux and other Unix systems share (POSIX).

mod address;
mod blocked_signals;
mod calls;
mod clock;
#[cfg(feature = "trace")]
mod controller;
mod descriptor;
mod files;
mod fork;
mod ids;
mod interrupt;
mod message;
mod names;
mod options;
#[cfg(feature = "trace")]
mod recording;
mod shared_memory;
mod signals;

pub(crate) use address::address_at;
pub use blocked_signals::write_without_signals;
pub(crate) use calls::{
    CALLS_BLOCK, HOOK_INTERVAL, Mode, RESETS_AT_ONCE, connect_result, is_ipv6, prepare_to_serve,
    reuse_address,
};
pub(crate) use clock::nanoseconds;
#[cfg(feature = "trace")]
pub(crate) use controller::ControllerAddress;
pub(crate) use descriptor::{PollableInput, close_number, copy_number, set_close_on_exec};
pub(crate) use files::lock_directory;
pub(crate) use fork::{count_forks, generation};
pub(crate) use ids::{process_id, thread_id};
#[cfg(target_os = "linux")]
pub(crate) use interrupt::interrupting_signal;
pub(crate) use interrupt::{Thread, deliver_pending_signal, own_notifier};
pub(crate) use message::{
    control_message_length, control_message_space, receive_any, receive_header, receive_message, send_any,
    send_header, send_message,
};
pub(crate) use names::{GaiError, addresses_of, interface_index};
pub(crate) use options::{
    available, get_option_bytes, prevent_sigpipe, set_option, set_option_bytes, take_long_datagrams,
};
#[cfg(feature = "preload")]
pub(crate) use recording::duplicate_file;
#[cfg(feature = "trace")]
pub(crate) use recording::{
    FileId, FileNumber, close_file, file_id, is_privileged, open_to_append, write_error, write_line,
};
pub(crate) use shared_memory::{Shareable, SharedMemory};
pub(crate) use signals::with_signals_blocked;
