//! Pictures of a trace: pure functions of what was recorded.

mod arrows;
mod canvas;
mod escape;
mod label;
mod layout;
mod routes;
mod story;
mod svg;

pub use story::{Conversation, Message, MessageKind, Program, Socket, Step, Story};
pub use svg::{PageOptions, svg};
