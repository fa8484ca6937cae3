//! LD_PRELOAD of ld.so(8).

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{Read, Take};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::elf::{Elf, ElfError};
use super::{Libc, OVERRIDE, Variable, find_program, places};
use crate::failure::{Failure, Result};

const VARIABLE: &str = "LD_PRELOAD";

/// An interpreter may be a script itself; the kernel follows four.
const INTERPRETERS: usize = 4;

/// The variable with which `program`, a path or a name in PATH, is recorded.
///
/// # Errors
/// There is no such program, it cannot be recorded, or the library is not installed: a sentence that says which.
pub(crate) fn preload(program: &OsStr) -> Result<Variable> {
    let found = find_program(program)
        .ok_or_else(|| Failure::new(format!("there is no program {}", Path::new(program).display())))?;
    let (file, elf) = executable(found)?;
    let refused = |why: &str| Failure::new(format!("{} {why}", file.display()));
    if elf.is_go {
        return Err(refused(
            "is a Go program, which makes its system calls without the C library: they cannot be recorded",
        ));
    }
    let Some(loader) = &elf.loader else {
        return Err(refused("is linked statically: it has no C library whose calls could be recorded"));
    };
    if is_privileged(&file) {
        return Err(refused(
            "has more privileges than its user (set-user-ID, set-group-ID or capabilities): the loader ignores LD_PRELOAD for it",
        ));
    }
    let library = library(if loader.contains("ld-musl") { Libc::Musl } else { Libc::Glibc })?;
    match Elf::read(&library) {
        Ok(ours) if ours.machine == elf.machine => {}
        Ok(_) => return Err(refused(&format!("is for another processor than {}", library.display()))),
        Err(error) => return Err(Failure::new(format!("{}: {error}", library.display()))),
    }
    Ok(Variable { name: VARIABLE, value: value(&library, std::env::var_os(VARIABLE))? })
}

/// The library's file for programs with this C library.
///
/// # Errors
/// It is not there: a sentence that says where it was looked for.
fn library(libc: Libc) -> Result<PathBuf> {
    let file = match libc {
        Libc::Glibc => "libcapsock_preload.so",
        Libc::Musl => "libcapsock_preload-musl.so",
    };
    let places = places(file);
    if let Some(found) = places.iter().find(|place| place.is_file()) {
        return found.canonicalize().map_err(|error| Failure::new(format!("{}: {error}", found.display())));
    }
    let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    Err(Failure::new(format!(
        "the library that records programs is not there: {} ({OVERRIDE} says where it is)",
        places.join(", ")
    )))
}

/// The executable that runs, which for a script is its interpreter.
fn executable(mut file: PathBuf) -> Result<(PathBuf, Elf)> {
    for _ in 0..=INTERPRETERS {
        let error = match Elf::read(&file) {
            Ok(elf) => return Ok((file, elf)),
            Err(error) => error,
        };
        let interpreter = match error {
            ElfError::OtherFormat => interpreter(&file),
            _ => None,
        };
        file = interpreter.ok_or_else(|| Failure::new(format!("{}: {error}", file.display())))?;
    }
    Err(Failure::new(format!("{}: too many interpreters", file.display())))
}

/// The program that runs a script: that of its first line, and the shell if it has none, as in execvp(3).
fn interpreter(script: &Path) -> Option<PathBuf> {
    let mut start = Vec::new();
    let file: Take<File> = File::open(script).ok()?.take(256);
    { file }.read_to_end(&mut start).ok()?;
    let Some(line) = start.strip_prefix(b"#!") else {
        // Text, as the shells take it.
        return (!start.contains(&0)).then(|| PathBuf::from("/bin/sh"));
    };
    let line = line.split(|byte| *byte == b'\n').next()?;
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let program = OsStr::from_bytes(words.next()?);
    if Path::new(program).file_name() != Some(OsStr::new("env")) {
        return Some(PathBuf::from(program));
    }
    let named = words.find(|word| !word.starts_with(b"-") && !word.contains(&b'='))?;
    find_program(OsStr::from_bytes(named))
}

/// Whether the loader ignores LD_PRELOAD for a program (ld.so(8), secure-execution mode).
fn is_privileged(file: &Path) -> bool {
    let Ok(found) = file.metadata() else { return false };
    // SAFETY: the calls take nothing and cannot fail.
    let (user, group) = unsafe { (libc::getuid(), libc::getgid()) };
    let as_other = (found.mode() & libc::S_ISUID != 0 && found.uid() != user)
        || (found.mode() & libc::S_ISGID != 0 && found.gid() != group);
    as_other || (user != 0 && has_capabilities(file))
}

fn has_capabilities(file: &Path) -> bool {
    let Ok(path) = CString::new(file.as_os_str().as_bytes()) else { return false };
    let name = c"security.capability";
    // SAFETY: both are NUL-terminated, and a size of 0 asks for the size alone.
    unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) > 0 }
}

/// The library before those that are preloaded already.
fn value(library: &Path, before: Option<OsString>) -> Result<OsString> {
    let path = library.as_os_str().as_bytes();
    if path.iter().any(|byte| matches!(byte, b' ' | b':' | b'\t' | b'\n')) {
        return Err(Failure::new(format!(
            "{}: LD_PRELOAD can have no path with a blank or a colon: copy the library elsewhere and name it by {OVERRIDE}",
            library.display()
        )));
    }
    let mut value = path.to_vec();
    if let Some(before) = before.filter(|before| !before.is_empty()) {
        value.push(b':');
        value.extend(before.as_bytes());
    }
    Ok(OsString::from_vec(value))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_library_stands_before_others_and_needs_a_plain_path() {
        let library = Path::new("/usr/lib/capsock/libcapsock_preload.so");
        assert_eq!(value(library, None).unwrap(), library.as_os_str());
        let both = value(library, Some("other.so".into())).unwrap();
        assert_eq!(both, OsStr::new("/usr/lib/capsock/libcapsock_preload.so:other.so"));
        for path in ["/my files/a.so", "/a:b/a.so"] {
            assert!(value(Path::new(path), None).unwrap_err().text.unwrap().contains("CAPSOCK_PRELOAD"));
        }
    }

    #[test]
    fn a_script_runs_its_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        let table = [
            ("#!/bin/sh\necho", Some("/bin/sh")),
            ("#! /bin/sh -e\necho", Some("/bin/sh")),
            ("#!/usr/bin/env sh\n", find_program(OsStr::new("sh")).as_deref().and_then(Path::to_str)),
            ("echo", Some("/bin/sh")),
            ("#!\n", None),
            ("\0\0", None),
        ]
        .map(|(text, expected)| (text, expected.map(str::to_owned)));
        for (text, expected) in table {
            std::fs::write(&script, text).unwrap();
            assert_eq!(interpreter(&script), expected.map(PathBuf::from), "{text:?}");
        }
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(&script, "#!/bin/sh\n").unwrap();
        assert!(executable(script).unwrap().1.loader.is_some());
    }

    #[test]
    fn a_program_of_another_user_with_his_rights_is_privileged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        std::fs::copy(std::env::current_exe().unwrap(), &file).unwrap();
        let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        mode(0o4755);
        assert!(!is_privileged(&file), "its user is this one");
        // Only root may give a file away.
        if std::os::unix::fs::chown(&file, Some(65534), None).is_ok() {
            mode(0o4755);
            assert!(is_privileged(&file));
            let text = preload(file.as_os_str()).unwrap_err().text.unwrap();
            assert!(text.contains("set-user-ID"), "{text}");
            mode(0o755);
            assert!(!is_privileged(&file));
        }
    }

    #[test]
    fn what_does_not_exist_is_said() {
        let error = preload(OsStr::new("/no/such/program")).unwrap_err();
        assert_eq!(error.text.as_deref(), Some("there is no program /no/such/program"));
    }
}
