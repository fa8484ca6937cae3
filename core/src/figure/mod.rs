//! Pictures of a trace: pure functions of what was recorded.
//!
//! [`read`] takes the lines of one or several files, [`link`] finds out what belongs together, and from the
//! [`Story`] that this gives each format is drawn. The same trace gives the same bytes.

mod arrows;
mod canvas;
mod escape;
mod gantt;
mod gantt_svg;
mod gantt_text;
mod glossary;
mod html;
mod items;
mod label;
mod layout;
mod link;
mod mermaid;
mod normalize;
mod perfetto;
mod read;
mod routes;
mod story;
mod svg;
mod table;
mod text;

pub use gantt_svg::gantt_svg;
pub use gantt_text::gantt_text;
pub use html::html;
pub use link::link;
pub use mermaid::mermaid;
pub use normalize::normalize;
pub use perfetto::perfetto;
pub use read::{ReadError, ReadErrorReason, Trace, read};
pub use story::{Conversation, Message, MessageKind, Program, Socket, Step, Story};
pub use svg::{PageOptions, svg};
pub use text::{TextOptions, text};
