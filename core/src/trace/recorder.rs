//! The recording of this process: whether there is one, where it goes, and who records.
//!
//! There is one at most. Off, a call looks at one byte. On, it writes a line with one write(2): nothing here
//! allocates or locks then, so that a process forked off to serve may do it, too.

use std::ffi::CString;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{cell::Cell, fmt::Write, io, thread};

use super::event::{Event, Process, VERSION};
use super::introduction::introduction;
use super::system::{self, Identity, KeptErrno};
use super::text::Text;
use crate::error::{Error, Result, errno_name};

const OFF: u8 = 0;
const ON: u8 = 1;
/// The environment has not been looked at.
const UNKNOWN: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// The longest line, which one of a call with two long addresses, 32 bytes of payload and all numbers is far from.
const LINE: usize = 2048;

/// How long a stop waits for lines that are being written.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

/// Where the lines go. It changes only while nobody writes.
struct Place {
    fd: AtomicI32,
    device: AtomicU64,
    file: AtomicU64,
    payload: AtomicBool,
    /// Whether the environment asked for it.
    by_environment: AtomicBool,
    /// The process that has introduced itself.
    process: AtomicU32,
    /// Threads that may be writing.
    writers: AtomicU32,
    sequence: AtomicU64,
}

static PLACE: Place = Place {
    fd: AtomicI32::new(-1),
    device: AtomicU64::new(0),
    file: AtomicU64::new(0),
    payload: AtomicBool::new(false),
    by_environment: AtomicBool::new(false),
    process: AtomicU32::new(0),
    writers: AtomicU32::new(0),
    sequence: AtomicU64::new(0),
};

thread_local! {
    /// Calls of this thread are nobody's business.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether this call is to be recorded: where nothing is, one load and one branch.
#[inline(always)]
pub(crate) fn on() -> bool {
    STATE.load(Ordering::Relaxed) != OFF && is_on()
}

#[cold]
#[inline(never)]
fn is_on() -> bool {
    if STATE.load(Ordering::Acquire) == UNKNOWN {
        let _errno = KeptErrno::new();
        super::environment::start();
    }
    STATE.load(Ordering::Acquire) == ON && !QUIET.get()
}

/// Does something whose calls are not recorded.
pub(crate) fn quietly<T>(what: impl FnOnce() -> T) -> T {
    let before = QUIET.replace(true);
    let result = what();
    QUIET.set(before);
    result
}

/// Whether the first bytes of what is sent and received are recorded.
pub(crate) fn with_payload() -> bool {
    PLACE.payload.load(Ordering::Relaxed)
}

/// The number of a call, see [`Call::seq`](super::Call::seq).
pub(crate) fn next_in_sequence() -> u64 {
    PLACE.sequence.fetch_add(1, Ordering::Relaxed)
}

/// The descriptor that a process forked off needs to go on with the recording.
pub(crate) fn descriptor() -> Option<RawFd> {
    (STATE.load(Ordering::Relaxed) == ON).then(|| PLACE.fd.load(Ordering::Relaxed))
}

/// Starts to record the calls of this process, appending to `file`, which is made if it is not there. Several
/// processes may record to one file. `payload` says whether the first 32 bytes of what is sent and received are
/// recorded.
///
/// A recording that the environment asked for (`CAPSOCK_TRACE`) ends. Processes that a server forks off go on
/// with the recording that there was at that time.
///
/// A recording never harms the program: where a line cannot be written, it ends, and standard error says so.
///
/// # Errors
/// `InputOutput`: the file cannot be opened or takes nothing; a recording is running (EBUSY).
pub fn start(file: impl AsRef<Path>, payload: bool) -> Result<()> {
    start_for(file.as_ref(), payload, false)
}

/// Ends the recording, if there is one. What has been recorded is in the file already.
pub fn stop() {
    let control = control();
    STATE.store(OFF, Ordering::SeqCst);
    close_place(&control);
}

fn control() -> MutexGuard<'static, ()> {
    static CONTROL: Mutex<()> = Mutex::new(());
    CONTROL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The environment asks for no recording.
pub(super) fn stay_off() {
    let _ = STATE.compare_exchange(UNKNOWN, OFF, Ordering::AcqRel, Ordering::Relaxed);
}

pub(super) fn start_for(path: &Path, payload: bool, by_environment: bool) -> Result<()> {
    let tried = "record a trace in";
    let failed =
        |errno: i32| Error::input_output(&io::Error::from_raw_os_error(errno), tried).at(path.display());
    let control = control();
    if by_environment && STATE.load(Ordering::Acquire) != UNKNOWN {
        return Ok(());
    }
    if STATE.load(Ordering::Acquire) == ON && !PLACE.by_environment.load(Ordering::Relaxed) {
        return Err(failed(libc::EBUSY).advise("a recording is running already: stop it first"));
    }
    if !by_environment {
        STATE.store(OFF, Ordering::SeqCst);
    }
    close_place(&control);
    let name = CString::new(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
        .map_err(|_| failed(libc::EINVAL))?;
    let fd = system::open(&name).map_err(failed)?;
    let began = system::identity(fd).and_then(|identity| {
        PLACE.set_identity(identity);
        PLACE.fd.store(fd, Ordering::Relaxed);
        PLACE.payload.store(payload, Ordering::Relaxed);
        PLACE.by_environment.store(by_environment, Ordering::Relaxed);
        PLACE.process.store(system::process(), Ordering::Relaxed);
        introduce_process(None)
    });
    if let Err(errno) = began {
        PLACE.fd.store(-1, Ordering::Relaxed);
        system::close(fd);
        return Err(failed(errno));
    }
    STATE.store(ON, Ordering::SeqCst);
    Ok(())
}

/// Closes the file of the recording that was, once nobody writes to it any more.
fn close_place(_control: &MutexGuard<'static, ()>) {
    let fd = PLACE.fd.load(Ordering::Relaxed);
    if fd < 0 {
        return;
    }
    let start = Instant::now();
    while PLACE.writers.load(Ordering::SeqCst) != 0 && start.elapsed() < PATIENCE {
        thread::sleep(LOOK_AGAIN);
    }
    PLACE.fd.store(-1, Ordering::Relaxed);
    // Rather left open than closed under a write that does not end, or than closed if it is somebody else's by now.
    if PLACE.writers.load(Ordering::SeqCst) == 0 && PLACE.is_at(fd) {
        system::close(fd);
    }
}

impl Place {
    fn set_identity(&self, identity: Identity) {
        self.device.store(identity.device, Ordering::Relaxed);
        self.file.store(identity.file, Ordering::Relaxed);
    }

    /// Whether the descriptor is the file's, and not another one's since the program has closed it.
    fn is_at(&self, fd: RawFd) -> bool {
        let known =
            Identity { device: self.device.load(Ordering::Relaxed), file: self.file.load(Ordering::Relaxed) };
        system::identity(fd) == Ok(known)
    }

    fn write(&self, line: &[u8]) -> std::result::Result<(), i32> {
        let fd = self.fd.load(Ordering::Relaxed);
        if !self.is_at(fd) {
            return Err(libc::EBADF);
        }
        system::write(fd, line)
    }
}

/// This process was forked off to serve, and introduces itself.
pub(crate) fn forked() {
    if on() {
        write_all(None);
    }
}

/// Writes the line of an event, if there is a recording still.
pub(crate) fn write(event: &Event<'_>) {
    write_all(Some(event));
}

fn write_all(event: Option<&Event<'_>>) {
    let _errno = KeptErrno::new();
    let process = system::process();
    let introduced = PLACE.process.load(Ordering::Relaxed);
    let forked = process != introduced
        && PLACE.process.compare_exchange(introduced, process, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    if forked {
        // Those of the parent's threads are not here.
        PLACE.writers.store(0, Ordering::SeqCst);
    }
    // Counted before the look at the state: whoever ends the recording sees this one, or is seen.
    PLACE.writers.fetch_add(1, Ordering::SeqCst);
    if STATE.load(Ordering::SeqCst) == ON {
        let introduced = if forked { introduce_process(Some(introduced)) } else { Ok(()) };
        if let Err(errno) = introduced.and_then(|()| event.map_or(Ok(()), write_line)) {
            give_up(errno);
        }
    }
    PLACE.writers.fetch_sub(1, Ordering::SeqCst);
}

fn introduce_process(parent: Option<u32>) -> std::result::Result<(), i32> {
    let introduction = introduction();
    write_line(&Event::Process(Process {
        capsock: VERSION,
        pid: system::process(),
        parent,
        program: introduction.program().into(),
        language: introduction.language().into(),
        at: system::nanoseconds(libc::CLOCK_MONOTONIC),
        wall: system::nanoseconds(libc::CLOCK_REALTIME),
    }))
}

fn write_line(event: &Event<'_>) -> std::result::Result<(), i32> {
    let mut line = Text::<LINE>::new();
    let whole = serde_json::to_writer(&mut line, event).is_ok() && line.write_char('\n').is_ok();
    if whole { PLACE.write(line.as_bytes()) } else { Err(libc::EMSGSIZE) }
}

/// Ends the recording because a line could not be written, and says so once.
fn give_up(errno: i32) {
    if STATE.compare_exchange(ON, OFF, Ordering::SeqCst, Ordering::Relaxed).is_err() {
        return;
    }
    let mut warning = Text::<160>::new();
    let why = match errno {
        libc::ENOSPC => "no space is left",
        libc::EFBIG => "the file may not get longer (ulimit -f)",
        libc::EPIPE => "nobody reads it any more",
        libc::EBADF => "the program has closed its descriptor",
        _ => "it cannot be written to",
    };
    let _ = write!(warning, "capsock: the trace ends here, the program goes on: {why}");
    let _ = match errno_name(errno) {
        Some(name) => writeln!(warning, " ({name})"),
        None => writeln!(warning, " (errno {errno})"),
    };
    let _ = system::write(libc::STDERR_FILENO, warning.as_bytes());
}
