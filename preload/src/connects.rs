//! Connects that go on after connect(2) has returned (EINPROGRESS): one line, when the program learns how it ended.
//!
//! The pending error of a socket is the program's to read, so that this library never does. It sees what the program reads
//! (SO_ERROR), what a later call returns, and whether the socket has a peer.

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use capsock::trace::preload::{Begun, Outcome, Record, Span};

use crate::addresses::with_socket;
use crate::descriptors::{self, Kind};
use crate::{addresses, real};

const FREE: c_int = -1;
const BUSY: c_int = -2;

/// A connect that goes on. Without a lock: a slot belongs to whoever has made it `BUSY`.
struct Slot {
    /// The descriptor, or `FREE` or `BUSY`.
    fd: AtomicI32,
    /// Who called it, and when.
    thread: AtomicU32,
    at: AtomicU64,
    ip: [AtomicU64; 2],
    port: AtomicU64,
    scope: AtomicU64,
}

/// More at once have a line each that says EINPROGRESS.
const SLOTS: usize = 128;

static CONNECTS: [Slot; SLOTS] = [const {
    Slot {
        fd: AtomicI32::new(FREE),
        thread: AtomicU32::new(0),
        at: AtomicU64::new(0),
        ip: [const { AtomicU64::new(0) }; 2],
        port: AtomicU64::new(0),
        scope: AtomicU64::new(0),
    }
}; SLOTS];

/// How many slots are in use.
static USED: AtomicUsize = AtomicUsize::new(0);

/// Keeps a connect that has begun; false if there is no room.
pub(crate) fn keep(fd: c_int, begun: Begun, address: SocketAddr) -> bool {
    let swapped =
        |slot: &&Slot| slot.fd.compare_exchange(FREE, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    let Some(slot) = CONNECTS.iter().find(swapped) else { return false };
    let (ip, scope) = match address {
        SocketAddr::V4(four) => (four.ip().to_ipv6_mapped(), 0),
        SocketAddr::V6(six) => (*six.ip(), six.scope_id()),
    };
    let bits = ip.to_bits();
    slot.thread.store(begun.thread, Ordering::Relaxed);
    slot.at.store(begun.at, Ordering::Relaxed);
    slot.ip[0].store((bits >> 64) as u64, Ordering::Relaxed);
    slot.ip[1].store(bits as u64, Ordering::Relaxed);
    slot.port.store(address.port().into(), Ordering::Relaxed);
    slot.scope.store(scope.into(), Ordering::Relaxed);
    USED.fetch_add(1, Ordering::Relaxed);
    slot.fd.store(fd, Ordering::Release);
    true
}

/// Whether a connect of the descriptor goes on.
pub(crate) fn is_kept(fd: c_int) -> bool {
    USED.load(Ordering::Relaxed) != 0 && CONNECTS.iter().any(|slot| slot.fd.load(Ordering::Acquire) == fd)
}

/// The connect of the descriptor, which is no longer kept.
pub(crate) fn take(fd: c_int) -> Option<(Begun, SocketAddr)> {
    if USED.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let taken =
        |slot: &&Slot| slot.fd.compare_exchange(fd, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    let slot = CONNECTS.iter().find(taken)?;
    let number = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let bits = u128::from(number(&slot.ip[0])) << 64 | u128::from(number(&slot.ip[1]));
    let (port, scope) = (number(&slot.port) as u16, number(&slot.scope) as u32);
    let address = match Ipv6Addr::from_bits(bits).to_ipv4_mapped() {
        Some(four) => SocketAddr::new(IpAddr::V4(Ipv4Addr::from(four.octets())), port),
        None => SocketAddrV6::new(Ipv6Addr::from_bits(bits), port, 0, scope).into(),
    };
    let begun = Begun { thread: slot.thread.load(Ordering::Relaxed), at: number(&slot.at) };
    slot.fd.store(FREE, Ordering::Release);
    USED.fetch_sub(1, Ordering::Relaxed);
    Some((begun, address))
}

fn write(fd: c_int, outcome: Outcome) {
    let Some((begun, peer)) = take(fd) else { return };
    let Some(kind) = descriptors::kind(fd) else { return };
    let record = Record { peer: Some(peer), ..Record::default() };
    Span::begun("connect", fd, begun).end(outcome, with_socket(fd, kind, record));
}

/// Before another call: writes the line of a connect that has succeeded.
pub(crate) fn settle(fd: c_int) {
    if is_kept(fd) && addresses::peer(fd).is_some() {
        write(fd, Outcome::Ok);
    }
}

/// A call on the socket has failed: with the error of its connect, if that went on. Returns whether it did.
pub(crate) fn fail(fd: c_int, errno: c_int) -> bool {
    let is_its = is_kept(fd) && !matches!(errno, libc::ENOTCONN | libc::EINPROGRESS | libc::EALREADY);
    if is_its {
        write(fd, Outcome::Errno(errno));
    }
    is_its
}

/// The program has read the pending error of the socket.
pub(crate) fn learned(fd: c_int, error: c_int) {
    if error == 0 {
        settle(fd);
    } else {
        fail(fd, error);
    }
}

/// The socket is about to be closed: nobody else reads its pending error.
pub(crate) fn give_up(fd: c_int) {
    if !is_kept(fd) {
        return;
    }
    settle(fd);
    let mut error: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the value and its length are written.
    let read = unsafe {
        real::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, (&raw mut error).cast(), &raw mut length)
    };
    write(fd, Outcome::Errno(if read == 0 && error != 0 { error } else { libc::EINPROGRESS }));
}

/// The connect of the descriptor has ended before this, by a call of the same name.
pub(crate) fn end(fd: c_int, kind: Kind, result: c_int, errno: c_int) -> bool {
    let outcome = match (result, errno) {
        (0, _) | (_, libc::EISCONN) => Outcome::Ok,
        (_, libc::EALREADY | libc::EINTR) => return is_kept(fd),
        _ => Outcome::Errno(errno),
    };
    let Some((begun, peer)) = take(fd) else { return false };
    let record = Record { peer: Some(peer), ..Record::default() };
    Span::begun("connect", fd, begun).end(outcome, with_socket(fd, kind, record));
    true
}
