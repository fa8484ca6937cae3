//! The description of capsock's interface: the options of servers and clients, the totals, the features of the
//! system, the kinds of error and the choices. Each is described once, in a table, and the files of every
//! language are rendered from the tables.
//!
//! No library depends on this crate. Its test `generated` compares the rendered files with
//! the committed ones, and `CAPSOCK_BLESS=1 cargo test -p capsock-api` writes them. A new option is a row in
//! [`options`]; the core implements it.
//!
//! [`record`] compares lists of exported names with the recorded ones.

pub mod choices;
pub mod kinds;
pub mod model;
pub mod options;
mod prose;
pub mod record;
pub mod render;
pub mod totals;
