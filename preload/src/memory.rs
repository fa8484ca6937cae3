//! Memory of the program's that this library reads before the system has: a bad pointer is the system's to refuse (EFAULT),
//! and no crash.

use std::ffi::c_long;

use crate::real;

/// What the probe below reads at once.
const BLOCK: usize = 8;

/// No page is smaller.
const PAGE: usize = 4096;

/// Whether `count` values can be read there. errno stays as it is.
pub(crate) fn is_readable<T>(from: *const T, count: usize) -> bool {
    let first = from.addr();
    let Some(past) = count.checked_mul(size_of::<T>()).and_then(|length| first.checked_add(length)) else {
        return false;
    };
    if past == first {
        return true;
    }
    if from.is_null() {
        return false;
    }
    // An aligned block is within a page.
    let (first, last) = (first & !(BLOCK - 1), (past - 1) & !(BLOCK - 1));
    let pages = ((first & !(PAGE - 1)) + PAGE..=last).step_by(PAGE);
    let errno = real::errno();
    let readable = std::iter::once(first).chain(pages).chain((last != first).then_some(last)).all(has_block);
    real::set_errno(errno);
    readable
}

/// rt_sigprocmask(2) reads the set before it refuses what is to be done with it.
fn has_block(at: usize) -> bool {
    const NOTHING_KNOWN: c_long = -1;
    // SAFETY: the kernel reads a block if it can, and writes nothing.
    let refused = unsafe {
        real::syscall(libc::SYS_rt_sigprocmask, NOTHING_KNOWN, at as c_long, 0, BLOCK as c_long, 0, 0)
    };
    refused != 0 && real::errno() != libc::EFAULT
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn what_can_be_read_is_known() {
        let page = 4096;
        // SAFETY: a new mapping of three pages, of which the last cannot be read.
        let mapped = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let mapped = libc::mmap(ptr::null_mut(), 3 * page, libc::PROT_READ, flags, -1, 0);
            assert_ne!(mapped, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(mapped.cast::<u8>().add(2 * page).cast(), page, libc::PROT_NONE), 0);
            mapped.cast::<u8>()
        };
        let table = [
            (0, 16, true),
            (1, 7, true),
            (page - 3, 16, true),
            (2 * page - 16, 16, true),
            (2 * page - 1, 1, true),
            (2 * page - 16, 17, false),
            (2 * page - 1, 2, false),
            (2 * page, 1, false),
            (0, 2 * page, true),
            (0, 3 * page, false),
            (2 * page, 0, true),
        ];
        for (at, length, expected) in table {
            assert_eq!(is_readable(mapped.wrapping_add(at), length), expected, "{length} bytes at {at}");
        }
        // SAFETY: nothing uses it any more.
        unsafe { libc::munmap(mapped.cast(), 3 * page) };
        assert!(!is_readable(ptr::null::<u8>(), 1) && !is_readable(usize::MAX as *const u8, 1));
        assert!(!is_readable(ptr::without_provenance::<u64>(8), usize::MAX));
    }
}
