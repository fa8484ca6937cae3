//! Closing all descriptors but some, in a forked child (close_range(2)). Async-signal-safe.

use std::os::fd::RawFd;

/// Closes every descriptor but those in `keep`, which is sorted.
pub(super) fn close_all_but(keep: &[RawFd]) {
    let mut first: libc::c_uint = 0;
    for fd in keep {
        let fd = *fd as libc::c_uint;
        if fd > first {
            close_range(first, fd - 1);
        }
        first = fd + 1;
    }
    close_range(first, libc::c_uint::MAX);
}

fn close_range(first: libc::c_uint, last: libc::c_uint) {
    // SAFETY: no pointers; the child owns its copies of all descriptors.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } != 0 {
        close_each(first, last);
    }
}

/// For a system that refuses close_range(2), as Linux before 5.9 does.
fn close_each(first: libc::c_uint, last: libc::c_uint) {
    for fd in first..last.saturating_add(1).min(table_size()) {
        // SAFETY: as above; a number that is not open has no effect.
        unsafe { libc::close(fd as RawFd) };
    }
}

/// A number that no descriptor of this process reaches: the size of its table (`FDSize` of proc_pid_status(5)). Without
/// /proc the limit of the process, up to a million, since in containers it may be 2^30 and the loop would take minutes.
fn table_size() -> libc::c_uint {
    let mut status = [0u8; 1024];
    // SAFETY: the path ends with a NUL; the buffer is writable for its length; the descriptor is this function's own.
    let length = unsafe {
        let fd = libc::open(c"/proc/self/status".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        let length = libc::read(fd, status.as_mut_ptr().cast(), status.len());
        libc::close(fd);
        usize::try_from(length).unwrap_or(0)
    };
    number_after(b"\nFDSize:", &status[..length]).unwrap_or_else(|| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the call writes a whole struct.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
        limit.rlim_cur.min(1 << 20) as libc::c_uint
    })
}

/// The number that follows `name` and blanks in a text.
fn number_after(name: &[u8], text: &[u8]) -> Option<libc::c_uint> {
    let start = text.windows(name.len()).position(|part| part == name)? + name.len();
    let digits = text[start..].iter().skip_while(|byte| byte.is_ascii_whitespace());
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| libc::c_uint::from(digit - b'0')).reduce(|number, digit| number * 10 + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_the_table_is_above_each_descriptor() {
        let names = std::fs::read_dir("/proc/self/fd").unwrap().flatten().map(|entry| entry.file_name());
        let highest = names.filter_map(|name| name.to_str()?.parse::<libc::c_uint>().ok()).max().unwrap();
        let size = table_size();
        assert!(size > highest && size.is_multiple_of(64), "{size}, {highest}");
    }

    #[test]
    fn numbers_in_a_text() {
        let table: [(&[u8], _); 5] = [
            (b"a:\t1\nFDSize:\t64\nb:\t2\n", Some(64)),
            (b"\nFDSize:\t1048576", Some(1 << 20)),
            (b"FDSize:\t64\n", None),
            (b"\nFDSize:\n", None),
            (b"", None),
        ];
        for (text, number) in table {
            assert_eq!(number_after(b"\nFDSize:", text), number, "{text:?}");
        }
    }
}
