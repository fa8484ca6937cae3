//! The native half of `io.capsock.net`: each native method is one call of the core's `BlockingSocket`.
//!
//! A call returns its result, or a negative number from which `ErrorCodes.java` makes an exception. So a call
//! that fails, such as a read that times out, allocates nothing here.
#![allow(clippy::too_many_arguments, reason = "an object to hold them would be garbage after each call")]

mod address;
mod buffer;
mod datagram;
mod error_codes;
mod int_options;
mod multicast;
mod numbers;
mod open_socket;
mod options;
mod platform;
mod poller;
mod raw;
mod socket;
mod stream;

use jni::NativeMethod;

pub(crate) use datagram::find_fields;

/// The native methods of `io.capsock.net.Native`.
pub(crate) const METHODS: [&[NativeMethod]; 6] = [
    socket::METHODS,
    stream::METHODS,
    datagram::METHODS,
    multicast::METHODS,
    options::METHODS,
    poller::METHODS,
];
