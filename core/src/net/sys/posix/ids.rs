//! Process and thread numbers.

/// getpid(2).
pub(crate) fn process_id() -> i32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::getpid() }
}

/// The number by which the system's tools show a thread: gettid(2), by its number, since glibc has had the function
/// since 2.30 only.
#[cfg(target_os = "linux")]
pub(crate) fn thread_id() -> u32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::syscall(libc::SYS_gettid) as u32 }
}

/// The number by which the system's tools show a thread (pthread_threadid_np(3)).
#[cfg(target_vendor = "apple")]
pub(crate) fn thread_id() -> u32 {
    let mut id = 0;
    // SAFETY: 0 is the calling thread, and the number is written.
    unsafe { libc::pthread_threadid_np(0, &raw mut id) };
    id as u32
}

/// The number by which the system's tools show a thread (pthread_getthreadid_np(3)).
#[cfg(target_os = "freebsd")]
pub(crate) fn thread_id() -> u32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::pthread_getthreadid_np() }.unsigned_abs()
}
