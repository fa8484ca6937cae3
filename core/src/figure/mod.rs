//! Pictures of a trace: pure functions of what was recorded.

mod arrows;
mod canvas;
mod escape;
mod gantt;
mod gantt_svg;
mod glossary;
mod html;
mod label;
mod layout;
mod routes;
mod story;
mod svg;
mod table;

pub use gantt_svg::gantt_svg;
pub use html::html;
pub use story::{Conversation, Message, MessageKind, Program, Socket, Step, Story};
pub use svg::{PageOptions, svg};
