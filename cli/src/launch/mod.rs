//! How a program of any language is started so that its socket calls are recorded, unchanged.
//!
//! Python and Java run on the core, by the package and by the agent of the jar; other programs keep the calls of libc, and
//! the [preload library](crate::preload) records them.

mod java;
mod kind;
mod native;
mod python;
pub(crate) mod sources;
mod split;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use kind::Kind;
pub(crate) use split::{file_name, split};

/// What is recorded, and to which file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording {
    /// The file, by an absolute path, since a program may change its folder; `None` records nothing, unless the environment
    /// says so.
    pub(crate) file: Option<PathBuf>,
    /// Whether the first bytes of what is sent and received are left out.
    pub(crate) no_payload: bool,
    /// Whether the hints about common mistakes are left out.
    pub(crate) no_hints: bool,
}

/// A program that is about to be started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

/// The words as a command that records, whatever the program is.
///
/// # Errors
/// What is missing for it: the package, the jar, the library, or the source is to be compiled first.
pub(crate) fn recorded(words: &[OsString], recording: &Recording) -> Result<Launch> {
    let (first, rest) = words.split_first().ok_or_else(|| Failure::usage("no program was given"))?;
    match kind::of(first, rest) {
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
    }
}

/// The name of a program in messages: that of its file, or of the file that an interpreter runs.
pub(crate) fn label(words: &[OsString]) -> String {
    let Some((first, rest)) = words.split_first() else { return String::new() };
    let file = match kind::of(first, rest) {
        Kind::Python(Some(place)) => &rest[place],
        Kind::Java => rest.iter().find(|word| !word.to_string_lossy().starts_with('-')).unwrap_or(first),
        _ => first,
    };
    file_name(file)
}

impl Launch {
    fn new(program: impl Into<OsString>, arguments: Vec<OsString>) -> Launch {
        Launch { program: program.into(), arguments, variables: Vec::new() }
    }

    /// Names the file of the record in the environment, for a program whose recorder takes it from there.
    fn traced(mut self, recording: &Recording) -> Launch {
        if let Some(file) = &recording.file {
            self.variables.push(("CAPSOCK_TRACE", file.clone().into_os_string()));
            let payload = if recording.no_payload { "0" } else { "1" };
            self.variables.push(("CAPSOCK_TRACE_PAYLOAD", payload.into()));
        }
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Launch {
        self.variables.push((name, value.into()));
        self
    }

    /// The program, as messages name it.
    pub(crate) fn name(&self) -> String {
        Path::new(&self.program).display().to_string()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
