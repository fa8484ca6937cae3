//! The numbers and structures of the system's headers, by the names that POSIX and Linux give them.
//!
//! A system has all of them: where it lacks one, `absent`, `portable` or `windows` says what stands for it. A flag that
//! is missing is 0 unless another call does its work; an option that is missing is a number that the system refuses
//! (ENOPROTOOPT).

#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
mod absent;
#[cfg(unix)]
mod errno_names;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
mod linux;
#[cfg(all(unix, not(all(target_os = "linux", not(capsock_portable)))))]
mod portable;
#[cfg(unix)]
mod posix;
#[cfg(windows)]
mod windows;

#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
pub(crate) use absent::*;
#[cfg(unix)]
pub(crate) use errno_names::errno_name;
#[cfg(all(target_os = "linux", not(capsock_portable)))]
pub(crate) use linux::*;
#[cfg(all(unix, not(all(target_os = "linux", not(capsock_portable)))))]
pub(crate) use portable::*;
#[cfg(unix)]
pub(crate) use posix::*;
#[cfg(windows)]
pub(crate) use windows::*;
