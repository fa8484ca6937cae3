//! Starting the successor: the same command, by the name that it was started with.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// The environment variable that says where the connection to the server is that has started this process.
pub(super) const FROM: &str = "CAPSOCK_REPLACES";

/// Its value: standard input, the one descriptor that a process can be given without a number of its own.
pub(super) const BY_STDIN: &str = "stdin";

/// What systemd has passed to this process alone, or by its number.
const OF_THIS_PROCESS: [&str; 4] = ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_PID"];

/// The program and its arguments, as they were when this process started.
pub(super) struct Program {
    /// `None` if it was not found.
    path: Option<PathBuf>,
    arguments: Vec<OsString>,
}

impl Program {
    /// That of this process. Called before the program may have been replaced.
    pub(super) fn current() -> Program {
        let mut arguments = env::args_os();
        let name = arguments.next().unwrap_or_default();
        let path = by_name(&name, env::var_os("PATH")).or_else(|| env::current_exe().ok());
        Program { path, arguments: arguments.collect() }
    }

    /// Starts it with this connection. Whatever is at its path by now is started: a symbolic link may have been pointed to
    /// another version.
    pub(super) fn start(&self, channel: OwnedFd) -> io::Result<Child> {
        let path = self.path.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(path);
        for name in OF_THIS_PROCESS {
            command.env_remove(name);
        }
        command.args(&self.arguments).env(FROM, BY_STDIN).stdin(channel).spawn()
    }
}

/// The path of a program, as a shell finds it: a name without a slash is looked for in the folders of PATH.
fn by_name(name: &OsStr, folders: Option<OsString>) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 || path.is_absolute() {
        // Another working directory does not change it.
        return std::path::absolute(path).ok().filter(|path| path.is_file());
    }
    env::split_paths(&folders?).map(|folder| folder.join(path)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("capsock");
        std::fs::write(&program, "").expect("a file");
        let folders = || env::join_paths([Path::new("/nonexistent"), folder.path()]).ok();
        assert_eq!(by_name(OsStr::new("capsock"), folders()), Some(program.clone()));
        assert_eq!(by_name(program.as_os_str(), None), Some(program));
        assert_eq!(by_name(OsStr::new("capsock"), None), None);
        assert_eq!(by_name(OsStr::new("./no-such-program"), folders()), None);
        assert_eq!(by_name(OsStr::new(""), folders()), None);
    }
}
