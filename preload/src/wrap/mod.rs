//! The functions that take the place of the C library's, by subject. Each has that one's name, signature and contract.
//!
//! Their bodies take the C library's function as a closure, since a program may also make the call by syscall(2).

#![allow(unreachable_pub, reason = "the dynamic loader reaches them")]

mod descriptors;
mod epolls;
mod messages;
mod names;
mod sockets;
mod stdio;
mod syscalls;
mod transfers;
mod waits;

#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use descriptors::close;
#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use transfers::{read, write};
