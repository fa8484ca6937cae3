//! A peer's process: started, listened to, and never left behind.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::signals;

/// The longest line that a peer may say, in bytes.
const LONGEST_LINE: u64 = 64 << 10;
/// How much of a peer's standard error is kept for its failure's text, in bytes.
const KEPT: usize = 2 << 10;
/// How long standard error is waited for after the peer has ended or been given up.
const LAST_WORDS: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(5);

/// How a peer is started, but for its mode.
#[derive(Debug)]
pub(super) enum Start {
    /// By the shell.
    Shell(String),
    /// As it stands.
    Program(Vec<OsString>),
}

/// What a peer is started for.
#[derive(Debug)]
pub(super) enum Mode<'a> {
    Serve,
    Ask(&'a [PathBuf; 2]),
}

/// What a process said, by its number.
#[derive(Debug)]
pub(super) enum Said {
    Line(usize, String),
    /// Its standard output is closed.
    End(usize),
}

/// A running peer. Dropping it kills it, and whatever it started.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    errors: Arc<Mutex<VecDeque<u8>>>,
    keeper: Option<JoinHandle<()>>,
    /// Its number may be another's once it has been waited for.
    reaped: bool,
}

impl Process {
    /// Starts a peer that is number `number`; what it says goes to `said`.
    pub(super) fn start(
        start: &Start,
        mode: &Mode<'_>,
        number: usize,
        said: Sender<Said>,
    ) -> io::Result<Process> {
        let mut command = start.command(mode);
        // A group of its own: Ctrl-C is for the demonstration to deal with, and a kill takes all.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut process = Process { child, input, errors: Arc::default(), keeper: None, reaped: false };
        if let Some(output) = output {
            thread::Builder::new().spawn(move || listen(output, number, &said))?;
        }
        if let Some(errors) = errors {
            let kept = Arc::clone(&process.errors);
            process.keeper = Some(thread::Builder::new().spawn(move || keep(errors, &kept))?);
        }
        Ok(process)
    }

    /// Writes to the peer's standard input, and ends it. What the peer does not read, it does not
    /// answer either, so that is no error here.
    pub(super) fn tell(&mut self, text: String) -> io::Result<()> {
        if let Some(mut input) = self.input.take() {
            thread::Builder::new().spawn(move || drop(input.write_all(text.as_bytes())))?;
        }
        Ok(())
    }

    /// Ends the peer's input.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    /// Ends the peer's input, if that is still open, and waits until it ends.
    ///
    /// # Errors
    /// Why it did not end in good order: its status, the time, a signal to the demonstration.
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
                Ok(None) => thread::sleep(PAUSE),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// A failure's text, and the last that the peer wrote to its standard error.
    pub(super) fn with_errors(&self, text: &str) -> String {
        let deadline = Instant::now() + LAST_WORDS;
        while self.keeper.as_ref().is_some_and(|keeper| !keeper.is_finished()) && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
        let mut kept = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(kept.make_contiguous()).trim().replace('\n', "\n    ");
        if said.is_empty() { text.to_owned() } else { format!("{text}; it said:\n    {said}") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            signals::kill_group(self.child.id());
            let _ = self.child.wait();
        }
    }
}

impl Start {
    fn command(&self, mode: &Mode<'_>) -> Command {
        let mut command = match self {
            Start::Shell(text) => {
                let mut command = Command::new("sh");
                // The arguments go by number, so that a space in a path stays one.
                command.arg("-c").arg(format!("exec {text} \"$@\"")).arg("sh");
                command
            }
            Start::Program(words) => {
                let mut words = words.iter();
                let mut command = Command::new(words.next().cloned().unwrap_or_default());
                command.args(words);
                command
            }
        };
        match mode {
            Mode::Serve => command.arg("serve"),
            Mode::Ask(files) => command.arg("ask").args(files.iter()),
        };
        command
    }
}

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended with exit status {code}"),
        None => format!("it was ended by a {status}"),
    }
}

fn listen(output: impl Read, number: usize, said: &Sender<Said>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if said.send(Said::Line(number, text)).is_err() {
            return;
        }
    }
    // Whoever does not listen any more needs no end either.
    let _ = said.send(Said::End(number));
}

fn keep(mut errors: impl Read, kept: &Mutex<VecDeque<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(length @ 1..) = errors.read(&mut chunk) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&chunk[..length]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}
