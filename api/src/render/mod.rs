//! Renders the generated files of each language.

mod c;
mod command;
mod core;
mod docs;
mod file;
mod java;
mod python;
mod stub_docs;

pub use file::File;

/// All files that are rendered from the description.
#[must_use]
pub fn files() -> Vec<File> {
    [core::files(), c::files(), python::files(), java::files(), command::files(), docs::files()]
        .into_iter()
        .flatten()
        .collect()
}
