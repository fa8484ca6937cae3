//! What each epoll instance waits for, which `epoll_wait(2)` does not say.

use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::process;

/// More descriptors are not kept, and not in the lines. The memory of entries that are not used is never touched.
const TABLE: usize = 1 << 16;

/// A descriptor that an epoll instance watches.
struct Entry {
    /// One more than the number of the instance; 0 for none. Of several instances it is the last.
    poller: AtomicI32,
    events: AtomicU32,
    data: AtomicU64,
}

static ENTRIES: [Entry; TABLE] =
    [const { Entry { poller: AtomicI32::new(0), events: AtomicU32::new(0), data: AtomicU64::new(0) } };
        TABLE];

/// The highest descriptor that was ever watched.
static HIGHEST: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn highest() -> usize {
    HIGHEST.load(Ordering::Relaxed)
}

fn entry(fd: c_int) -> Option<&'static Entry> {
    ENTRIES.get(usize::try_from(fd).ok()?)
}

/// The instance watches the descriptor for these events, and reports them with this data.
pub(crate) fn watch(poller: c_int, fd: c_int, events: u32, data: u64) {
    if let Some(entry) = entry(fd) {
        entry.events.store(events, Ordering::Relaxed);
        entry.data.store(data, Ordering::Relaxed);
        entry.poller.store(poller + 1, Ordering::Relaxed);
        HIGHEST.fetch_max(fd as usize, Ordering::Relaxed);
    }
}

/// The descriptor is closed, or watched no longer.
#[inline(always)]
pub(crate) fn forget(fd: c_int) {
    if let Some(entry) = entry(fd)
        && entry.poller.load(Ordering::Relaxed) != 0
        && process::is_owner()
    {
        entry.poller.store(0, Ordering::Relaxed);
    }
}

/// The descriptors that an instance watches, with their events and data.
pub(crate) fn watched(poller: c_int) -> impl Iterator<Item = (c_int, u32, u64)> {
    let entries = ENTRIES.get(..=highest()).unwrap_or_default().iter().zip(0..);
    entries
        .filter(move |(entry, _)| entry.poller.load(Ordering::Relaxed) == poller + 1)
        .map(|(entry, fd)| (fd, entry.events.load(Ordering::Relaxed), entry.data.load(Ordering::Relaxed)))
}
