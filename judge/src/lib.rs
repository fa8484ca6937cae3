//! Judges a program that was written for the lab of the textbook: a server or a client of the uppercase service, in any
//! language, over real sockets.
//!
//! [`check`] starts the program, puts [probes](probes) to it, and returns a [`Report`], which [`report`] formats. The
//! program needs nothing of capsock. It is foreign code: its time, memory, processes and output are bounded
//! ([`Bounds`]), and its processes are killed at the end. That is no jail: it has the rights of the user who starts it.
//!
//! It runs on Unix systems. Linux alone tells which port a program binds and what it holds; see [`Options::port`].

#[cfg(unix)]
mod client;
mod options;
#[cfg(unix)]
mod picture;
mod probe;
#[cfg(unix)]
mod proc;
#[cfg(unix)]
pub mod processes;
#[cfg(unix)]
mod recorder;
pub mod report;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod stop;
#[cfg(unix)]
mod submission;
#[cfg(unix)]
mod timer;
mod verdict;
#[cfg(unix)]
mod watch;
#[cfg(unix)]
mod wire;
#[cfg(unix)]
mod words;

pub use options::{Bounds, Options, Role};
pub use probe::{Probe, probes};
pub use verdict::{Outcome, Picture, ProbeResult, Report};

/// Runs the probes of [`Options::role`] and [`Options::transport`]. `progress` is called with each result.
///
/// # Errors
/// A sentence that says what is wrong: a port that is taken or missing, a home that cannot be made, or that
/// [`Options::interrupted`] returned true. A program that does not start is no error: it fails its probes.
#[cfg(unix)]
pub fn check(options: &Options, progress: &mut dyn FnMut(&ProbeResult)) -> Result<Report, String> {
    let _adopted = submission::Subreaper::new();
    match options.role {
        Role::Server => server::check(options, progress),
        Role::Client => client::check(options, progress),
    }
}

/// Refuses: this system has neither process groups nor the limits that bound a program.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn check(_options: &Options, _progress: &mut dyn FnMut(&ProbeResult)) -> Result<Report, String> {
    Err("programs are checked on Linux, macOS and FreeBSD only: this system cannot bound a program; \
         on Windows, use the Windows Subsystem for Linux"
        .to_owned())
}
