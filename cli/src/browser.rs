//! The browser, and a page for it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};

/// A file for a page, which the browser reads after this command has ended.
pub(crate) fn page() -> Result<PathBuf> {
    let file = tempfile::Builder::new().prefix("capsock-show-").suffix(".html").tempfile();
    let kept = file.and_then(|file| file.keep().map_err(|error| error.error));
    kept.map(|(_, path)| path)
        .map_err(|error| Failure::new(format!("could not make a file for the page: {error}")))
}

/// Has the desktop open a file or an address, and does not wait for that.
pub(crate) fn open(what: &OsStr) -> Result<()> {
    let mut command = opener();
    command.arg(what).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(format!(
            "could not start {}, which opens the browser: {error}; open {} in it",
            command.get_program().to_string_lossy(),
            what.display()
        ))),
    }
}

fn opener() -> Command {
    if cfg!(windows) {
        // The empty word is the title of a window, which `start` takes a word in quotes for.
        let mut command = Command::new("cmd.exe");
        command.args(["/c", "start", ""]);
        command
    } else if cfg!(target_vendor = "apple") {
        Command::new("open")
    } else {
        Command::new("xdg-open")
    }
}
