//! What each descriptor is, so that a call on another than a TCP or UDP socket costs one look.
//!
//! An entry is a guess: a descriptor that is made or closed by other calls than those of this library (inside the C library,
//! in a child of vfork(2)) leaves it wrong. An unknown one is asked about at the next call, and one that is said to be a socket
//! is asked about again before its call is recorded.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};

use capsock::trace::preload;

use crate::{epolls, process, real};

/// More descriptors are not kept, and are asked about at each call. It is the number that Linux allows a process if nobody sets
/// another one (`fs.nr_open`). The memory of entries that are not used is never touched.
const TABLE: usize = 1 << 20;

static ENTRIES: [AtomicU8; TABLE] = [const { AtomicU8::new(UNKNOWN) }; TABLE];

const UNKNOWN: u8 = 0;
const OTHER: u8 = 1;
const TCP: u8 = 2;
const UDP: u8 = 3;
const KIND: u8 = 3;
/// There may be another descriptor of the same socket.
const DUPLICATED: u8 = 4;
/// A FILE of this library's reads and writes it (`streams`).
const STREAM: u8 = 8;

/// Whether calls are recorded.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// The highest entry that was a socket.
static HIGHEST: AtomicI32 = AtomicI32::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Udp,
}

/// The recorder's descriptor; -1 for none.
static RECORDER: AtomicI32 = AtomicI32::new(-1);

/// The recording has begun.
pub(crate) fn activate() {
    RECORDER.store(preload::descriptor().unwrap_or(-1), Ordering::Relaxed);
    ACTIVE.store(true, Ordering::Release);
}

pub(crate) fn deactivate() {
    ACTIVE.store(false, Ordering::Release);
}

#[inline(always)]
pub(crate) fn is_active() -> bool {
    ACTIVE.load(Ordering::Relaxed)
}

fn entry(fd: c_int) -> Option<&'static AtomicU8> {
    ENTRIES.get(usize::try_from(fd).ok()?)
}

/// Whether calls on the descriptor may have to be recorded.
#[inline(always)]
pub(crate) fn may_be_socket(fd: c_int) -> bool {
    is_active()
        && match ENTRIES.get(fd as usize) {
            Some(entry) if entry.load(Ordering::Relaxed) & KIND == OTHER => false,
            _ => is_socket(fd),
        }
}

#[cold]
fn is_socket(fd: c_int) -> bool {
    kind(fd).is_some()
}

/// What the descriptor is, as far as is known; an unknown one is asked about.
pub(crate) fn kind(fd: c_int) -> Option<Kind> {
    match entry(fd).map_or(UNKNOWN, |entry| entry.load(Ordering::Relaxed) & KIND) {
        OTHER => None,
        TCP => Some(Kind::Tcp),
        UDP => Some(Kind::Udp),
        _ => ask(fd),
    }
}

pub(crate) fn recorder() -> c_int {
    RECORDER.load(Ordering::Relaxed)
}

/// The program takes the number of the recorder's descriptor.
pub(crate) fn move_recorder() {
    if let Some(moved) = preload::move_descriptor() {
        RECORDER.store(moved, Ordering::Relaxed);
        forget(moved);
    }
}

/// The highest number that a socket had.
pub(crate) fn highest() -> u32 {
    HIGHEST.load(Ordering::Relaxed).unsigned_abs()
}

/// Whether the descriptor is said to be a TCP or UDP socket.
pub(crate) fn is_known_socket(fd: c_int) -> bool {
    entry(fd).is_some_and(|entry| matches!(entry.load(Ordering::Relaxed) & KIND, TCP | UDP))
}

/// Asks the system what the descriptor is.
pub(crate) fn ask(fd: c_int) -> Option<Kind> {
    if fd < 0 {
        return None;
    }
    let errno = real::errno();
    let asked = |name| {
        let mut value: c_int = 0;
        let mut length = size_of::<c_int>() as libc::socklen_t;
        // SAFETY: the value and its length are written.
        let result = unsafe {
            real::getsockopt(fd, libc::SOL_SOCKET, name, (&raw mut value).cast::<c_void>(), &raw mut length)
        };
        if result == 0 { Ok(value) } else { Err(real::errno()) }
    };
    let kind = asked(libc::SO_DOMAIN).and_then(|domain| {
        let (kind, protocol) = (asked(libc::SO_TYPE)?, asked(libc::SO_PROTOCOL)?);
        Ok(match (domain, kind, protocol) {
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_TCP) => Some(Kind::Tcp),
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP) => Some(Kind::Udp),
            _ => None,
        })
    });
    real::set_errno(errno);
    if let Some(entry) = entry(fd) {
        let flags = entry.load(Ordering::Relaxed) & !KIND;
        if matches!(kind, Ok(Some(_))) {
            HIGHEST.fetch_max(fd, Ordering::Relaxed);
        }
        match kind {
            Ok(Some(Kind::Tcp)) => entry.store(TCP | flags, Ordering::Relaxed),
            Ok(Some(Kind::Udp)) => entry.store(UDP | flags, Ordering::Relaxed),
            // One that is not open may be opened.
            Err(libc::EBADF) => entry.store(UNKNOWN, Ordering::Relaxed),
            _ => entry.store(OTHER, Ordering::Relaxed),
        }
    }
    kind.ok().flatten()
}

/// Whatever the descriptor was, it is closed, or another one.
pub(crate) fn forget(fd: c_int) {
    epolls::forget(fd);
    if let Some(entry) = entry(fd) {
        forget_entry(entry);
    }
}

/// A child of vfork(2) leaves its parent what that knows of its sockets.
fn forget_entry(entry: &AtomicU8) {
    let known = entry.load(Ordering::Relaxed);
    if known != UNKNOWN && (known & KIND == OTHER || process::is_owner()) {
        entry.store(UNKNOWN, Ordering::Relaxed);
    }
}

/// `new` is a duplicate of `fd`.
pub(crate) fn duplicated(fd: c_int, new: c_int) {
    let Some(of) = entry(fd) else { return forget(new) };
    let kind = of.load(Ordering::Relaxed) & KIND;
    let flags = if matches!(kind, TCP | UDP) { DUPLICATED } else { 0 };
    if flags != 0 {
        of.fetch_or(flags, Ordering::Relaxed);
        HIGHEST.fetch_max(fd.max(new), Ordering::Relaxed);
    }
    if let Some(entry) = entry(new) {
        entry.store(kind | flags, Ordering::Relaxed);
    }
}

/// Whether another descriptor of this process is the same socket.
pub(crate) fn has_duplicate(fd: c_int) -> bool {
    let is_duplicate =
        |entry: &AtomicU8| matches!(entry.load(Ordering::Relaxed) & (KIND | DUPLICATED), 6 | 7);
    if !entry(fd).is_some_and(is_duplicate) {
        return false;
    }
    let Some(cookie) = cookie(fd) else { return false };
    let highest = HIGHEST.load(Ordering::Relaxed);
    (0..=highest)
        .filter(|other| *other != fd && entry(*other).is_some_and(is_duplicate))
        .any(|other| self::cookie(other) == Some(cookie))
}

/// The number of a socket that no other has (SO_COOKIE of socket(7), Linux 4.12).
fn cookie(fd: c_int) -> Option<u64> {
    const SO_COOKIE: c_int = 57;
    let mut value: u64 = 0;
    let mut length = size_of::<u64>() as libc::socklen_t;
    // SAFETY: the value and its length are written.
    let result = unsafe {
        real::getsockopt(fd, libc::SOL_SOCKET, SO_COOKIE, (&raw mut value).cast::<c_void>(), &raw mut length)
    };
    (result == 0).then_some(value)
}

/// A FILE of this library's reads and writes the descriptor, and closes it.
#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
pub(crate) fn set_stream(fd: c_int) {
    if let Some(entry) = entry(fd) {
        entry.fetch_or(STREAM, Ordering::Relaxed);
    }
}

pub(crate) fn is_stream(fd: c_int) -> bool {
    entry(fd).is_some_and(|entry| entry.load(Ordering::Relaxed) & STREAM != 0)
}

/// The descriptors from `first` to `last` are closed, or may be.
pub(crate) fn forget_range(first: usize, last: usize) {
    let end = last.saturating_add(1).min(TABLE);
    // A page of which no entry was set is not written to.
    for entry in ENTRIES.get(first..end).unwrap_or_default() {
        forget_entry(entry);
    }
    (first..end).take_while(|fd| *fd <= epolls::highest()).for_each(|fd| epolls::forget(fd as c_int));
}
