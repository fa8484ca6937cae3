//! The system calls of recording. All are async-signal-safe and leave errno as it was, so that a call that is
//! recorded reports its own, also in a process that was forked off.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use crate::held_signals::HeldSignals;

/// Descriptors from this number on: a program's own keep the numbers that they have without a recording.
const HIGH: c_int = 200;

/// What a descriptor is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) file: u64,
}

fn errno() -> i32 {
    // SAFETY: the place is this thread's own.
    unsafe { *libc::__errno_location() }
}

/// Puts errno back when it is dropped.
pub(crate) struct KeptErrno(i32);

impl KeptErrno {
    pub(crate) fn new() -> KeptErrno {
        KeptErrno(errno())
    }
}

impl Drop for KeptErrno {
    fn drop(&mut self) {
        // SAFETY: the place is this thread's own.
        unsafe { *libc::__errno_location() = self.0 };
    }
}

/// Opens a file to append to. Does not wait for the reader of a pipe (ENXIO without one).
pub(super) fn open(path: &CStr) -> Result<RawFd, i32> {
    let flags =
        libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
    // SAFETY: the path is NUL-terminated; the other calls take numbers, of a descriptor that is nobody else's.
    unsafe {
        let fd = libc::open(path.as_ptr(), flags, 0o666);
        if fd < 0 {
            return Err(errno());
        }
        libc::fcntl(fd, libc::F_SETFL, libc::O_APPEND);
        match libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, HIGH) {
            high if high >= 0 => {
                libc::close(fd);
                Ok(high)
            }
            _ => Ok(fd),
        }
    }
}

pub(super) fn close(fd: RawFd) {
    // SAFETY: the caller's own descriptor.
    unsafe { libc::close(fd) };
}

/// fstat(2).
pub(super) fn identity(fd: RawFd) -> Result<Identity, i32> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the call writes a whole stat if it returns 0.
    unsafe {
        if libc::fstat(fd, stat.as_mut_ptr()) != 0 {
            return Err(errno());
        }
        let stat = stat.assume_init();
        #[allow(clippy::unnecessary_cast, reason = "their types differ between systems")]
        Ok(Identity { device: stat.st_dev as u64, file: stat.st_ino as u64 })
    }
}

/// write(2), of all or nothing that counts. Neither a pipe without a reader (SIGPIPE) nor a file at its size limit
/// (SIGXFSZ) raises a signal, whose default would end the process.
pub(super) fn write(fd: RawFd, line: &[u8]) -> Result<(), i32> {
    let held = HeldSignals::new();
    loop {
        // SAFETY: the line is readable for its length.
        let written = unsafe { libc::write(fd, line.as_ptr().cast(), line.len()) };
        match usize::try_from(written) {
            Ok(count) if count == line.len() => return Ok(()),
            Ok(_) => {
                // The rest does not fit; the lines of others should begin on their own.
                // SAFETY: one byte.
                unsafe { libc::write(fd, c"\n".as_ptr().cast(), 1) };
                held.discard();
                return Err(libc::ENOSPC);
            }
            Err(_) if errno() == libc::EINTR => {}
            Err(_) => {
                let errno = errno();
                held.discard();
                return Err(errno);
            }
        }
    }
}

/// Nanoseconds of a clock (clock_gettime(2)).
pub(super) fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the time.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

pub(super) fn process() -> u32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::getpid() }.unsigned_abs()
}

pub(super) fn thread() -> u32 {
    // SAFETY: as above.
    unsafe { libc::gettid() }.unsigned_abs()
}

/// Whether the program has more rights than its user (getauxval(3), AT_SECURE): its environment is not its own.
pub(super) fn is_privileged() -> bool {
    // SAFETY: the call takes a number.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
