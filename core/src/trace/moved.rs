//! The bind of a server that a link stands before (`capsock show --link`): it gets a free port, and the link takes the one
//! that the server asked for.
//!
//! In a process that is recorded and has `CAPSOCK_LINK=1` in its environment, the first bind to a port other than 0 is made
//! to port 0 of the same address. If it succeeds, the port that the system chose stands for the one that was asked for,
//! until the process ends:
//!
//! - Further binds of the same transport to the port that was asked for are made to the chosen one: a server has a socket for
//!   IPv4 and one for IPv6, binds again what it has closed, or shares a port (SO_REUSEPORT).
//! - A socket at the chosen port says that it is bound to the one that was asked for (getsockname(2)).
//! - Other binds are made as they are asked for.
//!
//! A forked child inherits this and moves nothing else; a program that is executed begins anew. The state is one word, which
//! any thread, signal handler and child may read. The bind that is first by its time takes it; a bind of another thread
//! meanwhile is not moved.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// No bind is moved.
const OFF: u64 = 0;
/// The next one is.
const READY: u64 = 1;
/// A thread makes it.
const BINDING: u64 = 2;
/// Set in a state that is a [`Ports`].
const MOVED: u64 = 1 << 63;
const DATAGRAMS: u64 = 1 << 32;

static STATE: AtomicU64 = AtomicU64::new(OFF);

/// The ports of a bind that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ports {
    datagrams: bool,
    asked: u16,
    chosen: u16,
}

impl Ports {
    fn word(self) -> u64 {
        let datagrams = if self.datagrams { DATAGRAMS } else { 0 };
        MOVED | datagrams | u64::from(self.asked) << 16 | u64::from(self.chosen)
    }

    #[allow(clippy::cast_possible_truncation, reason = "each is 16 bits of the word")]
    fn of(word: u64) -> Option<Ports> {
        let (asked, chosen) = ((word >> 16) as u16, word as u16);
        (word & MOVED != 0).then_some(Ports { datagrams: word & DATAGRAMS != 0, asked, chosen })
    }
}

/// The next bind to a port other than 0 is moved, if none has been.
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "there is no recording"))]
pub(super) fn move_next() {
    let _ = STATE.compare_exchange(OFF, READY, Ordering::AcqRel, Ordering::Relaxed);
}

/// Whether a link stands before this process: no bind is moved otherwise, and no name of a socket told.
#[inline]
#[must_use]
#[cfg_attr(not(feature = "preload"), allow(dead_code, reason = "the preload library asks"))]
pub(crate) fn is_linked() -> bool {
    STATE.load(Ordering::Relaxed) != OFF
}

/// A bind that is made to another port than the program asked for. [`end`](MovedBind::end) has to follow.
#[derive(Debug)]
pub(crate) struct MovedBind {
    asked: SocketAddr,
    to: SocketAddr,
    datagrams: bool,
    first: bool,
}

impl MovedBind {
    /// Before a bind that is recorded; `None` if it is made as it is asked for.
    #[must_use]
    pub(crate) fn of(datagrams: bool, asked: &SocketAddr) -> Option<MovedBind> {
        if !is_linked() || asked.port() == 0 {
            return None;
        }
        let first = STATE.compare_exchange(READY, BINDING, Ordering::AcqRel, Ordering::Acquire).map(|_| true);
        let port = match first {
            Ok(_) => 0,
            Err(state) => {
                Ports::of(state)
                    .filter(|ports| ports.datagrams == datagrams && ports.asked == asked.port())?
                    .chosen
            }
        };
        let mut to = *asked;
        to.set_port(port);
        Some(MovedBind { asked: *asked, to, datagrams, first: first.is_ok() })
    }

    /// What the program asked for.
    #[must_use]
    pub(crate) fn asked(&self) -> SocketAddr {
        self.asked
    }

    /// The address for bind(2).
    #[must_use]
    pub(crate) fn to(&self) -> SocketAddr {
        self.to
    }

    /// The bind has ended; the socket is bound to this address if it succeeded.
    pub(crate) fn end(self, bound: Option<SocketAddr>) {
        if !self.first {
            return;
        }
        let state = bound.map_or(READY, |bound| {
            Ports { datagrams: self.datagrams, asked: self.asked.port(), chosen: bound.port() }.word()
        });
        STATE.store(state, Ordering::Release);
    }
}

/// The port that a program was to be bound to whose socket is bound to this one.
#[inline]
#[must_use]
pub(crate) fn asked_port(port: u16, datagrams: impl FnOnce() -> bool) -> Option<u16> {
    let ports = Ports::of(STATE.load(Ordering::Acquire))?;
    (ports.chosen == port && ports.datagrams == datagrams()).then_some(ports.asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test, since the state is the process's: other tests bind port 0.
    #[test]
    fn the_first_bind_is_moved_and_its_port_stands_for_the_one_asked_for() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let to = |datagrams, asked: &str| {
            MovedBind::of(datagrams, &address(asked)).map(|moved| moved.to().to_string())
        };
        assert_eq!(to(true, "127.0.0.1:12000"), None, "without the environment");
        move_next();
        assert_eq!(to(true, "127.0.0.1:0"), None);
        let first = MovedBind::of(true, &address("127.0.0.1:12000")).expect("the first");
        assert_eq!((first.asked(), first.to()), (address("127.0.0.1:12000"), address("127.0.0.1:0")));
        assert_eq!(to(true, "127.0.0.1:12000"), None, "while another thread binds");
        first.end(None);

        let again = MovedBind::of(true, &address("[::]:12000")).expect("the one before has failed");
        assert_eq!(again.to(), address("[::]:0"));
        again.end(Some(address("[::]:40000")));
        move_next();
        for (datagrams, asked, expected) in [
            (true, "127.0.0.1:12000", Some("127.0.0.1:40000")),
            (false, "127.0.0.1:12000", None),
            (true, "127.0.0.1:12001", None),
            (true, "127.0.0.1:40000", None),
            (true, "127.0.0.1:0", None),
        ] {
            assert_eq!(to(datagrams, asked).as_deref(), expected, "{datagrams} {asked}");
        }
        for (datagrams, port, expected) in
            [(true, 40000, Some(12000)), (false, 40000, None), (true, 12000, None), (true, 0, None)]
        {
            assert_eq!(asked_port(port, || datagrams), expected, "{datagrams} {port}");
        }
        let largest = Ports { datagrams: false, asked: u16::MAX, chosen: u16::MAX };
        assert_eq!(Ports::of(largest.word()), Some(largest));
        STATE.store(OFF, Ordering::Relaxed);
    }
}
