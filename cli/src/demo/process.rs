//! The process of a peer: its start, its output, and its end.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::children::{Group, shell};
use crate::signals;

/// The longest line that a peer may print, in bytes.
const LONGEST_LINE: u64 = 64 << 10;
/// The bytes of a peer's standard error, counted from its end, that are part of the text of a failure.
const TAIL: usize = 2 << 10;
/// The time for which standard error is read after the peer has ended or its time is over.
const STDERR_TIMEOUT: Duration = Duration::from_millis(300);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How a peer is started; the mode is added.
#[derive(Debug)]
pub(super) enum Start {
    /// A command for the shell.
    Shell(String),
    /// A program and its arguments.
    Program(Vec<OsString>),
}

#[derive(Debug)]
pub(super) enum Mode<'a> {
    Serve,
    Ask(&'a [PathBuf; 2]),
}

/// What a process does, with its number.
#[derive(Debug)]
pub(super) enum Event {
    Line(usize, String),
    /// Its standard output is closed.
    Closed(usize),
}

/// A running peer. Dropping it kills the peer and its children.
pub(super) struct Process {
    child: Child,
    group: Group,
    input: Option<ChildStdin>,
    errors: Arc<Mutex<VecDeque<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
    /// Once it is reaped, its process ID may belong to another process.
    reaped: bool,
}

impl Process {
    /// Starts a peer; its events carry `number`.
    pub(super) fn start(
        start: &Start,
        mode: &Mode<'_>,
        number: usize,
        events: Sender<Event>,
    ) -> io::Result<Process> {
        let mut command = start.command(mode);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, group) = Group::spawn(&mut command)?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut process =
            Process { child, group, input, errors: Arc::default(), stderr_reader: None, reaped: false };
        if let Some(output) = output {
            thread::Builder::new().spawn(move || read_lines(output, number, &events))?;
        }
        if let Some(errors) = errors {
            let tail = Arc::clone(&process.errors);
            process.stderr_reader = Some(thread::Builder::new().spawn(move || read_tail(errors, &tail))?);
        }
        Ok(process)
    }

    /// Writes to the peer's standard input and closes it. A failed write is no error here: the results are missing then.
    pub(super) fn write_input(&mut self, text: String) -> io::Result<()> {
        if let Some(mut input) = self.input.take() {
            thread::Builder::new().spawn(move || drop(input.write_all(text.as_bytes())))?;
        }
        Ok(())
    }

    /// Closes the peer's standard input.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    /// Closes the peer's standard input and waits for its exit.
    ///
    /// # Errors
    /// The exit status, if it is not 0; the timeout; a signal to the demonstration.
    pub(super) fn finish(&mut self, deadline: Option<Instant>) -> Result<(), String> {
        self.close();
        loop {
            let status = self.child.try_wait();
            self.reaped = matches!(status, Ok(Some(_)));
            match status {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.with_errors(&ended(status))),
                Ok(None) if signals::once() => return Err("a signal ended the demonstration".to_owned()),
                Ok(None) if deadline.is_some_and(|deadline| Instant::now() > deadline) => {
                    return Err(self.with_errors("it did not end in time and was killed"));
                }
                Ok(None) => thread::sleep(POLL_INTERVAL),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// The text of a failure, with the end of the peer's standard error.
    pub(super) fn with_errors(&self, text: &str) -> String {
        let deadline = Instant::now() + STDERR_TIMEOUT;
        while self.stderr_reader.as_ref().is_some_and(|stderr_reader| !stderr_reader.is_finished())
            && Instant::now() < deadline
        {
            thread::sleep(POLL_INTERVAL);
        }
        let mut tail = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(tail.make_contiguous()).trim().replace('\n', "\n    ");
        if said.is_empty() { text.to_owned() } else { format!("{text}; it said:\n    {said}") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            self.group.kill();
            let _ = self.child.wait();
        }
    }
}

impl Start {
    fn command(&self, mode: &Mode<'_>) -> Command {
        let arguments = mode.arguments();
        match self {
            Start::Shell(text) => shell(text, &arguments),
            Start::Program(words) => {
                let mut words = words.iter();
                let mut command = Command::new(words.next().cloned().unwrap_or_default());
                command.args(words).args(arguments);
                command
            }
        }
    }
}

impl Mode<'_> {
    fn arguments(&self) -> Vec<OsString> {
        match self {
            Mode::Serve => vec!["serve".into()],
            Mode::Ask([texts, expected]) => vec!["ask".into(), texts.into(), expected.into()],
        }
    }
}

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended with exit status {code}"),
        None => format!("it was ended by a {status}"),
    }
}

fn read_lines(output: impl Read, number: usize, events: &Sender<Event>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if events.send(Event::Line(number, text)).is_err() {
            return;
        }
    }
    // If nobody receives any more, the event has no use.
    let _ = events.send(Event::Closed(number));
}

fn read_tail(mut errors: impl Read, tail: &Mutex<VecDeque<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(length @ 1..) = errors.read(&mut chunk) {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend(&chunk[..length]);
        let surplus = tail.len().saturating_sub(TAIL);
        tail.drain(..surplus);
    }
}
