//! Sending and receiving one buffer, or a list of buffers.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use capsock::trace::preload::{Direction, Record};
use libc::{iovec, off_t, size_t, sockaddr, sockaddr_storage, socklen_t, ssize_t};

use crate::buffers::Gathered;
use crate::descriptors::{self, Kind, may_be_socket};
use crate::record::{self, Call};
use crate::{addresses, real, step};

/// A buffer, or a list of them.
#[derive(Clone, Copy)]
pub(super) enum Buffers {
    One(*const c_void, usize),
    List(*const iovec, usize),
}

impl Buffers {
    /// # Safety
    /// `moved` bytes were received into the buffers, or sent from them.
    pub(super) unsafe fn gather(self, moved: usize) -> Gathered {
        // SAFETY: by this function's contract.
        unsafe {
            match self {
                Buffers::One(data, room) => Gathered::of(data, room, moved),
                Buffers::List(buffers, count) => Gathered::of_list(buffers, count, moved),
            }
        }
    }

    /// The list of a call that takes its length as a number; one that the system refuses is not read.
    pub(super) fn list(buffers: *const iovec, count: c_int) -> Buffers {
        let count = usize::try_from(count).ok().filter(|count| *count <= libc::UIO_MAXIOV as usize);
        Buffers::List(buffers, count.unwrap_or(0))
    }
}

/// # Safety
/// The buffers are those of the call.
#[inline(always)]
pub(super) unsafe fn on_receive(
    name: &'static str,
    fd: c_int,
    buffers: Buffers,
    flags: c_int,
    (address, of): (*const sockaddr, *const socklen_t),
    real: impl FnOnce() -> ssize_t,
) -> ssize_t {
    if !may_be_socket(fd) {
        return real();
    }
    // SAFETY: by this function's contract.
    unsafe { record_receive(name, fd, buffers, flags, (address, of), real) }
}

#[cold]
unsafe fn record_receive(
    name: &'static str,
    fd: c_int,
    buffers: Buffers,
    flags: c_int,
    (address, of): (*const sockaddr, *const socklen_t),
    real: impl FnOnce() -> ssize_t,
) -> ssize_t {
    // A datagram whose sender the program does not ask for is received with it: nothing else would tell where it came from.
    let mut sender = MaybeUninit::<sockaddr_storage>::zeroed();
    let mut length = size_of::<sockaddr_storage>() as socklen_t;
    let (own, own_length) = (sender.as_mut_ptr().cast::<sockaddr>(), &raw mut length);
    // The list of a call that fails may be no list.
    let (room, unasked) = match buffers {
        Buffers::One(data, room) => {
            // read(2) of nothing receives nothing.
            let is_unasked = address.is_null() && room > 0 && descriptors::ask(fd) == Some(Kind::Udp);
            (Some(room), is_unasked.then_some((data.cast_mut(), room)))
        }
        Buffers::List(..) => (None, None),
    };
    let real = || match unasked {
        // SAFETY: the program's buffer, and an address that outlives the call.
        Some((data, room)) => unsafe { real::recvfrom(fd, data, room, flags, own, own_length) },
        None => real(),
    };
    let (address, of) =
        if unasked.is_some() { (own.cast_const(), own_length.cast_const()) } else { (address, of) };
    record::call(Call { name, fd, direction: Direction::In, flags, room, to: None }, real, |ended, count| {
        // SAFETY: the call has filled that much of them; it has written the address and its length.
        unsafe {
            // With MSG_TRUNC the bytes of a stream are discarded (tcp(7)), and the length of a datagram is that of all of it.
            let discarded = flags & libc::MSG_TRUNC != 0 && !ended.is_datagram();
            let whole = if let Buffers::One(_, room) = buffers { count.min(room) } else { count };
            let gathered = buffers.gather(if discarded { 0 } else { whole });
            let peer = if address.is_null() || of.is_null() {
                None
            } else {
                addresses::address(address, of.read_unaligned())
            };
            ended.write(Record {
                bytes: Some(whole),
                room: Some(gathered.room),
                data: gathered.bytes(),
                peer: peer.filter(|_| ended.is_datagram()),
                ..Record::default()
            });
        }
    })
}

/// # Safety
/// The buffers are those of the call, and the address has that length or is null.
#[inline(always)]
pub(super) unsafe fn on_send(
    name: &'static str,
    fd: c_int,
    buffers: Buffers,
    flags: c_int,
    (address, length): (*const sockaddr, socklen_t),
    real: impl FnOnce() -> ssize_t,
) -> ssize_t {
    if !may_be_socket(fd) {
        return real();
    }
    let room = if let Buffers::One(_, room) = buffers { Some(room) } else { None };
    // A peek is no flag of a send.
    let flags = flags & !libc::MSG_PEEK;
    let to = step::address(address, length);
    record::call(Call { name, fd, direction: Direction::Out, flags, room, to }, real, |ended, count| {
        // SAFETY: the call has read that much of them, and the address.
        unsafe {
            let gathered = buffers.gather(count);
            let peer = addresses::address(address, length).filter(|_| ended.is_datagram());
            let (room, data) = (Some(gathered.room), gathered.bytes());
            ended.write(Record { bytes: Some(count), room, data, peer, ..Record::default() });
        }
    })
}

const NOBODY: (*const sockaddr, *const socklen_t) = (std::ptr::null(), std::ptr::null());
const TO_NOBODY: (*const sockaddr, socklen_t) = (std::ptr::null(), 0);

macro_rules! wrappers {
    ($($doc:literal $name:ident($($argument:ident: $of:ty),*) -> $returned:ty { $body:expr })*) => {
        $(
            #[doc = $doc]
            ///
            /// # Safety
            /// As that function.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $name($($argument: $of),*) -> $returned {
                // SAFETY: the arguments are the caller's.
                unsafe { $body }
            }
        )*
    };
}

wrappers! {
    "recv(2)."
    recv(fd: c_int, data: *mut c_void, length: size_t, flags: c_int) -> ssize_t {
        on_receive("recv", fd, Buffers::One(data, length), flags, NOBODY, || real::recv(fd, data, length, flags))
    }

    "recvfrom(2)."
    recvfrom(fd: c_int, data: *mut c_void, length: size_t, flags: c_int, address: *mut sockaddr, of: *mut socklen_t) -> ssize_t {
        on_receive("recvfrom", fd, Buffers::One(data, length), flags, (address, of),
            || real::recvfrom(fd, data, length, flags, address, of))
    }

    "read(2)."
    read(fd: c_int, data: *mut c_void, length: size_t) -> ssize_t {
        on_receive("recv", fd, Buffers::One(data, length), 0, NOBODY, || real::read(fd, data, length))
    }

    "readv(2)."
    readv(fd: c_int, buffers: *const iovec, count: c_int) -> ssize_t {
        on_receive("recv", fd, Buffers::list(buffers, count), 0, NOBODY, || real::readv(fd, buffers, count))
    }

    "send(2)."
    send(fd: c_int, data: *const c_void, length: size_t, flags: c_int) -> ssize_t {
        on_send("send", fd, Buffers::One(data, length), flags, TO_NOBODY, || real::send(fd, data, length, flags))
    }

    "sendto(2)."
    sendto(fd: c_int, data: *const c_void, length: size_t, flags: c_int, address: *const sockaddr, of: socklen_t) -> ssize_t {
        on_send("sendto", fd, Buffers::One(data, length), flags, (address, of),
            || real::sendto(fd, data, length, flags, address, of))
    }

    "write(2)."
    write(fd: c_int, data: *const c_void, length: size_t) -> ssize_t {
        on_send("send", fd, Buffers::One(data, length), 0, TO_NOBODY, || real::write(fd, data, length))
    }

    "writev(2)."
    writev(fd: c_int, buffers: *const iovec, count: c_int) -> ssize_t {
        on_send("send", fd, Buffers::list(buffers, count), 0, TO_NOBODY, || real::writev(fd, buffers, count))
    }

    "sendfile(2)."
    sendfile(to: c_int, from: c_int, offset: *mut off_t, length: size_t) -> ssize_t {
        on_sendfile(to, length, || real::sendfile(to, from, offset, length))
    }
}

/// Those of glibc alone: for large files, and for programs that are compiled with _FORTIFY_SOURCE.
#[cfg(target_env = "gnu")]
mod glibc {
    use libc::off64_t;

    use super::*;

    wrappers! {
        "sendfile(2) by its name for large files."
        sendfile64(to: c_int, from: c_int, offset: *mut off64_t, length: size_t) -> ssize_t {
            on_sendfile(to, length, || real::sendfile64(to, from, offset, length))
        }

        "recv(2), which ends the program if the buffer is shorter than the length."
        __recv_chk(fd: c_int, data: *mut c_void, length: size_t, room: size_t, flags: c_int) -> ssize_t {
            {
                let real = || real::__recv_chk(fd, data, length, room, flags);
                let buffer = Buffers::One(data, length);
                if length > room { real() } else { on_receive("recv", fd, buffer, flags, NOBODY, real) }
            }
        }

        "recvfrom(2), which ends the program if the buffer is shorter than the length."
        __recvfrom_chk(fd: c_int, data: *mut c_void, length: size_t, room: size_t, flags: c_int, address: *mut sockaddr,
            of: *mut socklen_t) -> ssize_t
        {
            {
                let real = || real::__recvfrom_chk(fd, data, length, room, flags, address, of);
                let buffer = Buffers::One(data, length);
                if length > room { real() } else { on_receive("recvfrom", fd, buffer, flags, (address, of), real) }
            }
        }

        "read(2), which ends the program if the buffer is shorter than the length."
        __read_chk(fd: c_int, data: *mut c_void, length: size_t, room: size_t) -> ssize_t {
            {
                let real = || real::__read_chk(fd, data, length, room);
                let buffer = Buffers::One(data, length);
                if length > room { real() } else { on_receive("recv", fd, buffer, 0, NOBODY, real) }
            }
        }
    }
}

/// What is sent is not in the program's memory, so the line has no data.
pub(super) fn on_sendfile(to: c_int, length: usize, real: impl FnOnce() -> ssize_t) -> ssize_t {
    // SAFETY: no buffer and no address.
    unsafe { on_send("send", to, Buffers::One(std::ptr::null(), length), 0, TO_NOBODY, real) }
}
