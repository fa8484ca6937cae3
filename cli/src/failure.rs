//! How a command fails: with which text, and with which exit code.

use std::io;

use capsock::ErrorKind;
use serde_json::{Value, json};

/// What failed on the network, or otherwise.
pub(crate) const GENERAL: i32 = 1;
/// The command was not used as it is meant to be; clap's own code as well.
pub(crate) const USAGE: i32 = 2;
/// The time ran out: timeout(1)'s code.
pub(crate) const TIMED_OUT: i32 = 124;
/// Added to a signal's number, as shells do: 130 for Ctrl-C, 143 for SIGTERM.
pub(crate) const SIGNAL: i32 = 128;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    /// For standard error; `None` where silence is customary.
    pub(crate) text: Option<String>,
    /// The same for a program that asked for `--json`, if it is an error that the core tells of.
    pub(crate) object: Option<Value>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Failure {
        Failure { code: GENERAL, text: Some(text.into()), object: None }
    }

    /// A failure that the output has told of already.
    pub(crate) fn told(code: i32) -> Failure {
        Failure { code, text: None, object: None }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Failure {
        Failure { code: USAGE, ..Failure::new(text) }
    }

    pub(crate) fn input(error: &io::Error) -> Failure {
        Failure::new(format!("could not read standard input: {error}"))
    }

    /// Whoever read our output has seen enough when it closes the pipe (`| head`): no failure.
    pub(crate) fn output(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::told(0),
            _ => Failure::new(format!("could not write to standard output: {error}")),
        }
    }
}

impl From<capsock::Error> for Failure {
    fn from(error: capsock::Error) -> Failure {
        let code = match error.kind() {
            ErrorKind::InvalidArgument => USAGE,
            ErrorKind::TimedOut => TIMED_OUT,
            _ => GENERAL,
        };
        let text = error.to_string();
        let object = json!({ "error": text, "kind": format!("{:?}", error.kind()), "errno": error.errno() });
        Failure { code, text: Some(text), object: Some(object) }
    }
}
