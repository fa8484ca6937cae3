//! `capsock check`: the probes of `capsock-check`, put to a program.

mod folder;

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
use folder::Submission;

const AFTER: &str = "\
Examples:
  capsock check server udp -- python3 UDPServer.py
  capsock check server tcp --port 6789 --iterative -- java TCPServer.java
  capsock check client tcp -- ./client {host} {port}
  capsock check --all submissions --html pages
  capsock check server udp --all submissions -- python3 {file}/main.py

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
    #[arg(value_enum, required_unless_present = "all")]
    role: Option<RoleWord>,
    /// The transport that it uses.
    #[arg(value_parser = ["tcp", "udp"], required_unless_present = "all")]
    transport: Option<String>,
    /// Check each submission in a folder, and print a table. Without COMMAND these are the files whose names tell what
    /// they are (TCPServer.py, ada/udp_client.c), in Python, Java, C, JavaScript and shell, and programs; with COMMAND, all
    /// entries of the folder, whose path is {file} in it.
    #[arg(long, value_name = "DIR")]
    all: Option<PathBuf>,
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
    /// Write a page with the results and the pictures; with --all, a folder with a page for each submission.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The program and its arguments; {host} and {port} in them become the address of the server.
    #[arg(required_unless_present = "all", last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleWord {
    Server,
    Client,
}

pub(crate) fn run(args: &Check) -> Result<()> {
    match &args.all {
        Some(folder) => args.all(folder),
        None => args.one(),
    }
}

impl Check {
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    /// Checks one program, and prints each result as it comes.
    fn one(&self) -> Result<()> {
        // clap has required both.
        let (Some(role), Some(transport)) = (self.role(), self.transport()) else {
            return Err(Failure::usage("a check needs the role of the program and its transport"));
        };
        self.known_probes(&[(role, transport)])?;
        let words: Vec<_> = self.command.iter().map(|word| word.to_string_lossy()).collect();
        let submission = Submission { name: words.join(" "), role, transport, command: self.command.clone() };
        let options = self.options(submission)?;
        let mut output = Output::new().map_err(|error| Failure::output(&error))?;
        let mut lost = None;
        let mut progress = |result: &_| {
            if !self.json && lost.is_none() {
                lost = output.write_all(report::result(result).as_bytes()).err();
            }
        };
        let found = capsock_check::check(&options, &mut progress).map_err(Failure::usage)?;
        if let Some(error) = lost {
            return Err(Failure::output(&error));
        }
        if let Some(file) = &self.html {
            write(file, &report::page(&found))?;
        }
        let last = match self.json {
            true => report::json(&found).to_string(),
            false => format!("\n{}\n", report::summary(&found)),
        };
        self.end(&last, std::slice::from_ref(&found))
    }

    /// Checks the submissions of a folder, one after the other, since their ports may be the same.
    fn all(&self, folder: &Path) -> Result<()> {
        let submissions = match (self.command.as_slice(), self.role(), self.transport()) {
            ([], role, transport) => folder::by_name(folder, role, transport)?,
            (command, Some(role), Some(transport)) => folder::by_command(folder, role, transport, command)?,
            _ => {
                return Err(Failure::usage(
                    "with a COMMAND, say what it runs: server or client, and tcp or udp",
                ));
            }
        };
        if submissions.is_empty() {
            return Err(Failure::usage(format!(
                "{} has no submission: name the files after what they are, such as TCPServer.py, or give a COMMAND \
                 with {{file}}",
                folder.display()
            )));
        }
        let kinds: Vec<_> = submissions.iter().map(|one| (one.role, one.transport)).collect();
        self.known_probes(&kinds)?;
        let mut reports = Vec::with_capacity(submissions.len());
        for submission in submissions {
            message(format!("checking {}", submission.name));
            let options = self.options(submission)?;
            reports.push(capsock_check::check(&options, &mut |_| {}).map_err(Failure::usage)?);
        }
        if let Some(folder) = &self.html {
            pages(folder, &reports)?;
        }
        let last = match self.json {
            true => report::json_of_all(&reports).to_string(),
            false => report::table(&reports),
        };
        self.end(&last, &reports)
    }

    fn end(&self, last: &str, reports: &[Report]) -> Result<()> {
        if let Some(file) = &self.junit {
            write(file, &report::junit(reports))?;
        }
        let mut output = Output::new().map_err(|error| Failure::output(&error))?;
        output.line(last.trim_end_matches('\n')).map_err(|error| Failure::output(&error))?;
        if reports.iter().all(Report::passed) { Ok(()) } else { Err(Failure::silent(GENERAL)) }
    }

    fn role(&self) -> Option<Role> {
        self.role.map(|role| match role {
            RoleWord::Server => Role::Server,
            RoleWord::Client => Role::Client,
        })
    }

    fn transport(&self) -> Option<Transport> {
        self.transport.as_deref().map(|name| if name == "tcp" { Transport::Tcp } else { Transport::Udp })
    }

    /// Refuses a name that no program here has a probe of.
    fn known_probes(&self, kinds: &[(Role, Transport)]) -> Result<()> {
        let mut known: Vec<&str> = Vec::new();
        for probe in kinds.iter().flat_map(|(role, transport)| probes(*role, *transport)) {
            if !known.contains(&probe.name) {
                known.push(probe.name);
            }
        }
        match self.require.iter().chain(&self.only).find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Failure::usage(format!(
                "there is no probe '{name}' for this program; there are {}",
                known.join(", ")
            ))),
            None => Ok(()),
        }
    }

    fn options(&self, submission: Submission) -> Result<Options> {
        let Some(patience) = self.patience.0.filter(|patience| !patience.is_zero()) else {
            return Err(Failure::usage("--patience needs a time above 0 and below inf"));
        };
        Ok(Options {
            program: submission.name,
            command: submission.command,
            role: submission.role,
            transport: submission.transport,
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
}

/// Writes a page for each report, and one that links to them.
fn pages(folder: &Path, reports: &[Report]) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("could not make the folder {}: {error}", folder.display())))?;
    let mut named = Vec::with_capacity(reports.len());
    for (number, found) in reports.iter().enumerate() {
        let plain = |one: char| if one.is_ascii_alphanumeric() || one == '.' { one } else { '-' };
        // The number keeps names apart that differ only in other characters.
        let file = format!("{:03}-{}.html", number + 1, found.program.chars().map(plain).collect::<String>());
        write(&folder.join(&file), &report::page(found))?;
        named.push((file, found));
    }
    write(&folder.join("index.html"), &report::index(&named))
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text)
        .map_err(|error| Failure::new(format!("could not write {}: {error}", file.display())))
}
