//! A rendered file, and the first lines that generated Rust files share.

/// A file that is rendered.
#[derive(Debug)]
pub struct File {
    /// The path relative to the root of the repository.
    pub path: &'static str,
    /// The whole content. Rust source is not yet formatted by rustfmt.
    pub content: String,
}

pub(super) fn file(path: &'static str, content: String) -> File {
    File { path, content }
}

/// The first lines of a Rust file.
pub(super) fn rust_head(about: &str) -> String {
    format!(
        "//! {about}\n//!\n//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.\n\n"
    )
}
