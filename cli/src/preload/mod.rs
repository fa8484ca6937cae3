//! How a program that is neither Python nor Java is recorded: the preload library, and whether the program's loader takes it.
//!
//! [`preload`] returns the variable of the environment with which the program is started. It starts nothing.

#[cfg(target_os = "linux")]
mod elf;
#[cfg(target_os = "linux")]
mod linux;
mod path;
#[cfg(not(target_os = "linux"))]
mod unsupported;

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub(crate) use linux::preload;
pub(crate) use path::find_program;
#[cfg(not(target_os = "linux"))]
pub(crate) use unsupported::preload;

/// A variable of the environment of a program that is recorded, in the place of the one that is set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) value: OsString,
}

/// The C library of a program.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Libc {
    Glibc,
    Musl,
}

/// The file of the library, if the user says where it is.
pub(crate) const OVERRIDE: &str = "CAPSOCK_PRELOAD";

/// The places of the library's file: what `CAPSOCK_PRELOAD` says; else the folder of the command, and `../lib/capsock` from
/// there, which is also where the Python package has it.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there is no library"))]
fn places(file: &str) -> Vec<PathBuf> {
    if let Some(chosen) = std::env::var_os(OVERRIDE).filter(|chosen| !chosen.is_empty()) {
        return vec![chosen.into()];
    }
    // The kernel's answer has symbolic links resolved, such as those of pipx.
    let Ok(command) = std::env::current_exe() else { return Vec::new() };
    let Some(folder) = command.parent() else { return Vec::new() };
    let installed = folder.parent().map(|prefix| prefix.join("lib").join("capsock").join(file));
    std::iter::once(folder.join(file)).chain(installed).collect()
}
