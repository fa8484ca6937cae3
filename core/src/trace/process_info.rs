//! The program's name and language, for the process line.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::{env, ptr};

/// The bytes of a program's name that are recorded.
const LONGEST: usize = 200;

pub(super) struct ProcessInfo {
    program: String,
    language: &'static str,
}

impl ProcessInfo {
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    pub(super) fn language(&self) -> &'static str {
        self.language
    }
}

/// Leaked, so that a forked child reads it without a lock.
static CURRENT: AtomicPtr<ProcessInfo> = AtomicPtr::new(ptr::null_mut());

/// Sets the program's language and name for the process line of later recordings. `program` is the script or class;
/// if it is empty, the name of the executable is used. For the packages of other languages.
pub fn set_process_info(language: &'static str, program: &str) {
    let program = if program.is_empty() { executable() } else { program.to_owned() };
    let name = program.rsplit('/').find(|part| !part.is_empty()).unwrap_or("?");
    let end = (0..=LONGEST.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    let info = ProcessInfo { program: name[..end].to_owned(), language };
    CURRENT.store(Box::into_raw(Box::new(info)), Ordering::Release);
}

/// What [`set_process_info`] was given, or an executable in Rust.
pub(super) fn process_info() -> &'static ProcessInfo {
    if CURRENT.load(Ordering::Acquire).is_null() {
        set_process_info("rust", "");
    }
    // SAFETY: not null any more, made by `set_process_info` from a box that is never freed.
    unsafe { &*CURRENT.load(Ordering::Acquire) }
}

fn executable() -> String {
    let path = env::current_exe().ok().or_else(|| env::args_os().next().map(Into::into));
    path.as_deref()
        .and_then(std::path::Path::file_name)
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_last_part_of_its_path_and_bounded() {
        let long = "é".repeat(300);
        let table = [
            ("/home/me/UDPServer.py", "UDPServer.py"),
            ("server", "server"),
            ("dir/", "dir"),
            ("/", "?"),
            (&long, &long[..LONGEST]),
        ];
        for (program, expected) in table {
            set_process_info("python", program);
            assert_eq!(process_info().program(), expected);
        }
        set_process_info("c", "");
        assert!(process_info().program().starts_with("capsock-"), "{}", process_info().program());
    }
}
