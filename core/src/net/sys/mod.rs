//! The raw system calls: one function, one call, its error number returned unchanged.
//!
//! Nothing here retries or decides; EINTR and EAGAIN are reported like any other number. Calls that `socket2` offers
//! are made through it by `raw`; all others are here, those of the trace included (`recording`).
//!
//! Elsewhere `unsafe` is used to read and write control messages and batch headers (`message`, `datagram`), for the
//! ownership of descriptors and the list of blocked threads (`blocking`), for a leaked name (`trace/process_info`) and
//! its file (`trace/recorder`), where a server forks, and in `uppercase`.
//!
//! `posix` has what Linux and other Unix systems share, `linux` what Linux alone has. `unix` has the same names as
//! `linux`, by calls that every Unix system has; on Linux, `--cfg capsock_portable` takes it instead, which is how it is
//! tested.

mod child;
mod errno;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
mod linux;
mod posix;
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
mod unix;

pub(crate) use child::{Child, ChildExit, pidfds};
pub use errno::Errno;
pub(crate) use errno::KeptErrno;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
pub(crate) use linux::*;
pub(crate) use posix::*;
pub use posix::{Received, write_without_signals};
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
pub(crate) use unix::*;

/// An entry of [`poll`].
pub(crate) type PollFd = libc::pollfd;
