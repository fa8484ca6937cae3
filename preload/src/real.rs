//! The C library's own functions.

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::mem::transmute;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{
    FILE, epoll_event, fd_set, iovec, mmsghdr, msghdr, nfds_t, off_t, off64_t, pollfd, sigset_t, size_t,
    sockaddr, socklen_t, ssize_t, timespec, timeval,
};

/// The next definition of a function after this library's (dlsym(3)); null if there is none.
fn find(name: &CStr) -> *mut c_void {
    // SAFETY: the name is NUL-terminated. It takes the loader's lock, which is why `resolve_all` looks all of them up before the
    // program runs.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) }
}

/// Whether the C library has `fcntl64`.
#[cfg(target_env = "gnu")]
pub(crate) fn has_fcntl64() -> bool {
    let mut function = places::fcntl64.load(Ordering::Relaxed);
    if function.is_null() {
        function = resolve(&places::fcntl64, names::fcntl64);
    }
    !function.is_null()
}

/// The thread's errno.
pub(crate) fn errno() -> c_int {
    // SAFETY: the place is this thread's own.
    unsafe { *libc::__errno_location() }
}

pub(crate) fn set_errno(errno: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno }
}

/// The result of a function without one.
type Nothing = ();

/// Functions of the C library by name and signature. One that it lacks fails with ENOSYS, as the system call does.
macro_rules! real {
    ($($name:ident($($argument:ident: $of:ty),*) -> $returned:ty = $missing:expr;)*) => {
        $(
            /// The C library's function.
            ///
            /// # Safety
            /// As that function's.
            #[inline(always)]
            #[allow(dead_code, reason = "musl has no use for some")]
            pub(crate) unsafe fn $name($($argument: $of),*) -> $returned {
                let mut function = places::$name.load(Ordering::Relaxed);
                if function.is_null() {
                    function = resolve(&places::$name, names::$name);
                }
                if function.is_null() {
                    set_errno(libc::ENOSYS);
                    return $missing;
                }
                // SAFETY: the C library's function of this name has this signature; the rest is the caller's.
                unsafe {
                    let function: unsafe extern "C-unwind" fn($($of),*) -> $returned = transmute(function);
                    function($($argument),*)
                }
            }
        )*

        #[allow(non_upper_case_globals, reason = "they are the functions' names")]
        mod places {
            use super::*;
            $(pub(super) static $name: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());)*
        }

        #[allow(non_upper_case_globals, reason = "they are the functions' names")]
        mod names {
            use super::CStr;
            $(
                pub(super) const $name: &CStr =
                    match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                        Ok(name) => name,
                        Err(_) => c"",
                    };
            )*
        }

        /// Looks up all functions, so that none is looked up in a signal handler.
        pub(crate) fn resolve_all() {
            $(resolve(&places::$name, names::$name);)*
        }
    };
}

#[cold]
fn resolve(place: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let errno = errno();
    let function = find(name);
    set_errno(errno);
    place.store(function, Ordering::Relaxed);
    function
}

real! {
    socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int = -1;
    bind(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int = -1;
    getsockname(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int = -1;
    getpeername(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int = -1;
    listen(fd: c_int, backlog: c_int) -> c_int = -1;
    accept(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int = -1;
    accept4(fd: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int = -1;
    connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int = -1;
    getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void, length: *mut socklen_t) -> c_int = -1;
    shutdown(fd: c_int, how: c_int) -> c_int = -1;
    send(fd: c_int, data: *const c_void, length: size_t, flags: c_int) -> ssize_t = -1;
    sendto(fd: c_int, data: *const c_void, length: size_t, flags: c_int, address: *const sockaddr, of: socklen_t) -> ssize_t = -1;
    sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t = -1;
    sendmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int = -1;
    recv(fd: c_int, data: *mut c_void, length: size_t, flags: c_int) -> ssize_t = -1;
    recvfrom(fd: c_int, data: *mut c_void, length: size_t, flags: c_int, address: *mut sockaddr, of: *mut socklen_t) -> ssize_t = -1;
    recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t = -1;
    recvmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int, timeout: *mut timespec) -> c_int = -1;
    read(fd: c_int, data: *mut c_void, length: size_t) -> ssize_t = -1;
    write(fd: c_int, data: *const c_void, length: size_t) -> ssize_t = -1;
    readv(fd: c_int, buffers: *const iovec, count: c_int) -> ssize_t = -1;
    writev(fd: c_int, buffers: *const iovec, count: c_int) -> ssize_t = -1;
    sendfile(to: c_int, from: c_int, offset: *mut off_t, length: size_t) -> ssize_t = -1;
    sendfile64(to: c_int, from: c_int, offset: *mut off64_t, length: size_t) -> ssize_t = -1;
    close(fd: c_int) -> c_int = -1;
    close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int = -1;
    closefrom(first: c_int) -> Nothing = Nothing::default();
    dup(fd: c_int) -> c_int = -1;
    dup2(fd: c_int, to: c_int) -> c_int = -1;
    dup3(fd: c_int, to: c_int, flags: c_int) -> c_int = -1;
    fcntl(fd: c_int, command: c_int, argument: c_long) -> c_int = -1;
    fcntl64(fd: c_int, command: c_int, argument: c_long) -> c_int = -1;
    poll(fds: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int = -1;
    ppoll(fds: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int = -1;
    select(count: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set, timeout: *mut timeval) -> c_int = -1;
    pselect(count: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set, timeout: *const timespec, mask: *const sigset_t) -> c_int = -1;
    epoll_ctl(poller: c_int, operation: c_int, fd: c_int, event: *mut epoll_event) -> c_int = -1;
    epoll_wait(poller: c_int, events: *mut epoll_event, count: c_int, timeout: c_int) -> c_int = -1;
    epoll_pwait(poller: c_int, events: *mut epoll_event, count: c_int, timeout: c_int, mask: *const sigset_t) -> c_int = -1;
    epoll_pwait2(poller: c_int, events: *mut epoll_event, count: c_int, timeout: *const timespec, mask: *const sigset_t) -> c_int = -1;
    fdopen(fd: c_int, mode: *const c_char) -> *mut FILE = ptr::null_mut();
    fclose(stream: *mut FILE) -> c_int = libc::EOF;
    prctl(option: c_int, a: c_long, b: c_long, c: c_long, d: c_long) -> c_int = -1;
    syscall(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long = -1;
    __recv_chk(fd: c_int, data: *mut c_void, length: size_t, room: size_t, flags: c_int) -> ssize_t = -1;
    __recvfrom_chk(fd: c_int, data: *mut c_void, length: size_t, room: size_t, flags: c_int, address: *mut sockaddr, of: *mut socklen_t) -> ssize_t = -1;
    __read_chk(fd: c_int, data: *mut c_void, length: size_t, room: size_t) -> ssize_t = -1;
    __poll_chk(fds: *mut pollfd, count: nfds_t, timeout: c_int, room: size_t) -> c_int = -1;
    __ppoll_chk(fds: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t, room: size_t) -> c_int = -1;
}
