//! `capsock demo`: every client language against every server language, transport and concurrency.
//!
//! A peer is a program of one language, which [`process`] starts and talks to. [`run`](mod@run) has the peers ask each
//! other and fills in the [`matrix`], which [`report`] prints.

mod matrix;
mod process;
mod report;
mod run;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use tempfile::TempDir;

use crate::failure::{Failure, Result};
use crate::seconds::Seconds;
use crate::stdio::{Output, message};
use crate::terminal;
use process::Start;

const TEXTS: &str = include_str!("texts.txt");
const EXPECTED: &str = include_str!("expected.txt");

const AFTER: &str = "\
Examples:
  capsock demo
  capsock demo --peer c=./peer --peer 'python=python3 examples/peer/peer.py'

A peer is a program with two modes. `COMMAND serve` starts a TCP and a UDP server of each
concurrency on 127.0.0.1, prints a line `tcp threads 40123` for each, or `tcp processes unsupported`
if the system has no such server, then `ready`, and runs until its standard input ends. `COMMAND ask TEXTS EXPECTED` reads such lines, asks each server every line
of the file TEXTS, and prints the line, `ok` or `failed`, and a detail, with tabs in between.

The exit status is 1 if a pair fails or has no result.";

/// Run every client against every server, and print which pairs work.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Demo {
    /// A peer: its language, and the shell command that starts it, to which `serve` or `ask TEXTS
    /// EXPECTED` is appended. Without this option, the built-in Rust peer runs alone.
    #[arg(long = "peer", value_name = "LANGUAGE=COMMAND")]
    peers: Vec<Named>,
    /// The requests, one per line, in UTF-8 [default: a built-in choice].
    #[arg(long, value_name = "FILE", requires = "expected")]
    texts: Option<PathBuf>,
    /// The expected replies, one per line, in UTF-8.
    #[arg(long, value_name = "FILE", requires = "texts")]
    expected: Option<PathBuf>,
    /// The time limit, in seconds, for a peer's start, for each result and for its exit; `inf` sets none.
    #[arg(long, value_name = "SECONDS", default_value = "60", allow_negative_numbers = true)]
    timeout: Seconds,
    /// Print one JSON object with every result instead of the table.
    #[arg(long)]
    json: bool,
}

/// `LANGUAGE=COMMAND`.
#[derive(Debug, Clone)]
struct Named {
    language: String,
    command: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Named, String> {
        match text.split_once('=') {
            Some((language, command)) if !language.trim().is_empty() && !command.trim().is_empty() => {
                Ok(Named { language: language.trim().to_owned(), command: command.to_owned() })
            }
            _ => Err("a peer is given as LANGUAGE=COMMAND".to_owned()),
        }
    }
}

pub(crate) fn run(demo: &Demo) -> Result<()> {
    let started = Instant::now();
    let (languages, starts) = demo.peers()?;
    let (texts, _kept) = demo.texts()?;
    let matrix = run::run_all(&languages, &starts, &texts, demo.timeout.0)?;
    let seconds = started.elapsed().as_secs_f64();

    let mut output = Output::new().map_err(|error| Failure::output(&error))?;
    let shown = if demo.json {
        format!("{}\n", report::json(&matrix, seconds))
    } else {
        report::text(&matrix, seconds, terminal::coloured())
    };
    output.write_all(shown.as_bytes()).map_err(|error| Failure::output(&error))?;
    if demo.peers.is_empty() && !demo.json {
        message("only the built-in Rust peer played; --peer LANGUAGE=COMMAND adds another");
    }
    // The report has printed the failures.
    if matrix.good() { Ok(()) } else { Err(Failure::silent(crate::failure::GENERAL)) }
}

impl Demo {
    fn peers(&self) -> Result<(Vec<String>, Vec<Start>)> {
        if self.peers.is_empty() {
            let executable = std::env::current_exe().map_err(|error| {
                Failure::new(format!("could not find the executable of this program: {error}"))
            })?;
            let peer = Start::Program(vec![executable.into_os_string(), "peer".into()]);
            return Ok((vec!["rust".to_owned()], vec![peer]));
        }
        let mut languages: Vec<String> = Vec::new();
        for peer in &self.peers {
            if languages.contains(&peer.language) {
                return Err(Failure::usage(format!("--peer names {} twice", peer.language)));
            }
            languages.push(peer.language.clone());
        }
        Ok((languages, self.peers.iter().map(|peer| Start::Shell(peer.command.clone())).collect()))
    }

    /// The two files, and the temporary folder that holds them while it lives.
    fn texts(&self) -> Result<([PathBuf; 2], Option<TempDir>)> {
        if let (Some(texts), Some(expected)) = (&self.texts, &self.expected) {
            let lines = [count(texts)?, count(expected)?];
            if lines[0] != lines[1] || lines[0] == 0 {
                return Err(Failure::usage(format!(
                    "--texts has {} lines and --expected has {}; they go together, one by one",
                    lines[0], lines[1]
                )));
            }
            return Ok(([texts.clone(), expected.clone()], None));
        }
        let folder = tempfile::Builder::new().prefix("capsock-demo-").tempdir();
        let written = folder.and_then(|folder| {
            let files = [folder.path().join("texts.txt"), folder.path().join("expected.txt")];
            std::fs::write(&files[0], TEXTS)?;
            std::fs::write(&files[1], EXPECTED)?;
            Ok((files, Some(folder)))
        });
        written
            .map_err(|error| Failure::new(format!("could not write the texts to a temporary file: {error}")))
    }
}

fn count(file: &Path) -> Result<usize> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().count()),
        Err(error) => Err(Failure::usage(format!("could not read {}: {error}", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replies_of_an_independent_oracle_are_those_of_the_core() {
        assert_eq!(TEXTS.lines().count(), EXPECTED.lines().count());
        for (text, expected) in TEXTS.lines().zip(EXPECTED.lines()) {
            assert_eq!(String::from_utf8_lossy(&capsock::uppercase(text.as_bytes())), expected);
        }
    }

    #[test]
    fn the_texts_have_a_long_line_and_one_that_fits_no_datagram() {
        assert!(TEXTS.lines().any(|text| text.chars().count() == 10_000 && text.len() < 65_507));
        assert!(TEXTS.lines().any(|text| text.is_ascii() && text.len() > 65_507));
    }
}
