//! Who records: the program's name and language, as the process line has them.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::{env, ptr};

/// So many bytes of a program's name are recorded.
const LONGEST: usize = 200;

pub(super) struct Introduction {
    program: String,
    language: &'static str,
}

impl Introduction {
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    pub(super) fn language(&self) -> &'static str {
        self.language
    }
}

/// Kept for good once it is said: a process forked off reads it without a lock.
static SAID: AtomicPtr<Introduction> = AtomicPtr::new(ptr::null_mut());

/// Says who records, before a recording begins: the language, and the name of the script or class; an empty name
/// is the executable's. For the packages of other languages.
pub fn introduce(language: &'static str, program: &str) {
    let program = if program.is_empty() { executable() } else { program.to_owned() };
    let name = program.rsplit('/').find(|part| !part.is_empty()).unwrap_or("?");
    let end = (0..=LONGEST.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    let introduction = Introduction { program: name[..end].to_owned(), language };
    SAID.store(Box::into_raw(Box::new(introduction)), Ordering::Release);
}

/// What was said, or that it is a program in Rust.
pub(super) fn introduction() -> &'static Introduction {
    if SAID.load(Ordering::Acquire).is_null() {
        introduce("rust", "");
    }
    // SAFETY: not null any more, made by `introduce` from a box that is never freed.
    unsafe { &*SAID.load(Ordering::Acquire) }
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
            introduce("python", program);
            assert_eq!(introduction().program(), expected);
        }
        introduce("c", "");
        assert!(introduction().program().starts_with("capsock-"), "{}", introduction().program());
    }
}
