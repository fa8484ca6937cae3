//! A report as text, JSON, JUnit's XML and a page; several as a table.

mod html;
mod json;
mod junit;
mod markup;
mod table;
mod text;

pub use html::{index, page};
pub use json::{all as json_of_all, json};
pub use junit::junit;
pub use table::table;
pub use text::{result, summary};
