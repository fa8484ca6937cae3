//! Handles SIGINT, SIGTERM, SIGHUP and, for a server, SIGUSR2, on Windows the events of the console, while the command runs,
//! and restores the host's handlers afterwards.

mod flags;
#[cfg(unix)]
mod restarts;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use flags::{arrived, once, thrice, twice};

/// How a person stops the command: a shell without job control starts its background jobs with Ctrl-C ignored, and it stays
/// ignored.
pub(crate) fn stop() -> &'static str {
    #[cfg(unix)]
    if unix::is_ignored(libc::SIGINT) {
        return "SIGTERM";
    }
    "Ctrl-C"
}

#[cfg(unix)]
pub(crate) use restarts::Restarts;
#[cfg(unix)]
pub(crate) use unix::Signals;
#[cfg(windows)]
pub(crate) use windows::{Signals, interruptible};
