//! A program with its arguments and its environment, and what is recorded of it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    /// Whether a link is to take the port that the program asks for.
    pub(crate) linked: bool,
}

impl Recording {
    /// Whether anything is recorded, as the environment may say as well.
    pub(super) fn is_wanted(&self) -> bool {
        self.file.is_some() || env::var_os("CAPSOCK_TRACE").is_some_and(|file| !file.is_empty())
    }
}

/// A program that is about to be started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(super) program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

impl Launch {
    pub(super) fn new(program: impl Into<OsString>, arguments: Vec<OsString>) -> Launch {
        Launch { program: program.into(), arguments, variables: Vec::new() }
    }

    /// Names the file of the record in the environment, for a program whose recorder takes it from there.
    pub(super) fn traced(mut self, recording: &Recording) -> Launch {
        if let Some(file) = &recording.file {
            self.variables.push(("CAPSOCK_TRACE", file.clone().into_os_string()));
            let payload = if recording.no_payload { "0" } else { "1" };
            self.variables.push(("CAPSOCK_TRACE_PAYLOAD", payload.into()));
        }
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Launch {
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
