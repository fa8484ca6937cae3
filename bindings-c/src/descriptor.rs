//! Descriptors of the caller, for a copy.

use std::ffi::c_int;
use std::fs::File;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use capsock::{Error, Result};

/// What a copy does with a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Reading,
    Writing,
}

/// A duplicate of the caller's descriptor, so that nothing the caller does with theirs meanwhile can
/// make it another file. It shares the file, its position and its modes.
///
/// One that is open for the other direction only is refused: waiting for what can never come has no
/// end.
pub(crate) fn duplicate(descriptor: c_int, name: &str, for_use: Use) -> Result<OwnedFd> {
    let refused = |why: &str| {
        Err(Error::invalid(
            format!("use the argument '{name}'"),
            format!("the descriptor {descriptor} {why}"),
        ))
    };
    // SAFETY: fcntl(2) takes any number, and reports EBADF for one that is no descriptor.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) };
    if copy < 0 {
        return match io::Error::last_os_error().raw_os_error() {
            None | Some(libc::EBADF) => refused("is not open"),
            Some(errno) => Err(Error::os(errno, format!("duplicate the descriptor {descriptor}"))),
        };
    }
    // SAFETY: new, open, and nobody else's.
    let copy = unsafe { OwnedFd::from_raw_fd(copy) };
    // SAFETY: open; the call reads its modes.
    let mode = unsafe { libc::fcntl(copy.as_raw_fd(), libc::F_GETFL) } & libc::O_ACCMODE;
    match (for_use, mode) {
        (Use::Reading, libc::O_WRONLY) => refused("is open for writing only"),
        (Use::Writing, libc::O_RDONLY) => refused("is open for reading only"),
        _ => Ok(copy),
    }
}

/// Writes to a descriptor. A pipe without a reader is EPIPE here: SIGPIPE, whose default would end
/// the caller's process, does not leave the write.
pub(crate) struct Output(File);

impl Output {
    pub(crate) fn new(descriptor: OwnedFd) -> Output {
        Output(File::from(descriptor))
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let held = HeldSigpipe::new();
        let result = self.0.write(data);
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            held.discard();
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Holds back SIGPIPE from the calling thread while it lives, and leaves the mask as it was.
struct HeldSigpipe {
    before: libc::sigset_t,
    pending_before: bool,
}

impl HeldSigpipe {
    fn new() -> HeldSigpipe {
        let mut pending = empty_set();
        let mut before = empty_set();
        // SAFETY: the sets are initialised and outlive the calls, which fail for no valid argument.
        let pending_before = unsafe {
            libc::sigpending(&mut pending);
            libc::pthread_sigmask(libc::SIG_BLOCK, &sigpipe(), &mut before);
            libc::sigismember(&pending, libc::SIGPIPE) == 1
        };
        HeldSigpipe { before, pending_before }
    }

    /// Takes the SIGPIPE of a write that failed, unless one was there before, which is not ours.
    fn discard(&self) {
        if !self.pending_before {
            let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: the set and the time outlive the call; no information is asked for.
            unsafe { libc::sigtimedwait(&sigpipe(), ptr::null_mut(), &at_once) };
        }
    }
}

impl Drop for HeldSigpipe {
    fn drop(&mut self) {
        // SAFETY: the set is what pthread_sigmask(3) reported.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

fn empty_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset(3) initialises it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

fn sigpipe() -> libc::sigset_t {
    let mut set = empty_set();
    // SAFETY: initialised, and SIGPIPE is a signal.
    unsafe { libc::sigaddset(&mut set, libc::SIGPIPE) };
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_without_a_reader_is_an_error_and_no_signal() {
        let mut before = empty_set();
        let mut pending = empty_set();
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let mut output = Output::new(writer.into());
        // SAFETY: the sets are initialised and outlive the calls. The test's process ignores SIGPIPE,
        // as Rust's do, so the default is set to let a signal that leaves the write end the process.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut before);
            let old = libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            let error = output.write(b"x").expect_err("nobody reads");
            assert_eq!(error.raw_os_error(), Some(libc::EPIPE));
            libc::sigpending(&mut pending);
            libc::signal(libc::SIGPIPE, old);
            assert_eq!(libc::sigismember(&pending, libc::SIGPIPE), 0);
        }
    }

    #[test]
    fn descriptors_that_cannot_be_used_are_refused() {
        let (reader, writer) = io::pipe().expect("a pipe");
        let cases = [
            (-1, Use::Reading, false),
            (c_int::MIN, Use::Writing, false),
            (c_int::MAX, Use::Reading, false),
            (reader.as_raw_fd(), Use::Reading, true),
            (reader.as_raw_fd(), Use::Writing, false),
            (writer.as_raw_fd(), Use::Writing, true),
            (writer.as_raw_fd(), Use::Reading, false),
        ];
        for (number, for_use, usable) in cases {
            let kind = duplicate(number, "input", for_use).map_err(|error| error.kind()).err();
            assert_eq!(
                kind,
                (!usable).then_some(capsock::ErrorKind::InvalidArgument),
                "{number} {for_use:?}"
            );
        }
    }
}
