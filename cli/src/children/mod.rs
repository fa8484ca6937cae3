//! Child processes: those that are killed with all their own, the shell, and the program that takes the place of this one.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{Group, SCRIPT_RUNNER, Sweep, replace_by, shell};
#[cfg(windows)]
pub(crate) use windows::{Group, SCRIPT_RUNNER, Sweep, replace_by, shell};
