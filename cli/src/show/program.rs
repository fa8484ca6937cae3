//! A running program: what it says is printed after its name, and it and its children end with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::children::Group;
use crate::failure::{Failure, Result};
use crate::launch::Launch;
use crate::stdio::error_line;

/// The longest line that is printed whole, in bytes.
const LONGEST_LINE: u64 = 64 << 10;
/// How long a program may take to end once it has been interrupted, and again once it has been asked to end.
const LEAVING: Duration = Duration::from_secs(2);
/// How long output is awaited that was written before the end.
const LAST_WORDS: Duration = Duration::from_millis(500);
pub(super) const POLL: Duration = Duration::from_millis(5);

/// A program. Dropping it kills it and its children.
pub(super) struct Program {
    pub(super) name: String,
    child: Child,
    group: Group,
    /// Open as long as the program runs.
    _input: Option<ChildStdin>,
    readers: Vec<JoinHandle<()>>,
    /// What it writes to standard error is not printed any more.
    muted: Arc<AtomicBool>,
    end: Option<ExitStatus>,
}

impl Program {
    /// Starts a program. It reads `input` and then the end of input; without one, nothing and no end.
    /// On Linux it is killed if this process is, unless it `survives` that.
    pub(super) fn start(
        name: String,
        launch: &Launch,
        input: Option<Vec<u8>>,
        survives: bool,
    ) -> Result<Program> {
        let mut command = launch.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What Python prints appears when it is printed, as in a terminal.
        command.env("PYTHONUNBUFFERED", "1");
        let failed = |error| Failure::new(format!("could not start {}: {error}", launch.name()));
        let spawn = if survives { Group::spawn_survivor } else { Group::spawn };
        let (mut child, group) = spawn(&mut command).map_err(failed)?;
        let muted = Arc::new(AtomicBool::new(false));
        let never = Arc::new(AtomicBool::new(false));
        let mut readers = Vec::new();
        if let Some(output) = child.stdout.take() {
            let name = name.clone();
            readers.push(thread::spawn(move || print_lines(output, &name, &never)));
        }
        if let Some(errors) = child.stderr.take() {
            let (name, muted) = (name.clone(), Arc::clone(&muted));
            readers.push(thread::spawn(move || print_lines(errors, &name, &muted)));
        }
        let open = match (input, child.stdin.take()) {
            (Some(text), Some(mut pipe)) => {
                // On a thread, since a program need not read it.
                thread::spawn(move || drop(pipe.write_all(&text)));
                None
            }
            (_, pipe) => pipe,
        };
        Ok(Program { name, child, group, _input: open, readers, muted, end: None })
    }

    /// The number of its first process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it runs.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        if self.end.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.end = Some(status);
            // Now, since later the number may be another group's.
            self.group.kill();
            let deadline = Instant::now() + LAST_WORDS;
            while self.readers.iter().any(|reader| !reader.is_finished()) && Instant::now() < deadline {
                thread::sleep(POLL);
            }
        }
        self.end
    }

    /// Whether it had not ended when that was last asked.
    pub(super) fn runs(&self) -> bool {
        self.end.is_none()
    }

    /// Interrupts it, then asks it to end, then kills it. What it says of that is not printed.
    pub(super) fn stop(&mut self) {
        self.muted.store(true, Ordering::SeqCst);
        for ask in [Group::interrupt, Group::terminate] {
            if self.ended().is_some() {
                return;
            }
            ask(&self.group);
            let deadline = Instant::now() + LEAVING;
            while self.ended().is_none() && Instant::now() < deadline {
                thread::sleep(POLL);
            }
        }
        self.kill();
    }

    fn kill(&mut self) {
        if self.end.is_none() {
            self.group.kill();
            self.end = self.child.wait().ok();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.muted.store(true, Ordering::SeqCst);
        self.kill();
    }
}

/// `ended with exit status 1`, `was ended by signal: 11 (SIGSEGV)`.
pub(super) fn described(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit status {code}"),
        None => format!("was ended by {status}"),
    }
}

fn print_lines(output: impl Read, name: &str, muted: &AtomicBool) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if muted.load(Ordering::SeqCst) => {}
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                error_line(format_args!("{name}: {}", text.trim_end_matches(['\r', '\n'])));
            }
        }
    }
}
