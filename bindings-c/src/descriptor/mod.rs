//! The types of descriptors, and those that the caller passes to a copy.

pub mod types;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{Owned, borrow, duplicate};
#[cfg(windows)]
pub(crate) use windows::{Owned, borrow, duplicate};

use std::io::{self, Write};

use capsock::write_without_signals;

pub(crate) use types::{NO_SOCKET, Use, capsock_fd, capsock_file, number_of};

/// Writes to a descriptor, and raises no SIGPIPE.
pub(crate) struct Output(Owned);

impl Output {
    pub(crate) fn new(descriptor: Owned) -> Output {
        Output(descriptor)
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        write_without_signals(borrow(&self.0), data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
