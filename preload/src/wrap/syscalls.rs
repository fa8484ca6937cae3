//! Calls by their number, as libuv closes a descriptor, and those that restrict what a program may call.

use std::ffi::{c_int, c_long, c_uint};

use capsock::trace::preload;
use libc::{sockaddr, socklen_t};

use super::descriptors::{on_close, on_close_range, on_dup, on_dup2, on_fcntl};
use super::messages::{on_many, on_recvmsg, on_sendmsg};
use super::names::{on_bind, on_getsockname};
use super::sockets::{on_accept, on_connect, on_getsockopt, on_listen, on_shutdown, on_socket};
use super::transfers::{Buffers, on_receive, on_send};
use crate::descriptors::{self, is_active};
use crate::guard::Guard;
use crate::{process, real};

/// syscall(2). All six arguments are passed on, whatever is in the place of those that a call does not have.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    // SAFETY: the arguments are the caller's.
    let real = || unsafe { real::syscall(number, a, b, c, d, e, f) };
    if !is_active() {
        return real();
    }
    let int = || real() as c_int;
    let fd = a as c_int;
    // SAFETY: the arguments are those of the call with that number.
    unsafe {
        match number {
            libc::SYS_close => on_close(fd, int).into(),
            libc::SYS_read => {
                let nobody = (std::ptr::null(), std::ptr::null());
                on_receive("recv", fd, Buffers::One(b as _, c as _), 0, nobody, || real() as _) as _
            }
            libc::SYS_write => {
                on_send("send", fd, Buffers::One(b as _, c as _), 0, (std::ptr::null(), 0), || real() as _)
                    as _
            }
            libc::SYS_readv => {
                let nobody = (std::ptr::null(), std::ptr::null());
                on_receive("recv", fd, Buffers::list(b as _, c as _), 0, nobody, || real() as _) as _
            }
            libc::SYS_writev => {
                let nobody = (std::ptr::null(), 0);
                on_send("send", fd, Buffers::list(b as _, c as _), 0, nobody, || real() as _) as _
            }
            libc::SYS_socket => on_socket(fd, b as _, int).into(),
            libc::SYS_bind => on_bind(fd, b as *const sockaddr, c as socklen_t, |address| {
                real::syscall(number, a, address as c_long, c, d, e, f) as c_int
            })
            .into(),
            libc::SYS_getsockname => on_getsockname(fd, b as *mut sockaddr, c as *mut socklen_t, int).into(),
            libc::SYS_listen => on_listen(fd, b as _, int).into(),
            libc::SYS_shutdown => on_shutdown(fd, b as _, int).into(),
            libc::SYS_accept | libc::SYS_accept4 => on_accept(fd, int).into(),
            libc::SYS_connect => on_connect(fd, b as *const sockaddr, c as socklen_t, int).into(),
            libc::SYS_getsockopt => on_getsockopt(fd, (b as _, c as _), d as _, int).into(),
            libc::SYS_sendto => {
                let to = (e as *const sockaddr, f as socklen_t);
                on_send("sendto", fd, Buffers::One(b as _, c as _), d as _, to, || real() as _) as _
            }
            libc::SYS_recvfrom => {
                let from = (e as *const sockaddr, f as *const socklen_t);
                on_receive("recvfrom", fd, Buffers::One(b as _, c as _), d as _, from, || real() as _) as _
            }
            libc::SYS_sendmsg => on_sendmsg(fd, b as _, c as _, || real() as _) as _,
            libc::SYS_recvmsg => on_recvmsg(fd, b as _, c as _, || real() as _) as _,
            libc::SYS_sendmmsg => on_many("sendmsg", preload::Direction::Out, fd, b as _, d as _, int).into(),
            libc::SYS_recvmmsg => on_many("recvmsg", preload::Direction::In, fd, b as _, d as _, int).into(),
            libc::SYS_dup => on_dup(fd, int).into(),
            libc::SYS_dup3 => on_dup2(fd, b as _, int).into(),
            libc::SYS_fcntl => on_fcntl(fd, b as _, int).into(),
            libc::SYS_close_range => on_close_range(a as c_uint, b as c_uint, c as _, &|first, last| {
                real::syscall(number, first.into(), last.into(), c, 0, 0, 0) as c_int
            })
            .into(),
            // Strict, or with a filter.
            libc::SYS_seccomp if a == 0 || a == 1 => {
                restricted();
                real()
            }
            _ => real(),
        }
    }
}

/// prctl(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn prctl(option: c_int, a: c_long, b: c_long, c: c_long, d: c_long) -> c_int {
    if option == libc::PR_SET_SECCOMP && is_active() {
        restricted();
    }
    // SAFETY: the arguments are the caller's.
    unsafe { real::prctl(option, a, b, c, d) }
}

/// The program is about to restrict its system calls (seccomp(2)): the recorder's might end it.
#[cold]
fn restricted() {
    if let Some(_guard) = Guard::new()
        && process::is_owner()
    {
        preload::end("it restricts its system calls (seccomp)");
        descriptors::deactivate();
    }
}
