//! The native part of `capsock.socket`: the calls of a TCP or UDP socket, made through the core.
//!
//! The class [`SocketCalls`] has no fields, so that a Python class can derive from it and from the standard library's
//! `socket.socket` at once. Its methods override those of `_socket.socket`, which keeps the descriptor's number, the
//! family, the type and the timeout where `ssl` and others read them. The slot `_capsock_core` of the object holds an
//! [`InetSocket`]. An object without one is not a TCP or UDP socket over IPv4 or IPv6; `_socket.socket` makes its calls.
//!
//! For wrong arguments, `_socket.socket` raises the exception ([`call::CallError::WrongArguments`]), so that type and text
//! are those of the running Python version.

mod address;
mod buffer;
mod call;
mod calls;
mod core_socket;
mod dispatch;
mod hints;
mod history;
#[cfg(unix)]
mod message;
mod observer;
mod options;
mod receive;
mod send;
mod variable;
mod wait_error;
mod watchdog;

pub(crate) use calls::SocketCalls;
pub(crate) use core_socket::InetSocket;
pub(crate) use observer::_set_hints;
pub(crate) use watchdog::{_pause_watchdog, _resume_watchdog};

/// Up to this many bytes, a call of the program's only thread is tried with the GIL held.
const QUICK: usize = 16 * 1024;
