//! The `capsock` command as a library: [`run`] does what the command does and returns its exit code.
//!
//! It parses the command line, calls the core, and prints the results. It is not a library for other programs; that is
//! the crate `capsock`.

mod argument;
mod browser;
mod check;
mod children;
mod client;
mod command;
mod completions;
mod demo;
mod escaped;
mod failure;
mod http;
mod launch;
mod link;
mod log;
mod man;
mod metrics;
mod mode;
mod options;
mod picture;
mod port;
mod preload;
mod record;
mod restart;
mod run_program;
mod seconds;
mod serve;
mod show;
mod signals;
mod stdio;
mod step;
mod systemd;
mod terminal;
mod trace;
mod trace_file;
mod uppercase;
mod watch;

// A link to examples/peer/peer.rs, so that the crate holds all its files when it is packed. The
// file is a program of its own as well: only its `main` is unused here.
#[allow(dead_code)]
mod peer;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the command and returns its exit code: 0 success, 1 network failure, 2 wrong usage, 124 timeout,
/// 129 SIGHUP, 130 Ctrl-C, 143 SIGTERM.
///
/// `args[0]` is the program's name; the rest are its arguments. Data goes to the process's standard
/// output, everything else to its standard error, both without a buffer: a host that buffers its output flushes it
/// before the call.
///
/// It neither exits nor panics. While it runs, it handles SIGINT, SIGTERM, SIGHUP and SIGURG
/// (with which it interrupts its own thread); before it returns, it restores the handlers of the
/// host. A SIGINT, SIGTERM or SIGHUP that was ignored stays ignored. Call it on the main thread, which
/// is where the system delivers a process's signals first, and from one thread at a time.
#[must_use]
pub fn run(args: Vec<OsString>) -> i32 {
    capsock::trace::set_process_info("rust", "capsock");
    match catch_unwind(AssertUnwindSafe(|| command::run(args))) {
        Ok(code) => code,
        Err(_) => {
            stdio::message(
                "a defect of capsock itself ended the command; please report it with the text above",
            );
            failure::GENERAL
        }
    }
}
