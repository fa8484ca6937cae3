//! Child processes of `processes` servers: on Linux alone.

#[cfg(target_os = "linux")]
mod close_range;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod none;

#[cfg(target_os = "linux")]
pub(crate) use linux::{Child, ChildExit, pidfds};
#[cfg(not(target_os = "linux"))]
pub(crate) use none::{Child, ChildExit, pidfds};
