//! Why a command fails: the text for standard error and the exit code.

use std::io;

use capsock::ErrorKind;
use serde_json::{Value, json};

/// A failure of the network, or of anything but what follows.
pub(crate) const GENERAL: i32 = 1;
/// Wrong usage; clap exits with the same code.
pub(crate) const USAGE: i32 = 2;
/// A timeout: the code of timeout(1).
pub(crate) const TIMED_OUT: i32 = 124;
/// Added to a signal's number, as shells do: 130 for Ctrl-C, 143 for SIGTERM.
pub(crate) const SIGNAL: i32 = 128;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    /// For standard error; `None` prints nothing.
    pub(crate) text: Option<String>,
    /// The JSON object for `--json`, if the error is one of the core.
    pub(crate) object: Option<Value>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Failure {
        Failure { code: GENERAL, text: Some(text.into()), object: None }
    }

    /// A failure that the output has reported already.
    pub(crate) fn silent(code: i32) -> Failure {
        Failure { code, text: None, object: None }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Failure {
        Failure { code: USAGE, ..Failure::new(text) }
    }

    pub(crate) fn input(error: &io::Error) -> Failure {
        Failure::new(format!("could not read standard input: {error}"))
    }

    /// A reader that closes the pipe (`| head`) has all that it wants: that is no failure.
    pub(crate) fn output(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::silent(0),
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
