//! `capsock run` with the Python package installed: the program `capsock-run` beside the command runs the script.
//!
//! Only the installer of a package knows which Python it is for. It writes that into `capsock-run`, an entry point of
//! the package, so this crate neither looks for an interpreter nor knows one.

use std::ffi::OsString;

use crate::children::{SCRIPT_RUNNER, replace_by};
use crate::{failure, stdio};

/// Replaces this process by the program `capsock-run` in the folder of the executable, if the first argument behind
/// the program's name is `run` and that program exists. It gets the arguments after `run`. On Windows, which cannot replace
/// a process, the program is a child, whose end is waited for.
///
/// Returns `None` if there is nothing to start, and the exit code if the program cannot be started or, on Windows, has ended.
#[must_use]
pub fn start_script(args: &[OsString]) -> Option<i32> {
    let [_, first, rest @ ..] = args else { return None };
    if first != "run" {
        return None;
    }
    // The kernel's answer has symbolic links resolved, such as those of pipx.
    let program = std::env::current_exe().ok()?.with_file_name(SCRIPT_RUNNER);
    if !program.exists() {
        return None;
    }
    Some(replace_by(&program, rest).unwrap_or_else(|error| {
        stdio::message(format!("could not start {}: {error}", program.display()));
        failure::GENERAL
    }))
}
