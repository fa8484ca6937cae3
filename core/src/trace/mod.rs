//! The trace: what every socket call did, as lines of JSON.

mod event;
mod payload;

pub use event::{Call, Event, Newer, Process, VERSION};
pub use payload::{escape_into, unescape};
