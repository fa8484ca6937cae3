//! A server and its successors, each of which the one before has started.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::TIMEOUT;

/// The processes of a command that is started once. Dropping it kills them.
pub(crate) struct Generations {
    first: Child,
    /// Those of the successors, of which this test is not the parent.
    successors: Vec<u64>,
    events: Receiver<Value>,
    /// Events that have been read and were not waited for.
    other: VecDeque<Value>,
    pub(crate) port: u16,
}

impl Generations {
    /// Starts the program with these words as its arguments, on a free port.
    pub(crate) fn start(program: impl AsRef<OsStr>, words: &str) -> Generations {
        let mut command = Command::new(program);
        command.arg("serve").args(words.split_whitespace());
        if !words.contains("--port") {
            command.args(["--port", "0"]);
        }
        command.args(["--host", "127.0.0.1", "--json"]);
        Generations::of(&mut command)
    }

    pub(crate) fn of(command: &mut Command) -> Generations {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut first = command.spawn().unwrap();
        let stdout = first.stdout.take().unwrap();
        let (say, events) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if say.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut this = Generations { first, successors: Vec::new(), events, other: VecDeque::new(), port: 0 };
        this.port = this.event("ready")["port"].as_u64().unwrap().try_into().unwrap();
        this
    }

    /// The process that serves.
    pub(crate) fn process(&self) -> i32 {
        let first = u64::from(self.first.id());
        i32::try_from(*self.successors.last().unwrap_or(&first)).unwrap()
    }

    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: kill takes any numbers; a process of these ends when this value does, or has told so.
        assert_eq!(unsafe { libc::kill(self.process(), signal) }, 0);
    }

    /// The next event of this name of any of the processes.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        if let Some(found) = self.other.iter().position(|event| event["event"] == name) {
            return self.other.remove(found).unwrap();
        }
        loop {
            let event = self.events.recv_timeout(TIMEOUT).unwrap_or_else(|error| panic!("{name}: {error}"));
            if event["event"] == name {
                return event;
            }
            self.other.push_back(event);
        }
    }

    /// Has the server replaced by its own command.
    pub(crate) fn restart(&mut self) {
        self.restarted();
    }

    /// [`restart`](Generations::restart); returns what the successor says when it is ready.
    pub(crate) fn restarted(&mut self) -> Value {
        self.signal(libc::SIGUSR2);
        let successor = self.event("replacing")["process"].as_u64().unwrap();
        self.successors.push(successor);
        let ready = self.event("ready");
        assert_eq!(ready["port"], self.port);
        assert_eq!(self.event("replaced")["process"], successor);
        ready
    }

    /// Ends the process that serves, and waits for all. Returns what each has said at its end, the oldest not always first,
    /// and how the first process has ended.
    pub(crate) fn end(mut self) -> (Vec<Value>, ExitStatus) {
        self.signal(libc::SIGTERM);
        let mut stopped: Vec<_> = (0..=self.successors.len()).map(|_| self.event("stopped")).collect();
        // The end of the output: nobody has it any more.
        let late: Vec<_> = self.events.iter().collect();
        assert_eq!(late, Vec::<Value>::new());
        stopped.retain(|event| event["event"] == "stopped");
        let status = wait(&mut self.first);
        self.successors.clear();
        (stopped, status)
    }

    /// Whether anything of this name has happened besides, so far.
    pub(crate) fn has_other(&mut self, name: &str) -> bool {
        self.other.extend(self.events.try_iter());
        self.other.iter().any(|event| event["event"] == name)
    }
}

impl Drop for Generations {
    fn drop(&mut self) {
        for successor in self.successors.drain(..) {
            // Only if it is the command still: another program may have the number by now.
            let name = fs::read(format!("/proc/{successor}/cmdline")).unwrap_or_default();
            if name.windows(7).any(|part| part == b"capsock") {
                // SAFETY: kill takes any numbers.
                unsafe { libc::kill(i32::try_from(successor).unwrap(), libc::SIGKILL) };
            }
        }
        let _ = self.first.kill();
        let _ = self.first.wait();
    }
}

/// How a child ends.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let mut status = None;
    eventually("the process ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

/// Waits until it holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A program in place of another one, at once.
pub(crate) fn install(content: &[u8], path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, path).unwrap();
}

/// The command itself.
pub(crate) fn command() -> Vec<u8> {
    let mut content = Vec::new();
    fs::File::open(env!("CARGO_BIN_EXE_capsock")).unwrap().read_to_end(&mut content).unwrap();
    content
}
