//! How a program of any language is started so that its socket calls are recorded, unchanged.
//!
//! Python and Java run on the core, by the package and by the agent of the jar; other programs keep the calls of libc, and
//! the [preload library](crate::preload) records them.

mod java;
mod kind;
mod native;
mod prepared;
mod python;
pub(crate) mod sources;
mod split;

use std::ffi::OsString;
use std::path::Path;

use crate::failure::{Failure, Result};
use kind::Kind;
pub(crate) use prepared::{Launch, Recording};
pub(crate) use split::{file_name, parts, split};

/// The words as a command that records, whatever the program is.
///
/// # Errors
/// What is missing for it: the package, the jar, the library, or the source is to be compiled first.
pub(crate) fn recorded(words: &[OsString], recording: &Recording) -> Result<Launch> {
    let (first, rest) = words.split_first().ok_or_else(|| Failure::usage("no program was given"))?;
    let launch = match kind::of(first, rest) {
        Kind::Script => python::script(first, rest, recording),
        Kind::Python(place) => python::interpreter(first, rest, place, recording),
        Kind::JavaSource | Kind::Jar | Kind::Java => java::program(words, recording),
        Kind::JavaScript => native::program("node".into(), words.to_vec(), recording),
        Kind::Source(compiler) => {
            let file = Path::new(first);
            let program = file.with_extension("");
            Err(Failure::usage(format!(
                "{} is a source: compile it ({compiler} -o {} {}) and run the program, or let capsock show do both",
                file.display(),
                program.display(),
                file.display()
            )))
        }
        Kind::Other => native::program(first.clone(), rest.to_vec(), recording),
    }?;
    Ok(if recording.linked { launch.with("CAPSOCK_LINK", "1") } else { launch })
}

/// The name of a program in messages: that of its file, or of the file that an interpreter runs.
pub(crate) fn label(words: &[OsString]) -> String {
    let Some((first, rest)) = words.split_first() else { return String::new() };
    let argument = rest.iter().find(|word| !word.to_string_lossy().starts_with('-'));
    let file = match kind::of(first, rest) {
        Kind::Python(Some(place)) => &rest[place],
        Kind::Java => argument.unwrap_or(first),
        // Such as `node client.js`.
        Kind::Other => argument.filter(|word| Path::new(word).is_file()).unwrap_or(first),
        _ => first,
    };
    file_name(file)
}
