//! The command line: the subcommands, and the exit code of each outcome.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use serde_json::json;

use crate::failure::{Failure, Result, SIGNAL};
use crate::log::{LogFormat, Severity};
use crate::signals::{self, Signals};
use crate::{
    check, client, completions, demo, link, man, peer, run_program, serve, show, stdio, step, trace,
    uppercase, watch,
};

const AFTER: &str = "\
Examples:
  capsock show UDPServer.py -- UDPClient.py      run both, and draw what their sockets did
  capsock step UDPServer.py -- UDPClient.py      the same, call by call
  capsock serve tcp                              serve on port 12000, this machine only
  capsock client tcp localhost 12000 hello       print HELLO
  capsock client tcp localhost 12000 < book.txt  the whole book in upper case
  capsock uppercase < book.txt                   the same without a network
  capsock link udp --loss 30%                    a link to the server that loses datagrams
  capsock watch run.jsonl                        the figure of programs while they run
  capsock demo                                   every client against every server

Data goes to standard output, everything else to standard error.

Exit status: 0 success, 1 network failure, 2 wrong usage, 124 timeout, 129 SIGHUP, 130 Ctrl-C,
143 SIGTERM.";

/// Serve text in upper case over TCP and UDP, ask such servers, and draw the socket calls of programs.
#[derive(Debug, Parser)]
#[command(name = "capsock", bin_name = "capsock", version, max_term_width = 100, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::Serve),
    Client(client::Client),
    Uppercase(uppercase::Uppercase),
    Link(link::Link),
    Trace(trace::Trace),
    Watch(watch::Watch),
    Check(check::Check),
    Demo(demo::Demo),
    Run(run_program::Run),
    Show(show::Show),
    Step(step::Step),
    Completions(completions::Completions),
    Man(man::Pages),
    /// The Rust peer of the demonstration.
    #[command(hide = true)]
    Peer {
        args: Vec<String>,
    },
}

impl Command {
    fn wants_json(&self) -> bool {
        match self {
            Command::Serve(serve) => serve.wants_json(),
            Command::Client(client) => client.wants_json(),
            Command::Link(link) => link.wants_json(),
            Command::Check(check) => check.wants_json(),
            Command::Watch(watch) => watch.wants_json(),
            _ => false,
        }
    }

    fn log_format(&self) -> LogFormat {
        match self {
            Command::Serve(serve) => serve.log_format(),
            _ => LogFormat::Text,
        }
    }
}

pub(crate) fn run(args: Vec<OsString>) -> i32 {
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            let error = with_run(error);
            // Help and version go to standard output; where that is closed, nobody reads them.
            let _ = error.print();
            return error.exit_code();
        }
    };
    let (outcome, signal) = match &cli.command {
        // The program takes the place of this one, with the signals as they are.
        Command::Run(args) => match run_program::run(args) {
            Ok(code) => return code,
            Err(failure) => (Err(failure), None),
        },
        // A peer exits at the end of its input, or is killed; it handles no signals.
        Command::Peer { args } => (peer(args), None),
        command => run_with_signals(command),
    };
    // A signal is reported by the exit code alone, not as a failure.
    if let Some(signal) = signal {
        return SIGNAL + signal;
    }
    match outcome {
        Ok(()) => 0,
        Err(Failure { code, text, object }) => {
            if let Some(text) = text {
                let fields = json!({
                    "event": "failed",
                    "kind": object.as_ref().map(|object| &object["kind"]),
                    "errno": object.as_ref().map(|object| &object["errno"]),
                    "status": code,
                });
                cli.command.log_format().write(Severity::Error, text, &fields);
            }
            if let (Some(object), true) = (object, cli.command.wants_json()) {
                // If nobody reads the object, the exit code is left.
                let _ = stdio::Output::new().and_then(|mut output| output.line(object));
            }
            code
        }
    }
}

/// Suggests `run` if a script or a Java program stands in the place of the subcommand.
fn with_run(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && [".py", ".java", ".jar", ".js"].iter().any(|ending| word.ends_with(ending))
    {
        let tip = format!("to run a script, write: run {word}").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

fn run_with_signals(command: &Command) -> (Result<()>, Option<i32>) {
    let signals = match Signals::catch() {
        Ok(signals) => signals,
        Err(error) => return (Err(Failure::new(format!("could not catch signals: {error}"))), None),
    };
    let outcome = match command {
        Command::Serve(args) => serve::run(args),
        Command::Client(args) => client::run(args),
        Command::Uppercase(_) => uppercase::run(),
        Command::Link(args) => link::run(args),
        Command::Trace(args) => trace::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Check(args) => check::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Show(args) => show::run(args),
        Command::Step(args) => step::run(args),
        Command::Completions(args) => completions::run(args, Cli::command()),
        Command::Man(args) => man::run(args, Cli::command()),
        Command::Run(args) => run_program::run(args).map(|_| ()),
        Command::Peer { args } => peer(args),
    };
    let signal = signals::arrived();
    drop(signals);
    (outcome, signal)
}

fn peer(args: &[String]) -> Result<()> {
    peer::run(args).map_err(|error| Failure::new(error.to_string()))
}
