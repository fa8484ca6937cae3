//! What is checked, and within which bounds.

use std::ffi::OsString;
use std::time::Duration;

use capsock::Transport;

/// What a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It answers requests.
    Server,
    /// It reads a line from its standard input, asks a server, and prints the reply.
    Client,
}

impl Role {
    /// `server` or `client`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Server => "server",
            Role::Client => "client",
        }
    }
}

/// What is checked.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name of the program in reports.
    pub program: String,
    /// The program and its arguments. `{host}` and `{port}` in an argument become the server's address.
    pub command: Vec<OsString>,
    /// Whether it is a server or a client.
    pub role: Role,
    /// The transport that it uses.
    pub transport: Transport,
    /// The server's port. `None`: for a server, the port that it binds, which only Linux tells; for a client, 12000.
    /// With `{port}` in the command, `None` is a free port.
    pub port: Option<u16>,
    /// How long an answer is awaited. A program that answers later has not answered.
    pub patience: Duration,
    /// Whether a server may serve one client at a time: `silent-client` is not applicable then.
    pub iterative: bool,
    /// The probes that have to pass; empty for all.
    pub require: Vec<String>,
    /// The probes that are run; empty for all.
    pub only: Vec<String>,
    /// What the program may use.
    pub bounds: Bounds,
    /// Whether to end the check, asked several times a second.
    pub interrupted: fn() -> bool,
    /// Called with a sentence if the check waits for something else than the program.
    pub notice: fn(&str),
}

/// What a program may use at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The data of each process (RLIMIT_DATA), and the resident memory of all of them, in bytes.
    pub memory: u64,
    /// Processes; zombies are not counted.
    pub processes: usize,
    /// What it writes to standard output and standard error, in bytes.
    pub output: u64,
    /// The processor time of each process (RLIMIT_CPU).
    pub cpu: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { memory: 2 << 30, processes: 256, output: 16 << 20, cpu: Duration::from_secs(300) }
    }
}

/// The largest file that a program may write (RLIMIT_FSIZE), in bytes.
#[cfg(unix)]
pub(crate) const LARGEST_FILE: u64 = 64 << 20;
/// The number of descriptors that a process may have (RLIMIT_NOFILE), unless the hard limit is lower.
#[cfg(unix)]
pub(crate) const DESCRIPTORS: u64 = 1024;

impl Options {
    /// Whether a probe has to pass.
    #[cfg(unix)]
    pub(crate) fn requires(&self, probe: &str) -> bool {
        self.require.is_empty() || self.require.iter().any(|name| name == probe)
    }

    /// Whether a probe is run.
    #[cfg(unix)]
    pub(crate) fn runs(&self, probe: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == probe)
    }

    /// Whether the port can be told to the program.
    #[cfg(unix)]
    pub(crate) fn tells_port(&self) -> bool {
        self.command.iter().any(|word| word.to_string_lossy().contains("{port}"))
    }

    /// The command for a port.
    #[cfg(unix)]
    pub(crate) fn words(&self, port: Option<u16>) -> Vec<OsString> {
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        let word = |word: &OsString| match word.to_str() {
            Some(text) => text.replace("{host}", "127.0.0.1").replace("{port}", &port).into(),
            None => word.clone(),
        };
        self.command.iter().map(word).collect()
    }
}
