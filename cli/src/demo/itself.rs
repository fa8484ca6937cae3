//! How this very program is started again, for the built-in peer.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::failure::{Failure, Result};

/// The words that start the hidden `peer` subcommand: what started this process, without the
/// arguments. For the command alone that is its file; in Python it is the interpreter and whatever
/// made it load the package (`python -m capsock`).
pub(super) fn command(args: &[OsString]) -> Result<Vec<OsString>> {
    let failed = |error| Failure::new(format!("could not find out how this program was started: {error}"));
    let line = std::fs::read("/proc/self/cmdline").map_err(failed)?;
    let words = line.strip_suffix(b"\0").unwrap_or(&line).split(|byte| *byte == 0);
    let mut words = without(words.map(|word| OsString::from_vec(word.to_vec())).collect(), args);
    if words.len() <= 1 {
        // More exact than a name that was looked up or is relative.
        words = vec![std::env::current_exe().map_err(failed)?.into_os_string()];
    }
    words.push("peer".into());
    Ok(words)
}

/// `line` without the arguments that it ends with; `args[0]` is a name and none of them.
fn without(mut line: Vec<OsString>, args: &[OsString]) -> Vec<OsString> {
    let given = args.get(1..).unwrap_or_default();
    if line.ends_with(given) {
        line.truncate(line.len() - given.len());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_started_the_program_is_left() {
        let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        let scenarios = [
            ("capsock demo --json", "capsock demo --json", "capsock"),
            ("python3 -m capsock demo", "capsock demo", "python3 -m capsock"),
            (
                "/venv/bin/python /venv/bin/capsock demo",
                "/venv/bin/capsock demo",
                "/venv/bin/python /venv/bin/capsock",
            ),
            ("capsock", "capsock", "capsock"),
            ("capsock", "", "capsock"),
        ];
        for (line, args, left) in scenarios {
            assert_eq!(without(words(line), &words(args)), words(left), "{line}");
        }
    }
}
