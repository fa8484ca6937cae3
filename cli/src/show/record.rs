//! The record of the run while it grows: whether the server is bound, and when nothing more happens.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::trace_file;

/// A file to which the programs append their calls.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    /// How much of it was read.
    offset: u64,
    /// A line that was not whole.
    rest: Vec<u8>,
    changed: Instant,
    /// Whether a socket listens, or over UDP has an address of the program's choice.
    pub(super) bound: bool,
    /// Whether a TCP socket has an address, and does not listen yet.
    pub(super) silent: bool,
    /// The last bind or listen that failed: the call, the address if it is known, and the name of the error; or an accept that
    /// failed before either.
    pub(super) refused: Option<String>,
    /// Whether that was a TCP port that is in use.
    pub(super) in_use: bool,
    /// The first bind that got another port, since a link is to take the one that the server asked for.
    pub(super) moved: Option<Moved>,
}

/// A bind that got another port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    pub(super) datagrams: bool,
    /// What the server asked for.
    pub(super) asked: SocketAddr,
    /// Whether it asked for the same port of the other family as well, and both for loopback or all addresses.
    pub(super) both_families: bool,
    /// Where it is.
    pub(super) bound: SocketAddr,
}

impl Moved {
    fn has_in_other_family(&self, asked: SocketAddr) -> bool {
        let is_local = |address: SocketAddr| address.ip().is_loopback() || address.ip().is_unspecified();
        asked.port() == self.asked.port()
            && asked.is_ipv4() != self.asked.is_ipv4()
            && is_local(asked)
            && is_local(self.asked)
    }
}

impl Record {
    /// Makes the file.
    pub(super) fn new(path: PathBuf) -> Result<Record> {
        File::create(&path).map_err(|error| failed(&path, &error))?;
        let changed = Instant::now();
        Ok(Record {
            path,
            offset: 0,
            rest: Vec::new(),
            changed,
            bound: false,
            silent: false,
            refused: None,
            in_use: false,
            moved: None,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at what has been added.
    pub(super) fn look(&mut self) -> Result<()> {
        let added = self.added().map_err(|error| failed(&self.path, &error))?;
        for line in added.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(line);
            if line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.rest);
                if let Ok(event) = serde_json::from_slice(&line) {
                    self.note(&event);
                }
            }
        }
        Ok(())
    }

    /// What has been added; once the server is bound, that something has is all that counts, unless there is a link.
    fn added(&mut self) -> std::io::Result<Vec<u8>> {
        let mut added = Vec::new();
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        if length == self.offset {
            return Ok(added);
        }
        if !self.bound || self.moved.is_some() {
            file.seek(SeekFrom::Start(self.offset))?;
            file.take(length - self.offset).read_to_end(&mut added)?;
        }
        self.offset = length;
        self.changed = Instant::now();
        Ok(added)
    }

    fn note(&mut self, event: &Value) {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        let call = text("call");
        let address = |field: &str| event[field].as_str().and_then(|text| text.parse().ok());
        if let ("ok", Some(asked), Some(bound)) = (text("outcome"), address("asked"), address("local")) {
            let datagrams = text("transport") == "udp";
            let moved = self.moved.get_or_insert(Moved { datagrams, asked, both_families: false, bound });
            moved.both_families |= moved.datagrams == datagrams && moved.has_in_other_family(asked);
        }
        let binds = call == "listen" || (call == "bind" && text("transport") == "udp");
        match text("outcome") {
            "ok" if binds => self.bound = true,
            "ok" if call == "bind" => self.silent = true,
            "ok" | "" => {}
            error if call == "accept" && self.silent => {
                self.refused =
                    Some(format!("its accept failed with {error}: listen() has to come before it"));
            }
            error if binds || call == "bind" => {
                let local =
                    event["local"].as_str().map(|address| format!(" to {address}")).unwrap_or_default();
                self.in_use = error == "EADDRINUSE" && text("transport") == "tcp";
                self.refused = Some(format!("its {call}{local} failed with {error}{}", advice(error)));
            }
            _ => {}
        }
    }

    /// How long nothing has been added.
    pub(super) fn quiet(&self) -> Duration {
        self.changed.elapsed()
    }

    /// The lines of what had happened at a time of the trace's clock: calls that had ended, or had begun and were recorded
    /// as such. The number of them as well.
    pub(super) fn until(&self, time: u64) -> Result<(String, usize)> {
        let bytes = std::fs::read(&self.path).map_err(|error| failed(&self.path, &error))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = String::with_capacity(text.len());
        let mut calls = 0;
        for line in text.lines() {
            let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
            let later = |field: &str| event[field].as_u64().is_some_and(|when| when > time);
            if later("begin") || later("end") || later("at") {
                continue;
            }
            calls += usize::from(event["event"] != "process");
            lines.push_str(line);
            lines.push('\n');
        }
        Ok((lines, calls))
    }
}

/// What an error of bind(2) or listen(2) is usually caused by.
fn advice(error: &str) -> &'static str {
    match error {
        "EADDRINUSE" | "WSAEADDRINUSE" => {
            ": another program has that port, perhaps the same server, which still runs, or a connection of the last run \
             is in TIME_WAIT for a minute"
        }
        "EACCES" | "WSAEACCES" => ": ports below 1024 are for the administrator",
        "EADDRNOTAVAIL" | "WSAEADDRNOTAVAIL" => ": this machine has no such address",
        _ => "",
    }
}

/// Appends lines to a file that the user has named.
pub(super) fn append(file: &Path, lines: &str) -> Result<()> {
    trace_file::append(file)
        .and_then(|mut file| file.write_all(lines.as_bytes()))
        .map_err(|error| Failure::new(format!("could not write {}: {error}", file.display())))
}

fn failed(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("could not record to {}: {error}", file.display()))
}
