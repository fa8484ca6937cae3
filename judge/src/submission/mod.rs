//! The program that is checked: its start, its bounds, its output, and its end.
//!
//! It is foreign code. It runs in a process group of its own, with a temporary home, within [`Bounds`], and all of its
//! processes are killed when the [`Submission`] is dropped.

mod guard;
mod output;
mod system;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::options::Bounds;
use crate::proc::{self, Usage};

use guard::Guard;
use output::Output;
pub(crate) use system::{Subreaper, kill_and_reap};

/// How long killed processes are awaited.
const KILLED: Duration = Duration::from_secs(5);
/// How long output is awaited that was written before the end.
const LAST_WORDS: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(2);

/// What the program reads from its standard input.
pub(crate) enum Input {
    /// Nothing, and no end.
    Open,
    /// These bytes, and then the end.
    Bytes(Vec<u8>),
}

/// A running program.
pub(crate) struct Submission {
    /// Its first process, which is also its process group.
    root: u32,
    /// Children of this process that are not the program's.
    others: Vec<u32>,
    state: Mutex<State>,
    stdout: Arc<Output>,
    stderr: Arc<Output>,
    guard: Guard,
    // Open as long as the program runs.
    _input: Option<ChildStdin>,
}

struct State {
    child: Child,
    end: Option<End>,
}

/// What to write in the place of a source, which is no command.
fn could_not_start(program: &Path, error: &std::io::Error) -> String {
    let launcher = match program.extension().and_then(OsStr::to_str) {
        Some("py") => Some("python3"),
        Some("java") => Some("java"),
        Some("js") => Some("node"),
        _ => None,
    };
    let program_text = program.display();
    let advice = launcher.filter(|_| program.is_file());
    let advice = advice.map(|launcher| format!("; write: {launcher} {program_text}")).unwrap_or_default();
    format!("could not start {program_text}: {error}{advice}")
}

#[derive(Debug, Clone)]
struct End {
    how: String,
    success: bool,
}

impl Submission {
    /// Starts a program.
    ///
    /// # Errors
    /// A sentence that says why it cannot be started.
    pub(crate) fn start(
        command: &[OsString],
        bounds: &Bounds,
        home: &Path,
        input: Input,
    ) -> Result<Submission, String> {
        let (program, arguments) = command.split_first().ok_or("no command was given")?;
        let failed = |error: std::io::Error| could_not_start(Path::new(program), &error);
        let others = proc::children(std::process::id());
        let mut prepared = Command::new(program);
        prepared.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The same whatever the judge's environment is: Python and Java take the encoding of text from the locale.
        prepared
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("LC_ALL", UTF8)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        // A program on capsock's sockets does not write into a trace of the judge's.
        prepared.env_remove("CAPSOCK_TRACE");
        system::bound(&mut prepared, bounds);
        let mut child = prepared.spawn().map_err(failed)?;
        let root = child.id();
        let stdout = Output::read(child.stdout.take(), bounds.output);
        let stderr = Output::read(child.stderr.take(), bounds.output);
        let stdin = child.stdin.take();
        let input = match (input, stdin) {
            (Input::Bytes(bytes), Some(mut pipe)) => {
                // On a thread, since a program need not read it.
                thread::spawn(move || drop(pipe.write_all(&bytes)));
                None
            }
            (_, pipe) => pipe,
        };
        let guard = Guard::start(root, others.clone(), *bounds, [Arc::clone(&stdout), Arc::clone(&stderr)]);
        let state = Mutex::new(State { child, end: None });
        Ok(Submission { root, others, state, stdout, stderr, guard, _input: input })
    }

    /// How the program ended, with the last of what it said; `None` while it runs.
    pub(crate) fn ended(&self) -> Option<String> {
        let how = self.end()?.how;
        let how = match self.guard.killed() {
            Some(why) => format!("{why}, and was killed"),
            None => format!("the program {how}"),
        };
        let deadline = Instant::now() + LAST_WORDS;
        while !(self.stdout.closed() && self.stderr.closed()) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        Some(match self.said() {
            None => how,
            Some(said) => format!("{how}; it said: {said}"),
        })
    }

    /// Whether it ended with exit status 0; `None` while it runs.
    pub(crate) fn succeeded(&self) -> Option<bool> {
        self.end().map(|end| end.success && self.guard.killed().is_none())
    }

    fn end(&self) -> Option<End> {
        let mut state = self.state();
        if state.end.is_none()
            && let Ok(Some(status)) = state.child.try_wait()
        {
            state.end = Some(End { how: system::described(status), success: status.success() });
            // Now, since later the number may be another group's.
            system::kill_group(self.root);
        }
        state.end.clone()
    }

    /// The last line that it wrote to standard error, or else to standard output.
    pub(crate) fn said(&self) -> Option<String> {
        self.stderr.last_line().or_else(|| self.stdout.last_line())
    }

    /// All that it has said, as far as it is kept, for a word that tells why it ended.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        [&self.stderr, &self.stdout].iter().any(|output| {
            let text = output.text();
            text.windows(word.len()).any(|part| part == word.as_bytes())
        })
    }

    /// What it has written to standard output, as far as it is kept.
    pub(crate) fn printed(&self) -> Vec<u8> {
        self.stdout.text()
    }

    /// Its processes.
    pub(crate) fn processes(&self) -> Vec<u32> {
        proc::tree(self.root, &self.others)
    }

    /// What its processes hold, where the system tells.
    pub(crate) fn usage(&self) -> Option<Usage> {
        proc::usage(&self.processes())
    }

    /// Does what Ctrl-C in its terminal does.
    pub(crate) fn interrupt(&self) {
        // Under the lock: the group is not reaped meanwhile.
        let state = self.state();
        if state.end.is_none() {
            system::interrupt_group(self.root);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        self.guard.stop();
        if self.end().is_none() {
            system::kill_group(self.root);
            let _ = self.state().child.wait();
        }
        // Those that have left the group: the judge is their parent once their own has ended.
        let deadline = Instant::now() + KILLED;
        loop {
            let left: Vec<u32> =
                self.processes().into_iter().filter(|process| *process != self.root).collect();
            if left.is_empty() || Instant::now() > deadline {
                return;
            }
            left.iter().for_each(|process| kill_and_reap(*process));
            thread::sleep(POLL);
        }
    }
}

#[cfg(target_vendor = "apple")]
const UTF8: &str = "en_US.UTF-8";
#[cfg(not(target_vendor = "apple"))]
const UTF8: &str = "C.UTF-8";
