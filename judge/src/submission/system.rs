//! Process groups, limits of resources, and the subreaper.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use crate::options::{Bounds, DESCRIPTORS, LARGEST_FILE};

/// Lets the command start in a process group of its own, with default signals, within the bounds, and, on Linux, die with
/// the thread that starts it.
///
/// RLIMIT_DATA bounds what a process can write to. RLIMIT_AS would count the address space that a JVM reserves as well.
/// RLIMIT_NPROC counts all processes of the user, so that it bounds the program above what the user has, and does not
/// bound root: the guard counts the program's own.
pub(super) fn bound(command: &mut Command, bounds: &Bounds) {
    let cpu = bounds.cpu.as_secs().max(1);
    let limits = [
        (libc::RLIMIT_DATA, bounds.memory),
        (libc::RLIMIT_CPU, cpu),
        (libc::RLIMIT_FSIZE, LARGEST_FILE),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_NOFILE, DESCRIPTORS),
    ];
    let judge = std::process::id();
    command.process_group(0);
    let prepare = move || {
        for (resource, limit) in limits {
            let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: the structure is written by the first call, and read by the second.
            unsafe {
                if libc::getrlimit(resource, &raw mut now) == 0 {
                    let hard = (limit as libc::rlim_t).min(now.rlim_max);
                    // Descriptors may be raised to the hard limit, as a JVM does, since the guard's other bounds hold.
                    if resource == libc::RLIMIT_CPU {
                        // SIGXCPU at the soft limit, which tells more than SIGKILL at the hard one.
                        now.rlim_max = now.rlim_max.min(hard.saturating_add(1));
                    } else if resource != libc::RLIMIT_NOFILE {
                        now.rlim_max = hard;
                    }
                    now.rlim_cur = hard;
                    libc::setrlimit(resource, &raw const now);
                }
            }
        }
        // A judge in the background of a shell may ignore SIGINT, which the program would inherit.
        for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP, libc::SIGPIPE] {
            // SAFETY: the default action is valid for each of them.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        die_with(judge)
    };
    // SAFETY: between fork and exec the closure makes system calls that signal-safety(7) lists or that are no more than a
    // system call (getrlimit, setrlimit, prctl), and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

#[cfg(target_os = "linux")]
fn die_with(judge: u32) -> io::Result<()> {
    // SAFETY: prctl takes numbers; getppid takes nothing.
    let parent = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::getppid()
    };
    // The judge may have ended before.
    if u32::try_from(parent) == Ok(judge) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_judge: u32) -> io::Result<()> {
    Ok(())
}

/// `ended with exit status 1`, `was ended by signal 11 (SIGSEGV)`.
pub(super) fn described(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => format!("was ended by {}", signal_name(signal)),
        (None, None) => "ended".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU, at the limit of its processor time",
        libc::SIGXFSZ => "SIGXFSZ, at the limit of a file's size",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

/// Kills a process group. That it has ended is no error.
pub(super) fn kill_group(root: u32) {
    signal_to(root, true, libc::SIGKILL);
}

/// Sends SIGINT to a process group.
pub(super) fn interrupt_group(root: u32) {
    signal_to(root, true, libc::SIGINT);
}

/// Kills a descendant, and reaps it if it is a child of this process.
pub(crate) fn kill_and_reap(process: u32) {
    signal_to(process, false, libc::SIGKILL);
    reap(process);
}

/// Reaps a process if it is a child of this one that has ended.
pub(super) fn reap(process: u32) {
    if let Ok(process @ 2..) = i32::try_from(process) {
        // SAFETY: the status is not wanted; a process that is no child is refused.
        unsafe { libc::waitpid(process, std::ptr::null_mut(), libc::WNOHANG) };
    }
}

fn signal_to(process: u32, group: bool, signal: i32) {
    if let Ok(process @ 2..) = i32::try_from(process) {
        // SAFETY: kill takes any numbers; 0, 1 and -1, which mean others' processes, are excluded.
        unsafe { libc::kill(if group { -process } else { process }, signal) };
    }
}

/// While it lives, this process adopts the descendants whose parent has ended, so that none of them gets away
/// (PR_SET_CHILD_SUBREAPER). Linux alone has that; elsewhere a process that leaves the group of its program outlives it.
pub(crate) struct Subreaper {
    #[cfg(target_os = "linux")]
    before: libc::c_int,
}

#[cfg(target_os = "linux")]
impl Subreaper {
    pub(crate) fn new() -> Subreaper {
        let mut before: libc::c_int = 0;
        // SAFETY: the first call writes an int, the second takes a number.
        unsafe {
            libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut before);
            libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        }
        Subreaper { before }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Subreaper {
    fn drop(&mut self) {
        // SAFETY: prctl takes numbers.
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, self.before) };
    }
}

#[cfg(not(target_os = "linux"))]
impl Subreaper {
    pub(crate) fn new() -> Subreaper {
        Subreaper {}
    }
}
