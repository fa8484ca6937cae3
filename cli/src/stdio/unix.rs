//! Descriptors 0 and 1.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use super::repeat::until;
use crate::signals;

/// Standard input, unbuffered.
pub(crate) struct Input(File);

impl Input {
    pub(crate) fn new() -> io::Result<Input> {
        Ok(Input(File::from(io::stdin().as_fd().try_clone_to_owned()?)))
    }

    /// What the core waits for.
    pub(crate) fn as_input(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        until(signals::once, || self.0.read(buffer))
    }
}

/// What standard output is.
pub(super) struct Target(File);

impl Target {
    pub(super) fn new() -> io::Result<Target> {
        Ok(Target(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
}
