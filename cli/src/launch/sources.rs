//! Sources that a compiler makes a program of.

use std::ffi::OsStr;
use std::path::Path;

/// The compiler of a source, by its ending.
pub(crate) fn compiler(source: &OsStr) -> Option<&'static str> {
    match Path::new(source).extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "c" => Some("cc"),
        "cc" | "cpp" | "cxx" => Some("c++"),
        "rs" => Some("rustc"),
        _ => None,
    }
}
