//! Draws the traces that `capsock` records, as text, SVG, HTML, Mermaid and Perfetto JSON.
//!
//! All functions are pure: they open no file and no socket, and read no clock, so that equal traces give equal bytes.
//! Of the core the crate uses the types of [`capsock::trace`] only.
//!
//! [`read`] parses the lines of one or several files, and [`link`] matches calls, sockets and messages and returns a
//! [`Model`], from which every format is drawn.
//!
//! ```
//! use capsock_figure::{TextOptions, link, read, text};
//!
//! let lines = concat!(
//!     r#"{"event":"process","capsock":1,"pid":7,"program":"server.py","language":"python","at":1,"wall":2}"#,
//!     "\n",
//!     r#"{"event":"call","capsock":1,"pid":7,"tid":7,"seq":0,"begin":3,"end":4,"blocked":0,"#,
//!     r#""call":"socket","fd":3,"transport":"udp","outcome":"ok"}"#,
//!     "\n",
//! );
//! let model = link(read([("run.jsonl", lines.as_bytes())])?);
//! assert!(text(&model, &TextOptions::default()).contains("server.py"));
//! # Ok::<(), capsock_figure::ReadError>(())
//! ```

mod arrows;
mod call_reference;
mod call_text;
mod canvas;
mod columns;
mod escape;
mod gantt;
mod gantt_svg;
mod gantt_text;
mod grid;
mod html;
mod label;
mod layout;
mod link;
mod mermaid;
mod model;
mod normalize;
mod only;
mod options;
mod perfetto;
mod read;
mod routes;
mod style;
mod svg;
mod table;
mod text;
mod timeline;
mod untraced;

pub use gantt_svg::gantt_svg;
pub use gantt_text::gantt_text;
pub use html::html;
pub use link::{link, link_last_run};
pub use mermaid::mermaid;
pub use model::{Conversation, Message, MessageKind, Model, Program, Socket, Step};
pub use normalize::normalize;
pub use options::{PageOptions, TextOptions};
pub use perfetto::perfetto;
pub use read::{GrowingTrace, ReadError, ReadErrorReason, Trace, read};
pub use svg::svg;
pub use text::text;
