//! The names of sockets: bind(2) and getsockname(2), to another port and back if a link is to take the one that the program
//! asks for (`CAPSOCK_LINK`).

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use capsock::trace::preload::{MovedBind, Record, asked_port, is_linked};
use libc::{sockaddr, sockaddr_in6, sockaddr_storage, socklen_t};

use crate::descriptors::{self, Kind, may_be_socket};
use crate::guard::{Guard, recording};
use crate::memory::is_readable;
use crate::{addresses, real, record, step};

/// Where the port is in the addresses of both families (`sin_port`, `sin6_port`).
const PORT: usize = std::mem::offset_of!(libc::sockaddr_in, sin_port);
const _: () = assert!(PORT == std::mem::offset_of!(sockaddr_in6, sin6_port));

/// bind(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn bind(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { on_bind(fd, address, length, |address| real::bind(fd, address, length)) }
}

/// # Safety
/// The address has that length, or is null.
pub(super) unsafe fn on_bind(
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
    real: impl FnOnce(*const sockaddr) -> c_int,
) -> c_int {
    if !may_be_socket(fd) {
        return real(address);
    }
    let local = step::address(address, length);
    match moved(fd, address, length) {
        None => record::at_once("bind", fd, Record::default(), local, || real(address)),
        Some((moved, to)) => {
            let asked = Some(moved.asked());
            record::at_once("bind", fd, Record { asked, ..Record::default() }, local, || {
                let result = real((&raw const to).cast());
                // It restores errno.
                let _guard = Guard::new();
                moved.end((result == 0).then(|| addresses::local(fd)).flatten());
                result
            })
        }
    }
}

/// The bind to another port, and its address: the caller's with that port.
fn moved(fd: c_int, address: *const sockaddr, length: socklen_t) -> Option<(MovedBind, sockaddr_storage)> {
    if !is_linked() {
        return None;
    }
    let _guard = recording(fd)?;
    let asked = addresses::given(address, length)?;
    let moved = MovedBind::of(descriptors::ask(fd)? == Kind::Udp, &asked)?;
    let mut to = MaybeUninit::<sockaddr_storage>::zeroed();
    // SAFETY: the address was read; its length is no more than the room, and that of one which has a port; zeros are a
    // `sockaddr_storage`.
    unsafe {
        ptr::copy_nonoverlapping(address.cast::<u8>(), to.as_mut_ptr().cast::<u8>(), length as usize);
        let port = moved.to().port().to_be();
        to.as_mut_ptr().cast::<u8>().add(PORT).cast::<u16>().write_unaligned(port);
        Some((moved, to.assume_init()))
    }
}

/// getsockname(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn getsockname(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { on_getsockname(fd, address, length, || real::getsockname(fd, address, length)) }
}

/// # Safety
/// The address has room for the length, both if they are not null.
pub(super) unsafe fn on_getsockname(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    real: impl FnOnce() -> c_int,
) -> c_int {
    if !is_linked() || !may_be_socket(fd) {
        return real();
    }
    // SAFETY: it can be read.
    let room = if is_readable(length, 1) { unsafe { length.read_unaligned() } } else { 0 };
    let result = real();
    if result == 0 && !address.is_null() && !length.is_null() {
        // SAFETY: the call has written as much of the address as there is room for.
        unsafe { tell_asked(fd, address, room.min(length.read_unaligned())) };
    }
    result
}

/// Writes the port that the program asked for.
unsafe fn tell_asked(fd: c_int, address: *mut sockaddr, length: socklen_t) {
    // SAFETY: so many bytes of it are written.
    let Some(local) = (unsafe { addresses::address(address, length) }) else { return };
    if let Some(_guard) = Guard::new()
        && let Some(port) = asked_port(local.port(), || descriptors::kind(fd) == Some(Kind::Udp))
    {
        // SAFETY: an address of either family has its port there.
        unsafe { address.cast::<u8>().add(PORT).cast::<u16>().write_unaligned(port.to_be()) };
    }
}
