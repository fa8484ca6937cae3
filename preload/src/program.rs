//! The program's name: of an interpreter, that of its script; of Java, that of its source, jar or class.

use std::path::Path;

/// The programs that run scripts, by the beginning of their names: `python3.14`, `perl5.40`.
const INTERPRETERS: [&str; 12] =
    ["python", "pypy", "perl", "ruby", "node", "nodejs", "bun", "php", "lua", "tclsh", "guile", "java"];

/// The name of the program with these arguments, which `executable` runs. Empty: that of the executable.
pub(crate) fn name(executable: &Path, arguments: &[&[u8]]) -> String {
    let file = executable.file_name().unwrap_or_default().to_string_lossy();
    let base = file.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.');
    if !INTERPRETERS.contains(&base) {
        return String::new();
    }
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        let argument = String::from_utf8_lossy(argument);
        match &*argument {
            // A module of Python's.
            "-m" if base.starts_with("py") => {
                return rest
                    .next()
                    .map(|module| String::from_utf8_lossy(module).into_owned())
                    .unwrap_or_default();
            }
            // Options of Java with an argument of their own.
            "-cp" | "-classpath" | "--class-path" | "-p" | "--module-path" | "--add-modules"
                if base == "java" =>
            {
                rest.next();
            }
            // The program is an argument, or standard input.
            "-c" | "-e" | "-" | "-E" | "-p" | "--eval" | "--print" | "-r" => return String::new(),
            // Options of Python with an argument of their own.
            "-W" | "-X" if base.starts_with("py") => {
                rest.next();
            }
            option if option.starts_with('-') => {}
            script => return script.to_owned(),
        }
    }
    String::new()
}
