//! Process groups, sh(1) and exec(3).

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

pub(crate) use capsock_check::processes::Sweep;

/// The program of the Python package beside the command.
pub(crate) const SCRIPT_RUNNER: &str = "capsock-run";

/// A child and its children, in a process group of their own: they get no Ctrl-C of the terminal. On Linux the child is
/// killed if the thread that has started it ends, as it does with this process.
pub(crate) struct Group(u32);

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
        Group::start(command, true)
    }

    /// The child goes on if this process is killed.
    pub(crate) fn spawn_survivor(command: &mut Command) -> io::Result<(Child, Group)> {
        Group::start(command, false)
    }

    fn start(command: &mut Command, dies_with_this: bool) -> io::Result<(Child, Group)> {
        let parent = std::process::id();
        command.process_group(0);
        let prepare = move || {
            // This process may ignore them, as one in the background of a shell does, and the child would inherit that.
            for signal in [libc::SIGINT, libc::SIGTERM] {
                // SAFETY: the default action is valid for each of them.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
            if dies_with_this { die_with(parent) } else { Ok(()) }
        };
        // SAFETY: between fork and exec the closure makes calls that signal-safety(7) lists, or that are no more than a
        // system call (prctl), and allocates nothing.
        unsafe { command.pre_exec(prepare) };
        let child = command.spawn()?;
        let group = Group(child.id());
        Ok((child, group))
    }

    /// Kills them. That they have ended is no error. Once the child has been waited for, the number may be another's.
    pub(crate) fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    /// Does what Ctrl-C in their terminal does.
    pub(crate) fn interrupt(&self) {
        self.signal(libc::SIGINT);
    }

    /// Asks them to end.
    pub(crate) fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    fn signal(&self, signal: i32) {
        if let Ok(group @ 2..) = i32::try_from(self.0) {
            // SAFETY: kill takes any numbers; 0, 1 and -1, which mean others' processes, are excluded.
            unsafe { libc::kill(-group, signal) };
        }
    }
}

#[cfg(target_os = "linux")]
fn die_with(parent: u32) -> io::Result<()> {
    // SAFETY: prctl takes numbers; getppid takes nothing.
    let now = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::getppid()
    };
    // It may have ended before.
    if u32::try_from(now) == Ok(parent) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_parent: u32) -> io::Result<()> {
    Ok(())
}

/// A command of the shell, with these arguments added.
pub(crate) fn shell(text: &str, arguments: &[OsString]) -> Command {
    let mut command = Command::new("sh");
    // As positional parameters, the arguments are not split at spaces.
    command.arg("-c").arg(format!("exec {text} \"$@\"")).arg("sh").args(arguments);
    command
}

/// Replaces this process by a program. Returns only if that fails.
pub(crate) fn replace_by(command: &mut Command) -> io::Result<i32> {
    Err(command.exec())
}
