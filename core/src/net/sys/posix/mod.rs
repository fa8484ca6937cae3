//! What Linux and other Unix systems share (POSIX).

mod address;
mod blocked_signals;
mod clock;
mod control;
mod descriptor;
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

pub(crate) use address::{address_at, uninit};
pub use blocked_signals::write_without_signals;
pub(crate) use clock::nanoseconds;
pub(crate) use control::{CONTROL, ControlBuffer, ReceivedControl, SentControl};
pub(crate) use descriptor::{close_number, read};
pub(crate) use fork::{count_forks, generation};
pub(crate) use ids::{process_id, thread_id};
pub(crate) use interrupt::{Thread, deliver_pending_signal};
pub use message::Received;
pub(crate) use message::{receive_header, receive_message, send_header, send_message};
pub(crate) use names::{GaiError, addresses_of, interface_index};
pub(crate) use options::{
    available, get_option_bytes, prevent_sigpipe, set_option, set_option_bytes, take_long_datagrams,
};
#[cfg(feature = "trace")]
pub(crate) use recording::{FileId, file_id, is_privileged, open_to_append, write_line};
pub(crate) use shared_memory::{Shareable, SharedMemory};
pub(crate) use signals::with_signals_blocked;
