//! The raw system calls: one function, one call, its error number returned as it is.
//!
//! Nothing here retries, waits or decides; EINTR and EAGAIN are reported like any other number.
//! What `socket2` offers is called through it by `socket`; this file has the rest, but for the
//! batches of `datagram` and the control data of `message`. The crate's `unsafe` is in these three,
//! where a socket's descriptor is given up (`blocking`), and where a server forks.

mod child;
mod epoll;
mod fork;
mod interrupt;
mod names;

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::ops::Deref;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::time::Duration;
use std::{fmt, io};

pub(crate) use child::{Child, Ended};
pub(crate) use epoll::{Epoll, Timer};
pub(crate) use fork::{count_forks, generation};
pub(crate) use interrupt::{Thread, settle};
pub(crate) use names::{GaiError, addresses_of, interface_index};

use crate::error::describe;

/// A system call's error number (errno(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    pub(crate) fn last() -> Errno {
        Errno::from(io::Error::last_os_error())
    }

    /// The call would have had to wait.
    pub(crate) fn would_block(self) -> bool {
        self.0 == libc::EAGAIN || self.0 == libc::EWOULDBLOCK
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self.0))
    }
}

impl std::error::Error for Errno {}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

type Sys<T> = Result<T, Errno>;

fn check(result: c_int) -> Sys<c_int> {
    if result < 0 { Err(Errno::last()) } else { Ok(result) }
}

fn check_size(result: isize) -> Sys<usize> {
    usize::try_from(result).map_err(|_| Errno::last())
}

fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: duration.subsec_nanos() as libc::c_long,
    }
}

/// ppoll(2); `None` waits without a limit. Returns how many of `fds` are ready.
pub(crate) fn poll(fds: &mut [libc::pollfd], timeout: Option<Duration>) -> Sys<usize> {
    let limit = timeout.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the slice is valid for its length, and the limit is null or lives until the call returns.
    let ready = unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, limit, ptr::null()) };
    check(ready).map(|ready| ready as usize)
}

/// read(2) from a descriptor that is not a socket.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Sys<usize> {
    // SAFETY: the buffer is writable for its length.
    check_size(unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) })
}

/// eventfd(2), non-blocking.
pub(crate) fn eventfd() -> Sys<OwnedFd> {
    // SAFETY: no pointers are passed.
    let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Adds 1 to an eventfd. Async-signal-safe; leaves errno as it was. A full counter is no error: it is readable.
pub(crate) fn signal_eventfd(fd: BorrowedFd<'_>) {
    let one = 1u64;
    // SAFETY: errno is this thread's own, and `one` is valid for its 8 bytes.
    unsafe {
        let errno = *libc::__errno_location();
        libc::write(fd.as_raw_fd(), (&raw const one).cast(), size_of::<u64>());
        *libc::__errno_location() = errno;
    }
}

/// Bytes of a TCP socket's output that the peer has not acknowledged (tcp(7), SIOCOUTQ).
pub(crate) fn unacknowledged(fd: BorrowedFd<'_>) -> Sys<usize> {
    let mut bytes: c_int = 0;
    // SAFETY: the request writes one int.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) })?;
    Ok(bytes.max(0) as usize)
}

/// What the system knows of a TCP connection (tcp(7), TCP_INFO).
pub(crate) fn tcp_info(fd: BorrowedFd<'_>) -> Sys<libc::tcp_info> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes.
    check(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    })?;
    // SAFETY: it is plain numbers, for which zero is a value where the kernel wrote nothing.
    Ok(unsafe { info.assume_init() })
}

/// connect(2) to no address at all (AF_UNSPEC), which dissolves the association: a stream's with a reset.
pub(crate) fn disconnect(fd: BorrowedFd<'_>) -> Sys<()> {
    let nowhere = libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address is readable for its length.
    check(unsafe { libc::connect(fd.as_raw_fd(), &raw const nowhere, length) }).map(drop)
}

/// setsockopt(2) with an int, for what socket2 has no name for.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> Sys<()> {
    // SAFETY: the value is an int and its size is given.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<c_int>() as libc::socklen_t,
        )
    };
    check(result).map(drop)
}

/// setsockopt(2) with the option's bytes as the caller has them.
pub(crate) fn set_option_bytes(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> Sys<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the value is readable for its length.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), length) }).map(drop)
}

/// getsockopt(2) into a buffer; returns how much of it was filled.
pub(crate) fn get_option_bytes(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: &mut [u8],
) -> Sys<usize> {
    let mut length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the buffer is writable for `length` bytes, and the kernel writes no more.
    check(unsafe {
        libc::getsockopt(fd.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &raw mut length)
    })?;
    Ok((length as usize).min(value.len()))
}

/// Bytes that a socket has to receive (FIONREAD): for UDP, those of the next datagram.
pub(crate) fn available(fd: BorrowedFd<'_>) -> Sys<usize> {
    let mut bytes: c_int = 0;
    // SAFETY: the request writes one int.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut bytes) })?;
    Ok(bytes.max(0) as usize)
}

/// close(2), whose report a dropped descriptor would lose. The descriptor is gone whatever that is.
///
/// # Safety
/// The descriptor is the caller's to close, and nothing uses it again.
pub(crate) unsafe fn close_number(fd: RawFd) -> Sys<()> {
    // SAFETY: by this function's contract.
    check(unsafe { libc::close(fd) }).map(drop)
}

/// Takes what was added to an eventfd; nothing, if it is at zero.
pub(crate) fn drain_eventfd(fd: BorrowedFd<'_>) {
    let mut count = 0u64;
    // SAFETY: the counter's 8 bytes are writable. The descriptor is non-blocking.
    unsafe { libc::read(fd.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
}

/// A `T` in memory that this process shares with those that it forks off.
pub(crate) struct SharedMemory<T>(NonNull<T>);

/// Types for which memory of all zero bytes is a value, and that may be used from several
/// processes at once: structs of atomics.
///
/// # Safety
/// The implementer guarantees both.
pub(crate) unsafe trait Shareable: Sync {}

impl<T: Shareable> SharedMemory<T> {
    /// mmap(2), all zero.
    pub(crate) fn new() -> Sys<SharedMemory<T>> {
        // SAFETY: an anonymous mapping at an address of the kernel's choice overlaps nothing.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size_of::<T>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        NonNull::new(address.cast()).map(SharedMemory).ok_or(Errno(libc::ENOMEM))
    }
}

impl<T> Deref for SharedMemory<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the mapping is page-aligned, as long as T, zero is a T (Shareable), and it lives as long as self.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for SharedMemory<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and no reference to it outlives it.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<T>()) };
    }
}

// SAFETY: the mapping is reached through shared references alone, and T is Sync.
unsafe impl<T: Shareable> Send for SharedMemory<T> {}
// SAFETY: as above.
unsafe impl<T: Shareable> Sync for SharedMemory<T> {}

/// Signals that a thread brings upon itself: a JVM and an interpreter's fault handler need them on
/// every thread that runs their code.
const SYNCHRONOUS: [c_int; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT, libc::SIGTRAP, libc::SIGSYS];

/// Runs `spawn` with all other signals blocked, so that the thread that it starts has them blocked
/// from its first instruction: signals are the host's, and go to the host's threads.
pub(crate) fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> T {
    let mut blocked = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises `blocked`; pthread_sigmask reads it and initialises `before`.
    unsafe {
        libc::sigfillset(blocked.as_mut_ptr());
        for signal in SYNCHRONOUS {
            libc::sigdelset(blocked.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, blocked.as_ptr(), before.as_mut_ptr());
    }
    let result = spawn();
    // SAFETY: `before` was initialised by the call above, which cannot fail with these arguments.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    result
}

/// The process that runs this (getpid(2)).
pub(crate) fn process_id() -> i32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::getpid() }
}

/// Reads an IPv4 or IPv6 address as the system writes it; another family is `None`. The flow information
/// stays in the order of the network, as `SocketAddrV6` of socket2 and the standard library have it.
///
/// # Safety
/// `address` points to `length` readable bytes, or is null.
pub(super) unsafe fn address_at(
    address: *const libc::sockaddr_storage,
    length: libc::socklen_t,
) -> Option<SocketAddr> {
    let length = length as usize;
    if address.is_null() || length < size_of::<libc::sa_family_t>() {
        return None;
    }
    // SAFETY: at least the family is readable; each arm reads no more than the length that it checked.
    unsafe {
        match c_int::from((&raw const (*address).ss_family).read_unaligned()) {
            libc::AF_INET if length >= size_of::<libc::sockaddr_in>() => {
                let raw = address.cast::<libc::sockaddr_in>().read_unaligned();
                let ip = std::net::Ipv4Addr::from(u32::from_be(raw.sin_addr.s_addr));
                Some(SocketAddr::from((ip, u16::from_be(raw.sin_port))))
            }
            libc::AF_INET6 if length >= size_of::<libc::sockaddr_in6>() => {
                let raw = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(SocketAddr::V6(std::net::SocketAddrV6::new(
                    raw.sin6_addr.s6_addr.into(),
                    u16::from_be(raw.sin6_port),
                    raw.sin6_flowinfo,
                    raw.sin6_scope_id,
                )))
            }
            _ => None,
        }
    }
}

/// A buffer as socket2 takes it.
pub(super) fn uninit(buffer: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the layouts are the same, and the receiving calls write initialised bytes only.
    unsafe { &mut *(ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) }
}
