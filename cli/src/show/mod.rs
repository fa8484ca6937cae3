//! `capsock show`: from a server and its clients to the picture of what their sockets did.
//!
//! [`play`](mod@play) starts them, each a [`program`] whose socket calls go to one [`record`]; [`source`] compiles what is
//! to be compiled. With `--link` the server's first bind gets a free port (`CAPSOCK_LINK` in its environment), and a link,
//! which is a thread of this process and records to the same file, stands [`between`] it and the clients.

mod between;
mod conductor;
mod play;
mod ports;
mod program;
mod record;
mod source;
mod time_wait;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use capsock_figure::Model;

use crate::browser;
use crate::children::Sweep;
use crate::escaped::Escaped;
use crate::failure::{Failure, Result};
use crate::launch;
use crate::link::LinkText;
use crate::seconds::Seconds;
use crate::stdio::{Input, Output, message};
use crate::trace::{self, Drawing};
use crate::trace_file;
#[cfg(unix)]
use crate::watch::Style;
pub(crate) use conductor::Conductor;
use conductor::Nobody;
#[cfg(unix)]
pub(crate) use conductor::Scene;
use play::{Cast, Play, Played, Role};

/// What a client reads without `--input`.
const INPUT: &str = "hello";

/// The file of the record, in the temporary folder.
const RECORD: &str = "run.jsonl";

const AFTER: &str = "\
Examples:
  capsock show UDPServer.py -- UDPClient.py
  capsock show --input straße -o run.svg TCPServer.java -- TCPClient.java
  capsock show --link \"--drop 1\" UDPServer.py -- UDPPinger.py
  capsock show --at-once --open tcp_server.c -- tcp_client.c -- tcp_client.rs
  capsock show \"python3 -u UDPServer.py 12001\" -- \"UDPClient.py localhost 12001\"

The server is started; when it is bound, the clients run, one after another; then the server is stopped, as by Ctrl-C,
and what happened until then is drawn. A program that fails, or does not end within --patience, is the end of the
run, and the picture shows how far it came. What the programs print goes to standard error, after their names.

A program is a source (.py, .java, .c, .rs, .js), a .jar, or what a terminal runs; a command with options
is one word in quotes. Sources of C and Rust are compiled by cc and rustc into a temporary folder.

The exit status is 0 if every client ended with 0, 1 if a program failed, 2 for wrong usage, 124 if one did not end
in time.";

/// Run a server and its clients, in any language and unchanged, and draw what their sockets did.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Show {
    #[command(flatten)]
    staging: Staging,
}

/// What is run, how, and what is drawn of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Staging {
    /// The server and its arguments; with options of its own, a command in quotes.
    #[arg(required = true, value_name = "SERVER")]
    server: Vec<OsString>,
    /// What the clients read from standard input, a line; \n in it begins the next line, and `-` stands for the standard
    /// input of this command. Given several times, it is for the first client, the second, and so on; the last is for
    /// those that are left.
    #[arg(long, value_name = "TEXT", default_value = INPUT)]
    input: Vec<Escaped>,
    /// Start all clients at the same time.
    #[arg(long)]
    at_once: bool,
    /// Run the clients N times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeat: u16,
    /// The time limit, in seconds, for the server to be bound, and for each client to end.
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    patience: Seconds,
    /// Put a link between the clients and the server, which impairs what passes as the options in this text say: those of
    /// `capsock link`, such as `--drop 1`. The link takes the address that the server binds first, and the server gets
    /// another port.
    #[arg(long, value_name = "IMPAIRMENTS", allow_hyphen_values = true)]
    link: Option<LinkText>,
    /// Open the picture in the browser; without --output it is a page in the folder of temporary files.
    #[arg(long)]
    open: bool,
    /// Append the record of the run to FILE as well.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Print no hints about common mistakes in Python and Java programs.
    #[arg(long)]
    no_hints: bool,
    #[command(flatten)]
    drawing: Drawing,
    /// The clients, each with its arguments, with `--` between them.
    #[arg(required = true, last = true, value_name = "CLIENT")]
    clients: Vec<OsString>,
}

pub(crate) fn run(args: &Show) -> Result<()> {
    perform(&args.staging, args.staging.open, |_, _| Ok(Box::new(Nobody)))
}

/// Runs the programs, and draws what they did. `conductor` makes the one who lets their calls go, from a folder for its socket
/// and the file of the record. `open` says whether the picture is opened.
pub(crate) fn perform(
    args: &Staging,
    open: bool,
    conductor: impl FnOnce(&Path, &Path) -> Result<Box<dyn Conductor>>,
) -> Result<()> {
    args.drawing.checked()?;
    let cast = args.cast()?;
    if let Some(file) = &args.trace {
        // Before anything runs.
        record::append(trace_file::checked(file)?, "")?;
    }
    let mut folder = tempfile::Builder::new();
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let folder = folder
        .prefix("capsock-show-")
        .tempdir()
        .map_err(|error| Failure::new(format!("could not make a temporary folder: {error}")))?;
    let played = {
        let sweep = Sweep::new();
        let record = folder.path().join(RECORD);
        let conductor = conductor(folder.path(), &record)?;
        let play = Play::new(cast, folder.path(), &record, &sweep, conductor)?;
        play.run()
    }?;
    if let Some(file) = &args.trace {
        record::append(file, &played.lines)?;
    }
    if played.calls == 0 {
        message("no socket call was recorded, so there is nothing to draw");
    } else {
        args.draw(&played, open)?;
    }
    if played.code == 0 { Ok(()) } else { Err(Failure::silent(played.code)) }
}

impl Staging {
    /// Whether a client reads the standard input of this command.
    #[cfg(unix)]
    pub(crate) fn reads_input(&self) -> bool {
        self.input.iter().any(|given| given.0 == b"-")
    }

    /// Whether something is to be opened in the browser.
    #[cfg(unix)]
    pub(crate) fn opens(&self) -> bool {
        self.open
    }

    /// How a page looks while the programs run.
    #[cfg(unix)]
    pub(crate) fn style(&self) -> Style {
        Style { stepped: true, ..self.drawing.style() }
    }

    fn draw(&self, played: &Played, open: bool) -> Result<()> {
        let trace = capsock_figure::read([("the record", played.lines.as_bytes())])
            .map_err(|error| Failure::new(error.to_string()))?;
        let model = with_names(capsock_figure::link(trace), &played.names);
        let mismatch = ports::mismatch(&model);
        let drawing = match (open, self.drawing.output()) {
            (true, None) => self.drawing.to_file(browser::page()?),
            _ => self.drawing.clone(),
        };
        // Ctrl-C ends the programs; the picture of what they did is drawn all the same.
        let output = Output::beyond_signals().map_err(|error| Failure::output(&error))?;
        trace::draw(&drawing, model, output)?;
        mismatch.into_iter().for_each(message);
        let Some(file) = drawing.output() else { return Ok(()) };
        message(format!("the picture is in {}", file.display()));
        if open { browser::open(file.as_os_str()) } else { Ok(()) }
    }

    /// Who plays, and what each is given to read.
    fn cast(&self) -> Result<Cast> {
        let Some(patience) = self.patience.0.filter(|patience| *patience > Duration::ZERO) else {
            return Err(Failure::usage("--patience needs a time above 0 and below inf"));
        };
        let mut clients = Vec::new();
        let texts = self.texts()?;
        for (place, words) in self.clients.split(|word| word == "--").enumerate() {
            if words.is_empty() {
                return Err(Failure::usage("there is no client between two '--', or behind the last one"));
            }
            if let Some(option) = misplaced(words) {
                message(format!(
                    "'{option}' stands behind '--' and is an argument of the client; the options of show stand before that"
                ));
            }
            // There is at least the default.
            let input = texts.get(place).or(texts.last()).cloned().unwrap_or_default();
            clients.push(Role { words: launch::split(words)?, input: Some(input) });
        }
        Ok(Cast {
            server: Role { words: launch::split(&self.server)?, input: None },
            clients,
            at_once: self.at_once,
            repeat: usize::from(self.repeat),
            patience,
            no_payload: self.drawing.no_payload(),
            no_hints: self.no_hints,
            link: self.link.clone(),
        })
    }

    fn texts(&self) -> Result<Vec<Vec<u8>>> {
        let text = |given: &Escaped| {
            let mut text = given.0.clone();
            if text == b"-" {
                text.clear();
                let mut input = Input::new().map_err(|error| Failure::input(&error))?;
                input.read_to_end(&mut text).map_err(|error| Failure::input(&error))?;
            } else if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            Ok(text)
        };
        self.input.iter().map(text).collect()
    }
}

/// The model with the names under which messages tell of the programs, by their processes.
pub(crate) fn with_names(mut model: Model, names: &HashMap<u32, String>) -> Model {
    for program in &mut model.programs {
        if let Some(name) = program.pids.iter().find_map(|process| names.get(process)) {
            program.name.clone_from(name);
        }
    }
    model
}

/// An option of this command among the words of a client, where a hand that is used to other commands writes it.
fn misplaced(words: &[OsString]) -> Option<&str> {
    let own = ["--at-once", "--columns", "--input", "--link", "--open", "--output", "--patience", "--repeat"];
    let picture = [".svg", ".html", ".png", ".md"];
    let texts: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let is_own = |place: usize, word: &str| {
        let value = texts.get(place + 1);
        let writes = word == "-o" && value.is_some_and(|file| picture.iter().any(|end| file.ends_with(end)));
        writes || own.contains(&word.split('=').next().unwrap_or(word))
    };
    texts.iter().enumerate().skip(1).find(|(place, word)| is_own(*place, word)).map(|(_, word)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_behind_the_client_is_seen() {
        for (words, expected) in [
            ("client.py localhost 12000", None),
            ("client.py -o run.svg", Some("-o")),
            ("curl -o page.txt", None),
            ("client.py --patience=3", Some("--patience=3")),
            ("client.py --input x", Some("--input")),
            ("--open", None),
        ] {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(misplaced(&words), expected, "{words:?}");
        }
    }
}
