//! Programs that are neither Python with the package nor Java: the preload library records the calls of their C library.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::{Launch, Recording};
use crate::failure::Result;
use crate::preload::{find_program, preload};

/// A program, found as the system finds it, and its arguments.
pub(super) fn program(program: OsString, arguments: Vec<OsString>, recording: &Recording) -> Result<Launch> {
    let launch = Launch::new(program, arguments).traced(recording);
    if !recording.is_wanted() {
        return Ok(launch);
    }
    if find_program(&launch.program).as_deref().is_some_and(records_itself) {
        return Ok(launch);
    }
    let variable = preload(&launch.program)?;
    Ok(launch.with(variable.name, variable.value).with("ASAN_OPTIONS", sanitizer_options()))
}

/// A program with gcc's AddressSanitizer ends at once if another library is preloaded, unless it is told not to. What the
/// user has set comes last, and counts.
fn sanitizer_options() -> OsString {
    let mut options = OsString::from("verify_asan_link_order=0");
    if let Some(others) = env::var_os("ASAN_OPTIONS") {
        options.push(":");
        options.push(others);
    }
    options
}

/// The size of an executable that is searched, in bytes; larger ones are runtimes such as node.
const LARGEST: u64 = 64 << 20;

/// Whether a program has the recorder of the core in it, or is linked with it, such as this command.
fn records_itself(program: &Path) -> bool {
    let canonical = |path: &Path| fs::canonicalize(path).ok();
    let own = env::current_exe().ok();
    if own.and_then(|own| canonical(&own)).is_some_and(|own| canonical(program) == Some(own)) {
        return true;
    }
    if fs::metadata(program).is_ok_and(|found| found.len() > LARGEST) {
        return false;
    }
    let Ok(bytes) = fs::read(program) else { return false };
    let has = |name: &[u8]| memchr::memmem::find(&bytes, name).is_some();
    // In the three formats of executables.
    let libraries = [&b"libcapsock.so"[..], b"libcapsock.0.dylib", b"capsock.dll"];
    !bytes.starts_with(b"#!") && (has(b"CAPSOCK_TRACE_PAYLOAD") || libraries.into_iter().any(has))
}
