//! A wait for several descriptors: select(2), poll(2), `epoll_wait(2)`.
//!
//! A wait that is longer than [`BEGIN_AFTER`] is made in two parts, with the line that it has begun between them. A signal
//! handler interrupts each of them (EINTR), whatever its options are (signal(7)).

use std::ffi::c_int;
use std::time::Duration;

use capsock::net::{Errno, PollKind, PollSpan};
use capsock::trace::{BEGIN_AFTER, Descriptors};

use crate::descriptors::may_be_socket;
use crate::guard::Guard;
use crate::{process, real, record, step};

/// The descriptors of a list that are kept: the line has no more.
const KEPT: usize = 32;

/// A list of descriptors.
pub(crate) struct List {
    fds: [c_int; KEPT],
    count: usize,
}

impl List {
    pub(crate) fn of(fds: impl Iterator<Item = c_int>) -> List {
        let mut list = List { fds: [-1; KEPT], count: 0 };
        for (slot, fd) in list.fds.iter_mut().zip(fds) {
            *slot = fd;
            list.count += 1;
        }
        list
    }

    fn as_slice(&self) -> &[c_int] {
        self.fds.get(..self.count).unwrap_or_default()
    }

    fn has_socket(&self) -> bool {
        self.as_slice().iter().any(|fd| may_be_socket(*fd))
    }
}

/// For input, and for output.
pub(crate) struct Lists(pub(crate) List, pub(crate) List);

impl Lists {
    pub(crate) fn has_socket(&self) -> bool {
        self.0.has_socket() || self.1.has_socket()
    }

    fn descriptors(&self) -> Descriptors<'_> {
        Descriptors { readable: self.0.as_slice(), writable: self.1.as_slice() }
    }
}

/// A part of a wait: how long it may be (`None` for ever), and whether it is the last.
pub(crate) struct Part {
    pub(crate) limit: Option<Duration>,
    pub(crate) is_last: bool,
}

/// Waits for `limit` at most. `wait` makes one part, whose time is up if it returns 0.
#[cold]
#[inline(never)]
pub(crate) fn wait(
    kind: PollKind,
    poller: Option<c_int>,
    waited: &Lists,
    limit: Option<Duration>,
    mut wait: impl FnMut(Part) -> c_int,
    ready: impl FnOnce(c_int) -> Lists,
) -> c_int {
    let whole = Part { limit, is_last: true };
    step::hold_wait(kind.name(), poller.unwrap_or(-1), waited.descriptors());
    let begun = Guard::new().filter(|_| process::is_owner()).and_then(|_guard| PollSpan::begin(kind, poller));
    let Some(span) = begun else { return wait(whole) };
    let is_long = limit.is_none_or(|limit| limit > BEGIN_AFTER);
    let mut result = 0;
    if is_long {
        result = wait(Part { limit: Some(BEGIN_AFTER), is_last: false });
        if result == 0
            && let Some(_guard) = Guard::new()
        {
            span.still_waits(waited.descriptors());
        }
    }
    if result == 0 {
        let rest = if is_long { limit.map(|limit| limit - BEGIN_AFTER) } else { limit };
        result = wait(Part { limit: rest, is_last: true });
    }
    let errno = real::errno();
    if let Some(_guard) = Guard::new() {
        let (ready, ended) = match result {
            1.. => (ready(result), Ok(())),
            0 => (Lists(List::of([].into_iter()), List::of([].into_iter())), Ok(())),
            _ => (Lists(List::of([].into_iter()), List::of([].into_iter())), Err(Errno(errno))),
        };
        span.end(waited.descriptors(), ready.descriptors(), ended);
        record::end_if_off();
    }
    result
}
