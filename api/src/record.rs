//! Compares what a library exports with a recorded list.
//!
//! A list is a text file. Its first lines begin with `#`; one of them is `# version: NAME`, the version that changes
//! with an incompatible change: the soname for C. Each further line is an exported item. If the lists differ, the test
//! fails until `CAPSOCK_BLESS=1` writes the list again. A recorded line can be removed or changed only with a new
//! version.

use std::fs;
use std::path::Path;

/// Compares the exported items with the recorded list.
///
/// # Errors
/// The message of the failing test: the lists differ, or a recorded line is missing under the same version.
pub fn check(file: &Path, about: &str, version: &str, exported: &[String]) -> Result<(), String> {
    let recorded = fs::read_to_string(file).unwrap_or_default();
    let current = rendered(about, version, exported);
    if recorded == current {
        return Ok(());
    }
    let lost = lost(&recorded, version, exported);
    if !lost.is_empty() {
        return Err(format!(
            "{} lines of {} have gone or changed, and programs that use them break; the version {version} has to \
             move first:\n{}",
            lost.len(),
            file.display(),
            lost.join("\n")
        ));
    }
    if std::env::var_os("CAPSOCK_BLESS").is_some() {
        return fs::write(file, current)
            .map_err(|error| format!("could not write {}: {error}", file.display()));
    }
    let new: Vec<_> = current.lines().filter(|line| !recorded.lines().any(|old| old == *line)).collect();
    Err(format!(
        "{} does not record what is exported; CAPSOCK_BLESS=1 writes it. New:\n{}",
        file.display(),
        new.join("\n")
    ))
}

/// The content of the file.
fn rendered(about: &str, version: &str, exported: &[String]) -> String {
    let head: String = about.lines().map(|line| format!("# {line}\n")).collect();
    let lines: String = exported.iter().map(|line| format!("{line}\n")).collect();
    format!("{head}# version: {version}\n{lines}")
}

/// The recorded lines that are no longer exported, if the version is the same.
fn lost<'a>(recorded: &'a str, version: &str, exported: &[String]) -> Vec<&'a str> {
    if !recorded.lines().any(|line| line == format!("# version: {version}")) {
        return Vec::new();
    }
    let kept = |line: &&str| !line.starts_with('#') && !exported.iter().any(|one| one == line);
    recorded.lines().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_with_the_version_alone() {
        let list = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let recorded = rendered("Exported.", "1", &list(&["a", "b"]));
        assert_eq!(recorded, "# Exported.\n# version: 1\na\nb\n");
        assert!(lost(&recorded, "1", &list(&["b", "new", "a"])).is_empty());
        assert_eq!(lost(&recorded, "1", &list(&["b"])), ["a"]);
        assert!(lost(&recorded, "2", &list(&["b"])).is_empty());
    }
}
