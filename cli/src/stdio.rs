//! Standard input and output, straight to the descriptors, with calls that a signal ends.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use crate::signals;

/// Bytes asked of the system at once: enough that the calls do not count.
pub(crate) const CHUNK: usize = 256 << 10;

/// A line on standard error, behind the program's name. Where standard error is closed, nobody
/// wants to know.
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
    /// Asked whether to give up.
    ended: fn() -> bool,
    /// What a write failed with, for the callers that only learn that it did.
    pub(crate) failed: Option<io::Error>,
}

impl Output {
    pub(crate) fn new() -> io::Result<Output> {
        Output::until(signals::once)
    }

    /// One for what there is to say after the Ctrl-C that stops a server and the second that cuts
    /// its connections.
    pub(crate) fn beyond_signals() -> io::Result<Output> {
        Output::until(signals::thrice)
    }

    fn until(ended: fn() -> bool) -> io::Result<Output> {
        Ok(Output { file: File::from(io::stdout().as_fd().try_clone_to_owned()?), ended, failed: None })
    }

    /// Writes a line in one call, as far as the system takes it.
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

/// Repeats a call that a signal interrupted, unless the command is to end. That is not reported as
/// `Interrupted`, which std's own loops would repeat.
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
