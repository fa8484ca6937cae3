//! `capsock run`: a program of any language, unchanged, in the place of this one.

use std::ffi::OsString;
use std::path::Path;

use crate::children::replace_by;
use crate::failure::{Failure, Result};
use crate::launch::{self, Recording};
use crate::record::Record;

const AFTER: &str = "\
Examples:
  capsock run --trace run.jsonl UDPServer.py
  capsock run --trace run.jsonl TCPServer.java 6789
  capsock run --trace run.jsonl ./tcp_client localhost 12000
  capsock run --trace run.jsonl nc -l 12000

A Python script runs on the sockets of capsock, by the Python package beside this command or of python3; a Java
program as well, by the agent in capsock.jar. Any other program, and Python without the package, keeps
the calls of its C library, which a preloaded library records.

The exit status and the signals are the program's own.";

/// Run an unchanged program of any language and record its socket calls.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Run {
    /// Print no hints about common mistakes in Python and Java programs.
    #[arg(long)]
    no_hints: bool,
    #[command(flatten)]
    trace: Record,
    /// The program and its arguments: a script (.py, .js), a source or a jar of Java, or what a terminal runs; `-` is a
    /// Python script from standard input.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

/// Becomes the program. Returns only if that fails or, on Windows, has ended.
pub(crate) fn run(args: &Run) -> Result<i32> {
    let absolute = |file: &Path| {
        std::path::absolute(file)
            .map_err(|error| Failure::new(format!("could not find the file {}: {error}", file.display())))
    };
    let recording = Recording {
        file: args.trace.file()?.map(absolute).transpose()?,
        no_payload: args.trace.no_payload(),
        no_hints: args.no_hints,
        linked: false,
    };
    let launch = launch::recorded(&args.program, &recording)?;
    replace_by(&mut launch.command())
        .map_err(|error| Failure::new(format!("could not start {}: {error}", launch.name())))
}
