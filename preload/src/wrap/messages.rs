//! Messages: sendmsg(2), recvmsg(2), and several by one call.

use std::ffi::{c_int, c_uint};

use capsock::trace::preload::{Direction, Record};
use libc::{mmsghdr, msghdr, ssize_t, timespec};

use crate::buffers::Gathered;
use crate::descriptors::{self, is_active, may_be_socket};
use crate::record::{self, Call, Ended};
use crate::{addresses, real};

/// The system takes no more messages at once.
const MOST: usize = 1024;

/// sendmsg(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the arguments are the caller's.
    unsafe { on_sendmsg(fd, message, flags, || real::sendmsg(fd, message, flags)) }
}

/// # Safety
/// The message is the call's.
pub(super) unsafe fn on_sendmsg(
    fd: c_int,
    message: *const msghdr,
    flags: c_int,
    real: impl FnOnce() -> ssize_t,
) -> ssize_t {
    if message.is_null() || !may_be_socket(fd) {
        return real();
    }
    let call = Call { name: "sendmsg", fd, direction: Direction::Out, flags, room: None, to: None };
    // SAFETY: the call has read it, and sent that much of it.
    record::call(call, real, |ended, count| unsafe {
        write_one(ended, &message.read_unaligned(), count);
    })
}

/// recvmsg(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the arguments are the caller's.
    unsafe { on_recvmsg(fd, message, flags, || real::recvmsg(fd, message, flags)) }
}

/// # Safety
/// The message is the call's.
pub(super) unsafe fn on_recvmsg(
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
    real: impl FnOnce() -> ssize_t,
) -> ssize_t {
    if message.is_null() || !may_be_socket(fd) {
        let result = real();
        if result >= 0 && !message.is_null() && is_active() {
            // SAFETY: the call has written it.
            unsafe { forget_passed(&*message) };
        }
        return result;
    }
    let call = Call { name: "recvmsg", fd, direction: Direction::In, flags, room: None, to: None };
    // SAFETY: the call has filled it.
    record::call(call, real, |ended, count| unsafe {
        write_one(ended, &message.read_unaligned(), count);
    })
}

/// Descriptors that another process has passed (SCM_RIGHTS of unix(7)) have numbers that were others'.
///
/// # Safety
/// recvmsg(2) has filled the message.
unsafe fn forget_passed(message: &msghdr) {
    // SAFETY: the headers are within the control buffer, as the system has written them.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let data = libc::CMSG_DATA(header).cast::<c_int>();
                let length = ((*header).cmsg_len as usize).saturating_sub(libc::CMSG_LEN(0) as usize);
                for index in 0..length / size_of::<c_int>() {
                    descriptors::forget(data.add(index).read_unaligned());
                }
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
}

/// sendmmsg(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn sendmmsg(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        on_many("sendmsg", Direction::Out, fd, messages, flags, || real::sendmmsg(fd, messages, count, flags))
    }
}

/// recvmmsg(2).
///
/// # Safety
/// As that function.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn recvmmsg(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe {
        on_many("recvmsg", Direction::In, fd, messages, flags, || {
            real::recvmmsg(fd, messages, count, flags, timeout)
        })
    }
}

/// # Safety
/// The messages are the call's.
pub(super) unsafe fn on_many(
    name: &'static str,
    direction: Direction,
    fd: c_int,
    messages: *const mmsghdr,
    flags: c_int,
    real: impl FnOnce() -> c_int,
) -> c_int {
    if messages.is_null() || !may_be_socket(fd) {
        return real();
    }
    let call = Call { name, fd, direction, flags, room: None, to: None };
    let result = record::call(
        call,
        || real() as isize,
        |ended, count| {
            for index in 0..count.min(MOST) {
                // SAFETY: that many messages were moved.
                unsafe {
                    let message = messages.add(index).read_unaligned();
                    write_one(ended, &message.msg_hdr, message.msg_len as usize);
                }
            }
        },
    );
    result as c_int
}

/// # Safety
/// The message was moved.
#[allow(clippy::unnecessary_cast, reason = "musl has another type")]
unsafe fn write_one(ended: &Ended, header: &msghdr, count: usize) {
    // SAFETY: by this function's contract.
    unsafe {
        let gathered = Gathered::of_list(header.msg_iov, header.msg_iovlen as usize, count);
        let peer = addresses::address(header.msg_name.cast_const().cast(), header.msg_namelen);
        let (room, data) = (Some(gathered.room), gathered.bytes());
        let peer = peer.filter(|_| ended.is_datagram());
        // With MSG_TRUNC, a datagram's length is that of all of it.
        let bytes = Some(count.min(gathered.room));
        ended.write(Record { bytes, room, data, peer, ..Record::default() });
    }
}
