//! Jobs, cmd.exe, and a child in the place of exec(3).

use std::ffi::{OsString, c_void};
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;

use windows_sys::Win32::Foundation::{FALSE, TRUE};
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::CREATE_NEW_PROCESS_GROUP;
use windows_sys::core::BOOL;

/// The program of the Python package beside the command.
pub(crate) const SCRIPT_RUNNER: &str = "capsock-run.exe";

/// A child and its children, in a job and a process group of their own: they get no Ctrl-C of the console, and end with this
/// process, however it ends.
pub(crate) struct Group {
    job: OwnedHandle,
    /// The number of the child, which is that of its process group.
    child: u32,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
        let job = job(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
        let mut child = command.creation_flags(CREATE_NEW_PROCESS_GROUP).spawn()?;
        if let Err(error) = assign(&job, &child) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        let group = Group { job, child: child.id() };
        Ok((child, group))
    }

    /// The same: no program is stepped here.
    pub(crate) fn spawn_survivor(command: &mut Command) -> io::Result<(Child, Group)> {
        Group::spawn(command)
    }

    /// Kills them. That they have ended is no error.
    pub(crate) fn kill(&self) {
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.job.as_raw_handle(), 1) };
    }

    /// Sends them Ctrl-Break: a process group of its own gets no Ctrl-C.
    pub(crate) fn interrupt(&self) {
        // SAFETY: takes numbers. The group gets nothing if it has ended, or has no console.
        unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.child) };
    }

    /// Nothing: the system has no other way to ask a process of the console to end.
    pub(crate) fn terminate(&self) {}
}

/// Nothing: each job ends its processes.
pub(crate) struct Sweep;

impl Sweep {
    pub(crate) fn new() -> Sweep {
        Sweep
    }

    /// Whether a thread of the descendants runs: the system does not tell.
    pub(crate) fn busy(&self) -> bool {
        false
    }
}

/// A job whose processes end with its last handle, which is this process's.
fn job(limits: u32) -> io::Result<OwnedHandle> {
    // SAFETY: without a name and attributes; a handle that is not null is open and nobody else's.
    let job = unsafe {
        let job = CreateJobObjectW(ptr::null(), ptr::null());
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        OwnedHandle::from_raw_handle(job)
    };
    let mut information = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    information.BasicLimitInformation.LimitFlags = limits;
    let size = size_of_val(&information) as u32;
    // SAFETY: the handle is open, and the information is of the class and has the size that are given.
    done(unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            ptr::from_ref(&information).cast::<c_void>(),
            size,
        )
    })?;
    Ok(job)
}

fn assign(job: &OwnedHandle, child: &Child) -> io::Result<()> {
    // SAFETY: both handles are open.
    done(unsafe { AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle()) })
}

fn done(result: BOOL) -> io::Result<()> {
    if result == FALSE { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A command of the shell, with these arguments added.
pub(crate) fn shell(text: &str, arguments: &[OsString]) -> Command {
    let mut line = OsString::from(format!("/d /s /c \"{text}"));
    for argument in arguments {
        // Files and words of this program's, which contain no quotation marks.
        line.push(" \"");
        line.push(argument);
        line.push("\"");
    }
    line.push("\"");
    let mut command = Command::new("cmd.exe");
    command.raw_arg(line);
    command
}

/// Runs a program to its end, in the place of this process: Ctrl-C is the program's alone, it ends if this process is killed,
/// and its exit code is returned.
pub(crate) fn replace_by(command: &mut Command) -> io::Result<i32> {
    // SAFETY: a function of the type that the system calls.
    unsafe { SetConsoleCtrlHandler(Some(leave_to_child), TRUE) };
    // What the program starts may outlive it, as that of a program started by the user may.
    let job = job(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK)?;
    let mut child = command.spawn()?;
    // Without the job the program runs as well.
    let _ = assign(&job, &child);
    Ok(child.wait()?.code().unwrap_or(1))
}

unsafe extern "system" fn leave_to_child(_event: u32) -> BOOL {
    TRUE
}
