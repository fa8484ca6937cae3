//! Pictures of a trace: pure functions of what was recorded.

mod escape;
mod label;
mod story;

pub use story::{Conversation, Message, MessageKind, Program, Socket, Step, Story};
