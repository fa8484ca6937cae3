//! Handles SIGINT, SIGTERM and, for a server, SIGUSR2, on Windows the events of the console, while the command runs, and restores the host's
//! handlers afterwards.

mod flags;
#[cfg(unix)]
mod restarts;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use flags::{arrived, once, thrice, twice};
#[cfg(unix)]
pub(crate) use restarts::Restarts;
#[cfg(unix)]
pub(crate) use unix::Signals;
#[cfg(windows)]
pub(crate) use windows::{Signals, interruptible};
