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
use std::mem::ManuallyDrop;

use capsock::net::fd::{AsRawFd, OwnedFd};
use capsock::write_without_signals;

pub(crate) use types::{NO_SOCKET, Use, capsock_fd, capsock_file, number_of};

/// The number of a descriptor that is the caller's from now on.
pub(crate) fn into_number(descriptor: OwnedFd) -> capsock_fd {
    number_of(ManuallyDrop::new(descriptor).as_raw_fd())
}

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
