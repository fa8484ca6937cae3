//! Programs that are neither Python with the package nor Java: the preload library records the calls of libc.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Launch, Recording};
use crate::failure::Result;
use crate::preload;

/// A program, found as the system finds it, and its arguments.
pub(super) fn program(program: OsString, arguments: Vec<OsString>, recording: &Recording) -> Result<Launch> {
    let launch = Launch::new(program, arguments).traced(recording);
    let by_environment = env::var_os("CAPSOCK_TRACE").is_some_and(|file| !file.is_empty());
    if recording.file.is_none() && !by_environment {
        return Ok(launch);
    }
    let path = located(&launch.program);
    if path.as_deref().is_some_and(records_itself) {
        return Ok(launch);
    }
    if let Some(path) = &path {
        preload::check(path)?;
    }
    let mut libraries = preload::library()?.into_os_string();
    if let Some(others) = env::var_os(preload::VARIABLE).filter(|others| !others.is_empty()) {
        libraries.push(":");
        libraries.push(others);
    }
    Ok(launch.with(preload::VARIABLE, libraries))
}

/// Whether a program has the recorder of the core in it, or is linked with it, such as this command.
fn records_itself(program: &Path) -> bool {
    let Ok(bytes) = fs::read(program) else { return false };
    let has = |name: &[u8]| memchr::memmem::find(&bytes, name).is_some();
    has(b"\x7fELF") && (has(b"CAPSOCK_TRACE_PAYLOAD") || has(b"libcapsock.so"))
}

/// The file of a program: the path itself, or the first in PATH.
fn located(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return path.is_file().then(|| path.to_owned());
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}
