//! What a program is, by its name.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::sources;

/// What is known of a program before it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A Python script, or `-` for one from standard input.
    Script,
    /// An interpreter of Python; the place of the script among its arguments, if it is given a script and no option that
    /// takes a value.
    Python(Option<usize>),
    JavaSource,
    Jar,
    /// The launcher of Java.
    Java,
    JavaScript,
    /// A source that is compiled first, by this compiler.
    Source(&'static str),
    Other,
}

/// The options of an interpreter of Python that take no value.
const FLAGS: &str = "bBdEiIOPqRsSuvx";

pub(super) fn of(program: &OsStr, arguments: &[OsString]) -> Kind {
    if program == "-" {
        return Kind::Script;
    }
    let path = Path::new(program);
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "py" | "pyw" => return Kind::Script,
        "java" => return Kind::JavaSource,
        "jar" => return Kind::Jar,
        "js" | "mjs" | "cjs" => return Kind::JavaScript,
        _ => {}
    }
    if let Some(compiler) = sources::compiler(program) {
        return Kind::Source(compiler);
    }
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    if is_python(name) {
        return Kind::Python(script(arguments));
    }
    match name {
        "java" => Kind::Java,
        _ => Kind::Other,
    }
}

/// `python`, `python3`, `python3.12`, `python3.14t`.
fn is_python(name: &str) -> bool {
    let version = name.strip_prefix("python").map(|version| version.strip_suffix('t').unwrap_or(version));
    version.is_some_and(|version| version.chars().all(|one| one.is_ascii_digit() || one == '.'))
}

/// Where the script stands among the arguments of an interpreter; `None` if it is given a module, code, or an option that
/// may have a value.
fn script(arguments: &[OsString]) -> Option<usize> {
    let is_option = |argument: &OsString| argument.to_string_lossy().starts_with('-');
    let place = arguments.iter().position(|argument| !is_option(argument))?;
    let plain = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text.strip_prefix('-')
            .is_some_and(|flags| !flags.is_empty() && flags.chars().all(|flag| FLAGS.contains(flag)))
    };
    arguments[..place].iter().all(plain).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name() {
        for (words, kind) in [
            ("UDPServer.py 12001", Kind::Script),
            ("folder/SERVER.PY", Kind::Script),
            ("-", Kind::Script),
            ("TCPServer.java", Kind::JavaSource),
            ("server.jar", Kind::Jar),
            ("java -cp . TCPServer", Kind::Java),
            ("/usr/lib/jvm/bin/java -version", Kind::Java),
            ("server.js", Kind::JavaScript),
            ("server.c", Kind::Source("cc")),
            ("server.rs", Kind::Source("rustc")),
            ("python3 server.py", Kind::Python(Some(0))),
            ("/usr/bin/python3.12 -u -B server.py 1", Kind::Python(Some(2))),
            ("python -uB server", Kind::Python(Some(1))),
            ("python.exe server.py", Kind::Python(Some(0))),
            ("python3 -m http.server", Kind::Python(None)),
            ("python3 -c print()", Kind::Python(None)),
            ("python3 -X dev server.py", Kind::Python(None)),
            ("python3 --help server.py", Kind::Python(None)),
            ("python3", Kind::Python(None)),
            ("python3-config", Kind::Other),
            ("./server", Kind::Other),
            ("javac TCPServer.java", Kind::Other),
        ] {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(of(&words[0], &words[1..]), kind, "{words:?}");
        }
    }
}
