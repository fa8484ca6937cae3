//! Unbuffered standard input and output, whose calls a signal interrupts.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use crate::signals;

/// Bytes for each system call: with so many, the cost of a call does not matter.
pub(crate) const CHUNK: usize = 256 << 10;

/// Prints a line on standard error after the program's name. An error is ignored, as there is nowhere to report it.
pub(crate) fn message(text: impl Display) {
    let _ = writeln!(io::stderr(), "capsock: {text}");
}

/// Standard input, unbuffered.
pub(crate) struct Input(File);

impl Input {
    pub(crate) fn new() -> io::Result<Input> {
        Ok(Input(File::from(io::stdin().as_fd().try_clone_to_owned()?)))
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        until(signals::once, || self.0.read(buffer))
    }
}

/// Standard output, unbuffered.
pub(crate) struct Output {
    file: File,
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
        Ok(Output { file: File::from(io::stdout().as_fd().try_clone_to_owned()?), ended, failed: None })
    }

    /// Writes a line, in one system call unless the system takes less.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        self.write_all(format!("{text}\n").as_bytes())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        until(self.ended, || self.file.write(bytes)).inspect_err(|error| {
            self.failed = Some(error.kind().into());
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Repeats a call that a signal has interrupted, unless the command ends. The error is then not `Interrupted`, with
/// which the loops of std would repeat the call.
fn until(ended: fn() -> bool, mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        if ended() {
            return Err(io::Error::other("a signal ended it"));
        }
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
