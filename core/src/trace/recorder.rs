//! The recording of this process: its state, its file, and the writing of a line.
//!
//! A process has at most one recording. While it runs, a line is one write(2), without allocation or lock, so that a
//! forked child may write as well.

use std::fmt::{Display, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use super::controller::{self, VARIABLE};
use super::event::{Event, Process, VERSION};
use super::moved;
use super::process_info::process_info;
use super::text::Text;
use crate::error::{Error, Result};
use crate::net::sys::fd::RawFd;
use crate::net::sys::{self, Errno, FileId, FileNumber, KeptErrno};
use crate::netc;

const OFF: u8 = 0;
const ON: u8 = 1;
/// The environment has not been read.
const UNKNOWN: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// The longest line in bytes, well above one with two IPv6 addresses, 32 bytes of payload and every number.
const LINE: usize = 2048;

/// `1` moves the first bind to a free port.
const LINK: &str = "CAPSOCK_LINK";

/// How long a stop waits for lines that are being written.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How often it polls for that.
const DRAIN_POLL: Duration = Duration::from_micros(100);

/// No line of a process has been written.
const NO_PROCESS: u32 = 0;

/// A thread writes the line of this process.
const BEING_WRITTEN: u32 = u32::MAX;

/// How often a thread polls for the end of that.
const FIRST_LINE_POLLS: u32 = 1000;

/// When the line of this process is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProcessLine {
    Now,
    #[cfg_attr(not(feature = "preload"), allow(dead_code, reason = "for programs that may make no call"))]
    WithFirstCall,
}

/// The file of the recording. It changes only while no thread writes.
struct Output {
    /// A [`FileNumber`]; -1 for none.
    number: AtomicIsize,
    device: AtomicU64,
    file: AtomicU64,
    payload: AtomicBool,
    /// Whether the environment started it.
    by_environment: AtomicBool,
    /// The process whose line has been written, `NO_PROCESS` or `BEING_WRITTEN`.
    process: AtomicU32,
    /// Threads that may be writing.
    writers: AtomicU32,
    sequence: AtomicU64,
    /// The two times of a process line that is written later.
    began: [AtomicU64; 2],
}

static OUTPUT: Output = Output {
    number: AtomicIsize::new(-1),
    device: AtomicU64::new(0),
    file: AtomicU64::new(0),
    payload: AtomicBool::new(false),
    by_environment: AtomicBool::new(false),
    process: AtomicU32::new(0),
    writers: AtomicU32::new(0),
    sequence: AtomicU64::new(0),
    began: [const { AtomicU64::new(0) }; 2],
};

/// Whether there may be a recording: it runs, or the environment has not been read.
#[inline(always)]
pub(super) fn may_be_on() -> bool {
    STATE.load(Ordering::Relaxed) != OFF
}

pub(super) fn is_on() -> bool {
    STATE.load(Ordering::Acquire) == ON
}

/// Whether the environment has not been read.
pub(super) fn is_unknown() -> bool {
    STATE.load(Ordering::Acquire) == UNKNOWN
}

/// Whether the first bytes of what is sent and received are recorded.
pub(super) fn with_payload() -> bool {
    OUTPUT.payload.load(Ordering::Relaxed)
}

/// The number of a call, see [`Call::seq`](super::Call::seq).
pub(super) fn next_in_sequence() -> u64 {
    OUTPUT.sequence.fetch_add(1, Ordering::Relaxed)
}

/// The file that a forked child keeps open to continue the recording.
pub(crate) fn descriptor() -> Option<RawFd> {
    let file = OUTPUT.file().filter(|_| STATE.load(Ordering::Relaxed) == ON);
    file.map(|file| file as RawFd)
}

/// Starts recording the socket calls of this process. Lines are appended to `file`, which is created if it does not
/// exist; several processes may record to one file. If `payload` is true, the first 32 bytes of each send and receive
/// are recorded.
///
/// A recording that the environment started (`CAPSOCK_TRACE`) ends. Children that a server forks continue the
/// recording of that moment.
///
/// If a line cannot be written, the recording ends with a message on standard error, and the program continues.
///
/// # Errors
/// `InputOutput`: the file cannot be opened or written; a recording is running (EBUSY).
pub fn start(file: impl AsRef<Path>, payload: bool) -> Result<()> {
    start_for(file.as_ref(), payload, false, ProcessLine::Now)
}

/// Ends the recording, if there is one. Every line is in the file when this returns.
pub fn stop() {
    let control = control();
    STATE.store(OFF, Ordering::SeqCst);
    close_file(&control);
}

fn control() -> MutexGuard<'static, ()> {
    static CONTROL: Mutex<()> = Mutex::new(());
    CONTROL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The environment names no file.
pub(super) fn disable() {
    let _ = STATE.compare_exchange(UNKNOWN, OFF, Ordering::AcqRel, Ordering::Relaxed);
}

pub(super) fn start_for(path: &Path, payload: bool, by_environment: bool, line: ProcessLine) -> Result<()> {
    let tried = "record a trace in";
    let failed =
        |Errno(errno)| Error::input_output(&io::Error::from_raw_os_error(errno), tried).at(path.display());
    let control = control();
    if by_environment && STATE.load(Ordering::Acquire) != UNKNOWN {
        return Ok(());
    }
    if STATE.load(Ordering::Acquire) == ON && !OUTPUT.by_environment.load(Ordering::Relaxed) {
        return Err(failed(Errno(netc::EBUSY)).advise("a recording is running already: stop it first"));
    }
    if !by_environment {
        STATE.store(OFF, Ordering::SeqCst);
    }
    close_file(&control);
    let file = sys::open_to_append(path).map_err(failed)?;
    let began = sys::file_id(file).and_then(|id| {
        OUTPUT.set_file_id(id);
        OUTPUT.number.store(file as isize, Ordering::Relaxed);
        OUTPUT.payload.store(payload, Ordering::Relaxed);
        OUTPUT.by_environment.store(by_environment, Ordering::Relaxed);
        match line {
            ProcessLine::Now => {
                OUTPUT.process.store(process(), Ordering::Relaxed);
                write_process(None, times())
            }
            ProcessLine::WithFirstCall => {
                let [at, wall] = times();
                OUTPUT.began[0].store(at, Ordering::Relaxed);
                OUTPUT.began[1].store(wall, Ordering::Relaxed);
                OUTPUT.process.store(NO_PROCESS, Ordering::Relaxed);
                Ok(())
            }
        }
    });
    if let Err(errno) = began {
        OUTPUT.number.store(-1, Ordering::Relaxed);
        close(file);
        return Err(failed(errno));
    }
    if link_stands_before() {
        moved::move_next();
    }
    if let Err(Errno(errno)) = controller::prepare() {
        let why = netc::errno_name(errno).unwrap_or("EUNKNOWN");
        let mut warning = Text::<160>::new();
        let _ = writeln!(warning, "capsock: the program is not stepped: {VARIABLE} names no socket ({why})");
        sys::write_error(warning.as_bytes());
    }
    STATE.store(ON, Ordering::SeqCst);
    Ok(())
}

/// Whether a link is to take the port of this process. The user of a privileged program has no say in its ports.
fn link_stands_before() -> bool {
    env::var_os(LINK).is_some_and(|value| value == "1") && !sys::is_privileged()
}

fn process() -> u32 {
    sys::process_id().unsigned_abs()
}

pub(super) fn close(file: FileNumber) {
    // SAFETY: the file is the recording's or a call's, and nobody has it any more.
    unsafe { sys::close_file(file) };
}

/// Closes the file of the last recording when no thread writes to it any more.
fn close_file(_control: &MutexGuard<'static, ()>) {
    let Some(file) = OUTPUT.file() else { return };
    let start = Instant::now();
    while OUTPUT.writers.load(Ordering::SeqCst) != 0 && start.elapsed() < DRAIN_LIMIT {
        thread::sleep(DRAIN_POLL);
    }
    OUTPUT.number.store(-1, Ordering::Relaxed);
    // It is left open while a write does not return, and if the program has reused the number.
    if OUTPUT.writers.load(Ordering::SeqCst) == 0 && OUTPUT.is_at(file) {
        close(file);
    }
}

impl Output {
    fn set_file_id(&self, id: FileId) {
        self.device.store(id.device, Ordering::Relaxed);
        self.file.store(id.file, Ordering::Relaxed);
    }

    fn file(&self) -> Option<FileNumber> {
        match self.number.load(Ordering::Relaxed) {
            -1 => None,
            number => Some(number as FileNumber),
        }
    }

    /// Whether the descriptor still refers to the file: the program may have closed it and reused the number.
    fn is_at(&self, file: FileNumber) -> bool {
        let opened =
            FileId { device: self.device.load(Ordering::Relaxed), file: self.file.load(Ordering::Relaxed) };
        sys::file_id(file) == Ok(opened)
    }

    fn write(&self, line: &[u8]) -> std::result::Result<(), Errno> {
        match self.file() {
            Some(file) if self.is_at(file) => sys::write_line(file, line),
            _ => Err(Errno(netc::EBADF)),
        }
    }
}

/// Writes the process line of a child that a server has forked.
pub(crate) fn forked() {
    if is_on() {
        write_all(None);
    }
}

/// Writes the line of an event, if the recording still runs.
pub(super) fn write(event: &Event<'_>) {
    write_all(Some(event));
}

fn write_all(event: Option<&Event<'_>>) {
    let _errno = KeptErrno::new();
    let pid = process();
    let owed = owed(pid);
    if let Owed::Forked(_) = owed {
        // The parent's threads are not in this process.
        OUTPUT.writers.store(0, Ordering::SeqCst);
    }
    // Counted before the state is read: either a stop waits for this writer, or this writer sees the stop.
    OUTPUT.writers.fetch_add(1, Ordering::SeqCst);
    if STATE.load(Ordering::SeqCst) == ON {
        let process = match owed {
            Owed::Nothing => Ok(()),
            Owed::First => {
                write_process(None, OUTPUT.began.each_ref().map(|time| time.load(Ordering::Relaxed)))
            }
            Owed::Forked(parent) => write_process(Some(parent), times()),
        };
        if let Owed::First = owed {
            OUTPUT.process.store(pid, Ordering::Release);
        }
        if let Err(errno) = process.and_then(|()| event.map_or(Ok(()), write_line)) {
            end_after(errno);
        }
    }
    OUTPUT.writers.fetch_sub(1, Ordering::SeqCst);
}

/// The line of a process that the caller has to write before its own.
#[derive(Clone, Copy)]
enum Owed {
    Nothing,
    First,
    /// With the parent.
    Forked(u32),
}

fn owed(pid: u32) -> Owed {
    let mut polls = 0;
    loop {
        let known = OUTPUT.process.load(Ordering::Acquire);
        if known == pid {
            return Owed::Nothing;
        }
        // Another thread writes it; or this is a copy of a process, without that thread.
        if known == BEING_WRITTEN && polls < FIRST_LINE_POLLS {
            polls += 1;
            thread::yield_now();
            continue;
        }
        let next = if known == NO_PROCESS { BEING_WRITTEN } else { pid };
        if OUTPUT.process.compare_exchange(known, next, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return if matches!(known, NO_PROCESS | BEING_WRITTEN) {
                Owed::First
            } else {
                Owed::Forked(known)
            };
        }
    }
}

/// The clock of the calls, and that of the wall.
fn times() -> [u64; 2] {
    [netc::CLOCK_MONOTONIC, netc::CLOCK_REALTIME].map(sys::nanoseconds)
}

fn write_process(parent: Option<u32>, times: [u64; 2]) -> std::result::Result<(), Errno> {
    write_line(&process_event(parent, times))
}

fn process_event(parent: Option<u32>, [at, wall]: [u64; 2]) -> Event<'static> {
    let info = process_info();
    Event::Process(Process {
        capsock: VERSION,
        pid: process(),
        parent,
        program: info.program().into(),
        language: info.language().into(),
        at,
        wall,
    })
}

fn write_line(event: &Event<'_>) -> std::result::Result<(), Errno> {
    with_line(event, |line| OUTPUT.write(line))
}

fn with_line(
    event: &Event<'_>,
    write: impl FnOnce(&[u8]) -> std::result::Result<(), Errno>,
) -> std::result::Result<(), Errno> {
    let mut line = Text::<LINE>::new();
    let whole = serde_json::to_writer(&mut line, event).is_ok() && line.write_char('\n').is_ok();
    if whole { write(line.as_bytes()) } else { Err(Errno(netc::EMSGSIZE)) }
}

/// Writes the line of an event to another file than the recording's.
pub(super) fn write_line_to(file: FileNumber, event: &Event<'_>) -> std::result::Result<(), Errno> {
    with_line(event, |line| sys::write_line(file, line))
}

/// The same with the line of this process.
pub(super) fn write_process_line(file: FileNumber, parent: Option<u32>) -> std::result::Result<(), Errno> {
    write_line_to(file, &process_event(parent, times()))
}

/// Ends the recording because a line could not be written, with one message on standard error.
fn end_after(Errno(errno): Errno) {
    let why = match errno {
        netc::ENOSPC => "no space is left",
        netc::EFBIG => "the file may not get longer (ulimit -f)",
        netc::EPIPE => "the pipe has no reader",
        netc::EBADF => "the program has closed its descriptor",
        _ => "it cannot be written to",
    };
    match netc::errno_name(errno) {
        Some(name) => end_because(format_args!("{why} ({name})")),
        None => end_because(format_args!("{why} (errno {errno})")),
    }
}

/// Ends the recording, with one message on standard error.
pub(super) fn end_because(why: impl Display) {
    if STATE.compare_exchange(ON, OFF, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
        let mut warning = Text::<160>::new();
        let _ = writeln!(warning, "capsock: the trace ends here, the program goes on: {why}");
        sys::write_error(warning.as_bytes());
    }
}

/// Moves the file to another descriptor, before the program takes its number, and returns that. A line that another thread
/// is writing may be lost.
#[cfg(all(unix, feature = "preload"))]
pub(super) fn move_file() -> Option<FileNumber> {
    let _errno = KeptErrno::new();
    let moved = sys::duplicate_file(OUTPUT.file()?).ok()?;
    OUTPUT.number.store(moved as isize, Ordering::SeqCst);
    Some(moved)
}
