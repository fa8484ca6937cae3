//! Unbuffered standard input and output, whose calls a signal interrupts.

mod chunk;
mod repeat;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fmt::Display;
use std::io::{self, Write};

#[cfg(unix)]
pub(crate) use unix::Input;
#[cfg(unix)]
use unix::Target;
#[cfg(windows)]
pub(crate) use windows::Input;
#[cfg(windows)]
use windows::Target;

use crate::signals;
pub(crate) use chunk::CHUNK;
use repeat::until;

/// Prints a line on standard error after the program's name. An error is ignored, as there is nowhere to report it.
pub(crate) fn message(text: impl Display) {
    let _ = writeln!(io::stderr(), "capsock: {text}");
}

/// Prints a line on standard error, by one write. An error is ignored, as there is nowhere to report it.
pub(crate) fn error_line(text: impl Display) {
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// Standard output, unbuffered.
pub(crate) struct Output {
    target: Target,
    /// Whether to stop writing.
    ended: fn() -> bool,
    /// The error of a write, for a caller whose callee does not pass it on.
    pub(crate) failed: Option<io::Error>,
}

impl Output {
    pub(crate) fn new() -> io::Result<Output> {
        Output::until(signals::once)
    }

    /// Goes on after the Ctrl-C that stops a server and the second one, which cuts its connections.
    pub(crate) fn beyond_signals() -> io::Result<Output> {
        Output::until(signals::thrice)
    }

    fn until(ended: fn() -> bool) -> io::Result<Output> {
        Ok(Output { target: Target::new()?, ended, failed: None })
    }

    /// Writes a line, in one system call unless the system takes less.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        self.write_all(format!("{text}\n").as_bytes())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        until(self.ended, || self.target.write(bytes)).inspect_err(|error| {
            self.failed = Some(error.kind().into());
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
