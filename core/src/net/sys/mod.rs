//! The raw system calls: one function, one call, its error number returned unchanged.
//!
//! Nothing here retries or decides; EINTR and EAGAIN are reported like any other number. Calls that `socket2` offers
//! are made through it by `raw`; all others are here, those of the trace included (`recording`), and on Linux those of
//! each request (`linux/calls`).
//!
//! Elsewhere `unsafe` is used to read and write control messages and batch headers (`message`, `datagram`), for the
//! ownership of descriptors and the list of blocked threads (`blocking`), for a leaked name (`trace/process_info`) and
//! its file (`trace/recorder`), where a server forks, and in `uppercase`.
//!
//! `posix` has what Linux and other Unix systems share, `linux` what Linux alone has. `unix` has the same names as
//! `linux`, by calls that every Unix system has; on Linux, `--cfg capsock_portable` takes it instead, which is how it is
//! tested. `windows` has the names of `posix` and `unix`; `portable` is what those two share.

#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
mod buffer;
mod child;
mod control;
mod errno;
pub mod fd;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
mod portable;
#[cfg(unix)]
mod posix;
mod received;
#[cfg(all(unix, not(all(target_os = "linux", not(capsock_portable)))))]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use child::{Child, ChildExit, pidfds};
pub(crate) use control::{CONTROL, ControlBuffer, SentControl};
pub use errno::Errno;
pub(crate) use errno::KeptErrno;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
pub(crate) use linux::*;
#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
pub(crate) use portable::*;
#[cfg(unix)]
pub use posix::write_without_signals;
#[cfg(unix)]
pub(crate) use posix::*;
pub use received::Received;
#[cfg(all(unix, not(all(target_os = "linux", not(capsock_portable)))))]
pub(crate) use unix::*;
#[cfg(windows)]
pub use windows::write_without_signals;
#[cfg(windows)]
pub(crate) use windows::*;

/// An entry of [`poll`].
pub(crate) type PollFd = crate::netc::pollfd;
