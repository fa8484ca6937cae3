//! Making, connecting and ending sockets.

use std::ffi::{c_int, c_void};

use capsock::trace::preload::{Begun, Direction, Outcome, Record, Span, WaitSpan};
use libc::{sockaddr, socklen_t};

use crate::addresses::with_socket;
use crate::descriptors::{self, Kind, is_active, may_be_socket};
use crate::guard::{Guard, recording};
use crate::record::{self, Call};
use crate::{addresses, connects, process, real, step};

/// socket(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_socket(domain, kind, || unsafe { real::socket(domain, kind, protocol) })
}

pub(super) fn on_socket(domain: c_int, kind: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if !is_active() {
        return real();
    }
    let mode = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    let kind = match (domain, kind & !mode) {
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM) => Kind::Tcp,
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM) => Kind::Udp,
        _ => {
            let fd = real();
            descriptors::forget(fd);
            return fd;
        }
    };
    record_socket(kind, real)
}

#[cold]
fn record_socket(kind: Kind, real: impl FnOnce() -> c_int) -> c_int {
    step::hold_socket(kind);
    let begun = recording(0).map(|_guard| Span::begin("socket", -1, Direction::Out));
    let fd = real();
    let outcome = record::outcome(fd);
    descriptors::forget(fd);
    let (Some(span), Some(_guard)) = (begun, Guard::new()) else { return fd };
    if fd < 0 {
        span.end(outcome, Record { datagrams: kind == Kind::Udp, ..Record::default() });
    } else if let Some(kind) = descriptors::ask(fd) {
        span.with_fd(fd).end(outcome, with_socket(fd, kind, Record::default()));
    }
    record::end_if_off();
    fd
}

/// listen(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn listen(fd: c_int, backlog: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_listen(fd, backlog, || unsafe { real::listen(fd, backlog) })
}

pub(super) fn on_listen(fd: c_int, backlog: c_int, real: impl FnOnce() -> c_int) -> c_int {
    let record = Record { argument: Some(backlog), ..Record::default() };
    if may_be_socket(fd) { record::at_once("listen", fd, record, None, real) } else { real() }
}

/// shutdown(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn shutdown(fd: c_int, how: c_int) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_shutdown(fd, how, || unsafe { real::shutdown(fd, how) })
}

pub(super) fn on_shutdown(fd: c_int, how: c_int, real: impl FnOnce() -> c_int) -> c_int {
    let record = Record { argument: Some(how), ..Record::default() };
    if may_be_socket(fd) { record::at_once("shutdown", fd, record, None, real) } else { real() }
}

/// accept(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn accept(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_accept(fd, || unsafe { real::accept(fd, address, length) })
}

/// accept4(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn accept4(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    on_accept(fd, || unsafe { real::accept4(fd, address, length, flags) })
}

pub(super) fn on_accept(fd: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if !may_be_socket(fd) {
        let new = real();
        descriptors::forget(new);
        return new;
    }
    let call = Call { name: "accept", fd, direction: Direction::In, flags: 0, room: None, to: None };
    let result = record::call(
        call,
        || {
            let new = real();
            descriptors::forget(new);
            new as isize
        },
        |ended, new| {
            let new = new as c_int;
            // Nothing but an IPv4 or IPv6 connection has both addresses.
            let (local, peer) = (addresses::local(new), addresses::peer(new));
            // A connection that was reset already has no peer any more; its line would have to have one.
            if descriptors::ask(new).is_some() && local.is_some() && peer.is_some() {
                ended.write(Record { accepted: Some(new), local, peer, ..Record::default() });
            }
        },
    );
    result as c_int
}

/// connect(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { on_connect(fd, address, length, || real::connect(fd, address, length)) }
}

/// # Safety
/// The address has that length, or is null.
pub(super) unsafe fn on_connect(
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
    real: impl FnOnce() -> c_int,
) -> c_int {
    if !may_be_socket(fd) {
        return real();
    }
    // SAFETY: by this function's contract.
    unsafe { record_connect(fd, address, length, real) }
}

#[cold]
unsafe fn record_connect(
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
    real: impl FnOnce() -> c_int,
) -> c_int {
    let to = step::address(address, length);
    step::hold("connect", fd, Direction::Out, |_| Some(Record { peer: Some(to?), ..Record::default() }));
    let begun = recording(fd).and_then(|_guard| {
        let kind = descriptors::ask(fd)?;
        let peer = addresses::given(address, length)?;
        let at = Begun::now();
        let span = Span::begin("connect", fd, Direction::Out);
        let waits = kind == Kind::Tcp && !record::is_nonblocking(fd);
        let known = Record { peer: Some(peer), ..Record::default() };
        let wait = waits.then(|| record::wait(&span, (fd, kind), Direction::Out, known));
        Some((kind, peer, at, span, wait))
    });
    // To no address: the association is dissolved, which is not recorded.
    let Some((kind, peer, at, span, wait)) = begun else { return real() };
    let result = real();
    let errno = real::errno();
    let Some(_guard) = Guard::new() else { return result };
    wait.into_iter().for_each(WaitSpan::end);
    let goes_on = result < 0 && matches!(errno, libc::EINPROGRESS | libc::EINTR);
    if connects::end(fd, kind, result, errno) || (goes_on && connects::keep(fd, at, peer)) {
        span.finish();
    } else {
        let outcome = if result < 0 { Outcome::Errno(errno) } else { Outcome::Ok };
        span.end(outcome, with_socket(fd, kind, Record { peer: Some(peer), ..Record::default() }));
    }
    record::end_if_off();
    result
}

/// getsockopt(2), by which a program learns how a connect has ended that did not block.
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { on_getsockopt(fd, (level, name), value, || real::getsockopt(fd, level, name, value, length)) }
}

/// # Safety
/// The option's value is at `value` after a call that succeeds.
pub(super) unsafe fn on_getsockopt(
    fd: c_int,
    option: (c_int, c_int),
    value: *const c_void,
    real: impl FnOnce() -> c_int,
) -> c_int {
    let result = real();
    if option == (libc::SOL_SOCKET, libc::SO_ERROR)
        && result == 0
        && is_active()
        && connects::is_kept(fd)
        && !value.is_null()
        && let Some(_guard) = Guard::new()
        && process::is_owner()
    {
        // SAFETY: the call has written an error number.
        connects::learned(fd, unsafe { value.cast::<c_int>().read_unaligned() });
    }
    result
}
