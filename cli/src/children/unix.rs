//! Process groups, sh(1) and exec(3).

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

/// The program of the Python package beside the command.
pub(crate) const SCRIPT_RUNNER: &str = "capsock-run";

/// A child and its children, in a process group of their own: they get no Ctrl-C of the terminal.
pub(crate) struct Group(u32);

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
        let child = command.process_group(0).spawn()?;
        let group = Group(child.id());
        Ok((child, group))
    }

    /// Kills them. That they have ended is no error. Once the child has been waited for, the number may be another's.
    pub(crate) fn kill(&self) {
        if let Ok(group @ 2..) = i32::try_from(self.0) {
            // SAFETY: kill takes any numbers; 0, 1 and -1, which mean others' processes, are excluded.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
}

/// A command of the shell, with these arguments added.
pub(crate) fn shell(text: &str, arguments: &[OsString]) -> Command {
    let mut command = Command::new("sh");
    // As positional parameters, the arguments are not split at spaces.
    command.arg("-c").arg(format!("exec {text} \"$@\"")).arg("sh").args(arguments);
    command
}

/// Replaces this process by a program. Returns only if that fails.
pub(crate) fn replace_by(program: &Path, arguments: &[OsString]) -> io::Result<i32> {
    Err(Command::new(program).args(arguments).exec())
}
