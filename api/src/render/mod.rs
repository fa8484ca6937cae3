//! The files of each language.

mod c;
mod command;
mod core;
mod docs;
mod java;
mod python;

use crate::model::{Kind, Opt};

/// A file that is rendered.
#[derive(Debug)]
pub struct File {
    /// From the root of the tree.
    pub path: &'static str,
    /// All of it. Rust still has to pass through rustfmt.
    pub content: String,
}

/// Every file that is rendered from the description.
#[must_use]
pub fn files() -> Vec<File> {
    [core::files(), c::files(), python::files(), java::files(), command::files(), docs::files()]
        .into_iter()
        .flatten()
        .collect()
}

fn file(path: &'static str, content: String) -> File {
    File { path, content }
}

/// The first lines of a Rust file.
fn rust_head(about: &str) -> String {
    format!(
        "//! {about}\n//!\n//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.\n\n"
    )
}

/// Whether the languages other than C have the option.
fn everywhere(option: &&Opt) -> bool {
    option.kind != Kind::Interruptible
}

/// Whether the option is a value of the core's settings: the host and the port are part of its address.
fn setting(option: &&Opt) -> bool {
    !matches!(option.kind, Kind::Host | Kind::Port)
}
