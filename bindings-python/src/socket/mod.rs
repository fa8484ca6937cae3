//! The native part of `capsock.socket`: the calls of a TCP or UDP socket, made through the core.
//!
//! The class [`SocketCalls`] has no storage of its own, so that a Python class can derive from it and
//! from the standard library's `socket.socket` at once: its methods come before those of
//! `_socket.socket`, which has the descriptor's number, the family, the type and the timeout where
//! `ssl` and others look for them. What the calls need is an [`InetSocket`], in the slot `_capsock_core` of
//! the object. An object without one is no TCP or UDP socket over IPv4 or IPv6, and has its calls made by
//! `_socket.socket`.
//!
//! A wrong argument is for `_socket.socket` to refuse ([`call::CallError::WrongArguments`]): the exception and
//! its text are then those of the Python that runs, whatever its version.

mod address;
mod buffer;
mod call;
mod calls;
mod core_socket;
mod dispatch;
mod hints;
mod history;
mod message;
mod observer;
mod options;
mod receive;
mod send;
mod wait_error;
mod watchdog;

pub(crate) use calls::SocketCalls;
pub(crate) use core_socket::InetSocket;
pub(crate) use observer::_set_hints;
pub(crate) use watchdog::{_pause_watchdog, _resume_watchdog};

/// Up to so many bytes a call of a program's only thread is tried with the GIL held.
const QUICK: usize = 16 * 1024;
