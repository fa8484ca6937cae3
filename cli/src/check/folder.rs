//! The submissions in a folder: which files they are, and how each is run.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use capsock::Transport;
use capsock_check::Role;

use crate::failure::{Failure, Result};

/// How deep the folders of a folder are searched.
const DEPTH: usize = 3;

/// Compiles a program in C into the temporary home, within the bounds, and becomes it.
const C: &str = "cc -O1 -pthread -o \"$HOME/program\" \"$1\" && exec \"$HOME/program\"";

/// One program of a folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Submission {
    /// Its path in the folder.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) transport: Transport,
    pub(super) command: Vec<OsString>,
}

/// The programs whose names tell what they are, such as `TCPServer.py` or `ada/udp_client.c`.
pub(super) fn by_name(
    folder: &Path,
    role: Option<Role>,
    transport: Option<Transport>,
) -> Result<Vec<Submission>> {
    let mut files = Vec::new();
    search(folder, DEPTH, &mut files)?;
    let mut found = Vec::new();
    for file in files {
        let Some((its_role, its_transport)) = told_by(&file) else { continue };
        let wanted = role.is_none_or(|role| role == its_role)
            && transport.is_none_or(|transport| transport == its_transport);
        if let (true, Some(command)) = (wanted, run_by(&file)) {
            found.push(Submission {
                name: name(folder, &file),
                role: its_role,
                transport: its_transport,
                command,
            });
        }
    }
    Ok(found)
}

/// Each entry of the folder, run by a command in which `{file}` is its path.
pub(super) fn by_command(
    folder: &Path,
    role: Role,
    transport: Transport,
    command: &[OsString],
) -> Result<Vec<Submission>> {
    let submission = |file: PathBuf| {
        let path = file.to_string_lossy().into_owned();
        let word = |word: &OsString| match word.to_str() {
            Some(text) => text.replace("{file}", &path).into(),
            None => word.clone(),
        };
        Submission { name: name(folder, &file), role, transport, command: command.iter().map(word).collect() }
    };
    Ok(entries(folder)?.into_iter().map(submission).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Failure::usage(format!("could not read the folder {}: {error}", folder.display()));
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden {
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}

fn search(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in entries(folder)? {
        // A link may lead out of the folder, or back into it.
        let Ok(kind) = fs::symlink_metadata(&path) else { continue };
        if kind.is_dir() && depth > 0 {
            search(&path, depth - 1, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn name(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned()
}

/// What a program is, by the name of its file.
fn told_by(file: &Path) -> Option<(Role, Transport)> {
    let name = file.file_stem()?.to_string_lossy().to_lowercase();
    let role = match (name.contains("server"), name.contains("client")) {
        (true, false) => Role::Server,
        (false, true) => Role::Client,
        _ => return None,
    };
    let transport = match (name.contains("tcp"), name.contains("udp")) {
        (true, false) => Transport::Tcp,
        (false, true) => Transport::Udp,
        _ => return None,
    };
    Some((role, transport))
}

/// How a program is run, by the extension of its file; a file without one that is executable, by itself.
fn run_by(file: &Path) -> Option<Vec<OsString>> {
    let with = |words: &[&str]| {
        let words = words.iter().map(OsString::from);
        Some(words.chain([file.as_os_str().to_owned()]).collect())
    };
    match file.extension().and_then(OsStr::to_str) {
        Some("py") => with(&["python3"]),
        Some("java") => with(&["java"]),
        Some("js") => with(&["node"]),
        Some("sh") => with(&["sh"]),
        Some("c") => with(&["sh", "-c", C, "sh"]),
        None if executable(file) => Some(vec![file.as_os_str().to_owned()]),
        _ => None,
    }
}

#[cfg(unix)]
fn executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn executable(_file: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_a_program_is_or_nothing() {
        for (name, told) in [
            ("TCPServer.py", Some((Role::Server, Transport::Tcp))),
            ("ada/udp_client.c", Some((Role::Client, Transport::Udp))),
            ("ConcurrentTCPServer.java", Some((Role::Server, Transport::Tcp))),
            ("server.py", None),
            ("TCPServerClient.py", None),
            ("tcpudp-server.py", None),
            ("README", None),
        ] {
            assert_eq!(told_by(Path::new(name)), told, "{name}");
        }
        assert_eq!(run_by(Path::new("a/b.py")), Some(vec!["python3".into(), "a/b.py".into()]));
        assert_eq!(run_by(Path::new("a/b.md")), None);
    }
}
