//! The files that people name as traces: a FIFO, or a file of theirs that is no trace, may be among them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::failure::{Failure, Result};

/// Opens a file for reading. A FIFO that nobody writes is empty: open(2) would wait for a writer, and go on waiting after Ctrl-C.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    #[cfg(unix)]
    blocking(&file)?;
    Ok(file)
}

/// Lets reads wait again.
#[cfg(unix)]
fn blocking(file: &File) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let fd = file.as_raw_fd();
    // SAFETY: the descriptor is open, and the calls take no pointer.
    let result = unsafe {
        match libc::fcntl(fd, libc::F_GETFL) {
            -1 => -1,
            flags => libc::fcntl(fd, libc::F_SETFL, flags & !libc::O_NONBLOCK),
        }
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Opens a file to append to it; it is made if there is none.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // A FIFO that nobody reads is an error.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// Whether calls can be recorded to a file: what it has already are lines of a trace, as far as its first byte tells.
///
/// # Errors
/// It has something else, which stays as it is.
pub(crate) fn checked(path: &Path) -> Result<&Path> {
    let mut first = [0];
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    // One that cannot be read may be appended to.
    let read =
        if is_file { File::open(path).and_then(|mut file| file.read(&mut first)).unwrap_or(0) } else { 0 };
    if read == 1 && first != *b"{" {
        return Err(Failure::usage(format!(
            "{} is no trace, and nothing is recorded to it: --trace takes a new file, or one of earlier records",
            path.display()
        )));
    }
    Ok(path)
}
