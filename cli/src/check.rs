//! `capsock check`: the probes of `capsock-check`, put to a program.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use capsock::Transport;
use capsock_check::{Bounds, Options, Report, Role, probes, report};

use crate::failure::{Failure, GENERAL, Result};
use crate::port::port;
use crate::seconds::Seconds;
use crate::signals;
use crate::stdio::{Output, message};

const AFTER: &str = "\
Examples:
  capsock check server udp -- python3 UDPServer.py
  capsock check server tcp --port 6789 --iterative -- java TCPServer.java
  capsock check client tcp -- ./client {host} {port}

The program is started, and again after a probe that it has not survived. It has the rights of
whoever starts the check: this is no jail.

The exit status is 0 if no required probe failed, 1 if one did, 2 for wrong usage.";

/// Judge a server or client of the uppercase service, in any language, by probes over real sockets.
///
/// A TCP request ends with a newline; its reply is right with or without one.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Check {
    /// What the program is.
    #[arg(value_enum)]
    role: RoleWord,
    /// The transport that it uses.
    #[arg(value_parser = ["tcp", "udp"])]
    transport: String,
    /// The port of the program [default: for a server, the port that it binds, which only Linux tells; for a client,
    /// 12000; with {port} in the command, a free one].
    #[arg(long, value_name = "N", value_parser = port)]
    port: Option<u16>,
    /// How long an answer is awaited, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    patience: Seconds,
    /// The server may serve one client at a time.
    #[arg(long)]
    iterative: bool,
    /// The probes that have to pass, separated by commas [default: all].
    #[arg(long, value_name = "PROBES", value_delimiter = ',')]
    require: Vec<String>,
    /// Put only these probes.
    #[arg(long, value_name = "PROBES", value_delimiter = ',')]
    only: Vec<String>,
    /// The memory that the program may use, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = Bounds::default().memory >> 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    memory: u64,
    /// The number of processes that the program may have.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().processes)]
    processes: usize,
    /// What the program may write to standard output and standard error, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = Bounds::default().output >> 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    output: u64,
    /// The processor time that a process of the program may use, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Bounds::default().cpu.as_secs(), value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    cpu: u64,
    /// Print a JSON object instead of the text.
    #[arg(long)]
    json: bool,
    /// Write the results as the XML of JUnit.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page with the results and the pictures.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The program and its arguments; {host} and {port} in them become the address of the server.
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleWord {
    Server,
    Client,
}

pub(crate) fn run(args: &Check) -> Result<()> {
    let options = args.options()?;
    let mut output = Output::new().map_err(|error| Failure::output(&error))?;
    let mut lost = None;
    let mut progress = |result: &_| {
        if !args.json && lost.is_none() {
            lost = output.write_all(report::result(result).as_bytes()).err();
        }
    };
    let found = capsock_check::check(&options, &mut progress).map_err(Failure::usage)?;
    if let Some(error) = lost {
        return Err(Failure::output(&error));
    }
    args.write(&found)?;
    let last =
        if args.json { report::json(&found).to_string() } else { format!("\n{}", report::summary(&found)) };
    output.line(last).map_err(|error| Failure::output(&error))?;
    if found.passed() { Ok(()) } else { Err(Failure::silent(GENERAL)) }
}

impl Check {
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    fn options(&self) -> Result<Options> {
        let role = match self.role {
            RoleWord::Server => Role::Server,
            RoleWord::Client => Role::Client,
        };
        let transport = if self.transport == "tcp" { Transport::Tcp } else { Transport::Udp };
        for name in self.require.iter().chain(&self.only) {
            if !probes(role, transport).any(|probe| probe.name == name) {
                let known: Vec<&str> = probes(role, transport).map(|probe| probe.name).collect();
                return Err(Failure::usage(format!(
                    "there is no probe '{name}' for a {} {}; there are {}",
                    self.transport,
                    role.name(),
                    known.join(", ")
                )));
            }
        }
        let Some(patience) = self.patience.0.filter(|patience| !patience.is_zero()) else {
            return Err(Failure::usage("--patience needs a time above 0 and below inf"));
        };
        let words: Vec<_> = self.command.iter().map(|word| word.to_string_lossy()).collect();
        Ok(Options {
            program: words.join(" "),
            command: self.command.clone(),
            role,
            transport,
            port: self.port,
            patience,
            iterative: self.iterative,
            require: self.require.clone(),
            only: self.only.clone(),
            bounds: Bounds {
                memory: self.memory << 20,
                processes: self.processes,
                output: self.output << 20,
                cpu: Duration::from_secs(self.cpu),
            },
            interrupted: signals::once,
            notice: |text| message(text),
        })
    }

    fn write(&self, found: &Report) -> Result<()> {
        if let Some(file) = &self.junit {
            write(file, &report::junit(std::slice::from_ref(found)))?;
        }
        if let Some(file) = &self.html {
            write(file, &report::page(found))?;
        }
        Ok(())
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text)
        .map_err(|error| Failure::new(format!("could not write {}: {error}", file.display())))
}
