//! Python: the package runs a script on the core. Where a Python has no package, its calls are recorded as those of any
//! other program.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Launch, Recording, native};
use crate::children::SCRIPT_RUNNER;
use crate::failure::{Failure, Result};

/// The interpreter of a script whose command names none.
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Ends with 0 if the interpreter finds the package elsewhere than in the working folder.
const HAS_PACKAGE: &str = "import sys; del sys.path[:1]; import importlib.util as u; s = u.find_spec('capsock'); \
                           sys.exit(s is None or s.origin is None)";

/// A script, and its arguments.
pub(super) fn script(script: &OsStr, arguments: &[OsString], recording: &Recording) -> Result<Launch> {
    let words = || std::iter::once(script.to_owned()).chain(arguments.iter().cloned());
    if let Some(runner) = runner() {
        return Ok(Launch::new(runner, options(recording).into_iter().chain(words()).collect()));
    }
    if has_package(OsStr::new(PYTHON)) {
        let module = ["-m", "capsock", "run"].map(OsString::from).into_iter();
        return Ok(Launch::new(PYTHON, module.chain(options(recording)).chain(words()).collect()));
    }
    without_package(OsStr::new(PYTHON), words().collect(), recording)
}

/// An interpreter, with the place of the script among its arguments.
pub(super) fn interpreter(
    interpreter: &OsStr,
    arguments: &[OsString],
    place: Option<usize>,
    recording: &Recording,
) -> Result<Launch> {
    // A module, or code, is recorded as any program is.
    let Some(place) = place else {
        return native::program(interpreter.to_owned(), arguments.to_vec(), recording);
    };
    if !has_package(interpreter) {
        return without_package(interpreter, arguments.to_vec(), recording);
    }
    let (flags, words) = arguments.split_at(place);
    let module = ["-m", "capsock", "run"].map(OsString::from);
    let arguments =
        flags.iter().cloned().chain(module).chain(options(recording)).chain(words.iter().cloned());
    Ok(Launch::new(interpreter, arguments.collect()))
}

/// The calls of its C library are recorded.
fn without_package(interpreter: &OsStr, arguments: Vec<OsString>, recording: &Recording) -> Result<Launch> {
    native::program(interpreter.to_owned(), arguments, recording).map_err(|failure| {
        let why = failure.text.unwrap_or_default();
        let text = format!(
            "{} has no package capsock: install it; without it, {why}",
            Path::new(interpreter).display()
        );
        Failure { text: Some(text), ..failure }
    })
}

/// The program of the package in the folder of this command. Only the installer of a package knows which Python it is
/// for, and writes that into the entry point.
fn runner() -> Option<PathBuf> {
    // The kernel's answer has symbolic links resolved, such as those of pipx.
    let runner = std::env::current_exe().ok()?.with_file_name(SCRIPT_RUNNER);
    runner.exists().then_some(runner)
}

/// The options of the package's `run`.
fn options(recording: &Recording) -> Vec<OsString> {
    let mut options = Vec::new();
    if recording.no_hints {
        options.push("--no-hints".into());
    }
    if let Some(file) = &recording.file {
        options.extend(["--trace".into(), file.clone().into_os_string()]);
        if recording.no_payload {
            options.push("--no-payload".into());
        }
    }
    options.push("--".into());
    options
}

fn has_package(interpreter: &OsStr) -> bool {
    let mut command = Command::new(interpreter);
    command.args(["-c", HAS_PACKAGE]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Its own calls, of which there are none, belong into no record.
    command.env_remove("CAPSOCK_TRACE");
    command.status().is_ok_and(|status| status.success())
}
