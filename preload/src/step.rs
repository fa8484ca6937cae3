//! A call that is stepped: it waits until the controller lets it go.
//!
//! The question is put, and its connection closed, in the state in which a wrapper records (`guard`). Between them the program's
//! signals are delivered, since it is not in the call yet; a handler may make calls, which are stepped, and may leave by
//! siglongjmp(3), which leaves the connection open. A cancellation is deferred until the call itself.

use std::ffi::c_int;
use std::net::SocketAddr;
use std::ptr;

use capsock::trace::Descriptors;
use capsock::trace::preload::{self, Direction, Held, Record};
use libc::{sockaddr, socklen_t};

use crate::addresses::{self, with_socket};
use crate::descriptors::{self, Kind};
use crate::guard::{DISABLE, Guard, pthread_setcancelstate, recording};
use crate::{process, real};

/// Before a call on a socket. `describe` tells what is known of it, unless it is not recorded.
#[inline]
pub(crate) fn hold(
    name: &'static str,
    fd: c_int,
    direction: Direction,
    describe: impl FnOnce(Kind) -> Option<Record<'static>>,
) {
    if preload::is_stepped() {
        wait(|| {
            let kind = descriptors::ask(fd)?;
            let record = with_socket(fd, kind, describe(kind)?);
            Held::ask(name, fd, direction, record)
        });
    }
}

/// Before socket(2).
pub(crate) fn hold_socket(kind: Kind) {
    if preload::is_stepped() {
        let record = Record { datagrams: kind == Kind::Udp, ..Record::default() };
        wait(|| Held::ask("socket", -1, Direction::Out, record));
    }
}

/// Before a wait for several descriptors.
pub(crate) fn hold_wait(name: &'static str, fd: c_int, waited: Descriptors<'_>) {
    if preload::is_stepped() {
        wait(|| Held::ask_to_wait(name, fd, waited));
    }
}

/// The address of a call, if that is stepped: nobody else asks for it before the call.
pub(crate) fn address(from: *const sockaddr, length: socklen_t) -> Option<SocketAddr> {
    if preload::is_stepped() { addresses::given(from, length) } else { None }
}

#[cold]
#[inline(never)]
fn wait(ask: impl FnOnce() -> Option<Held>) {
    let held = {
        let Some(_guard) = recording(0) else { return };
        ask()
    };
    let Some(held) = held else { return };
    let (errno, mut cancel) = (real::errno(), 0);
    // SAFETY: the states are numbers, and one of them is written.
    unsafe {
        pthread_setcancelstate(DISABLE, &raw mut cancel);
        held.wait();
        pthread_setcancelstate(cancel, ptr::null_mut());
    }
    real::set_errno(errno);
    // A signal handler may have forked, by vfork(2) as well.
    if let Some(_guard) = Guard::new().filter(|_| process::is_owner()) {
        held.end();
    }
}
