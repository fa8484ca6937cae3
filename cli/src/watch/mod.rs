//! `capsock watch`: the picture of a trace while programs append to it, as a page or on the terminal.
//!
//! [`file`] reads what is appended, [`pictures`] draws it on demand, [`request`] and [`server`] are the page's, and
//! [`terminal`] writes the text.

mod file;
mod pictures;
mod request;
mod server;
mod terminal;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::browser;
use crate::failure::{Failure, Result};
use crate::signals;
use crate::stdio::{Output, message};
pub(crate) use file::{Growth, WatchedFile};
pub(crate) use pictures::{Pictures, Style};
#[cfg(unix)]
pub(crate) use request::Go;
pub(crate) use server::Server;
use terminal::Screen;
#[cfg(unix)]
pub(crate) use terminal::last_lines;

/// The interval of looking at the file. No system tells of each append on each file system, a network's among them.
const LOOK_EVERY: Duration = Duration::from_millis(100);

const AFTER: &str = "\
Examples:
  capsock watch run.jsonl                     the page; it prints the address for a browser
  capsock watch run.jsonl --font-size 22      for a projector
  capsock watch run.jsonl --text              in this terminal
  capsock run --trace run.jsonl server.py     in another terminal: a program that is watched

Ctrl-C ends it; a page that is open keeps the last picture.";

/// Draw the socket calls of programs while they run.
///
/// The page is for a browser on this machine: its address has a secret, so that no other user and no other page can read it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Watch {
    /// The trace that programs append to; it may come into being later [default: a new file].
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The port of the page [default: a free one].
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Draw in the terminal instead: the end of the figure, as much as there is room for.
    #[arg(long, conflicts_with_all = ["port", "title", "font_size", "light"])]
    text: bool,
    /// Show the length of what was sent, but no bytes.
    #[arg(long)]
    no_payload: bool,
    /// Draw every round of repeated calls, instead of a note that counts them.
    #[arg(long)]
    unfolded: bool,
    /// The heading of the page.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The size of the text in the picture, in pixels: some 22 for a projector.
    #[arg(long, value_name = "PIXELS", default_value_t = 13, value_parser = clap::value_parser!(u16).range(6..=60))]
    font_size: u16,
    /// Give the page light colours also where its reader prefers dark ones.
    #[arg(long)]
    light: bool,
    /// Open the page in the browser.
    #[arg(long, conflicts_with = "text")]
    open: bool,
    /// Print the address as a JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Watch {
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }
}

pub(crate) fn run(args: &Watch) -> Result<()> {
    // Removed at the end, with the file.
    let mut folder = None;
    let path = match &args.file {
        Some(path) => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
        None => {
            let made = tempfile::Builder::new().prefix("capsock-watch-").tempdir();
            let made = made.map_err(|error| Failure::new(format!("could not make a folder: {error}")))?;
            folder.insert(made).path().join("run.jsonl")
        }
    };
    let style = Style {
        title: args.title.clone(),
        font_size: args.font_size,
        light: args.light,
        unfolded: args.unfolded,
        payload: !args.no_payload,
        stepped: false,
    };
    // The file may be made later.
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        return Err(Failure::usage(format!("there is no folder {}", folder.display())));
    }
    let mut file = WatchedFile::new(path.clone());
    let pictures = Arc::new(Pictures::new(&path, style));
    // Before anything is shown: what is no trace is the command's error.
    take(&mut file, &pictures)?;
    if args.text {
        let mut screen = Screen::new()?;
        ready(args, &path, None)?;
        return watch(&mut file, &pictures, || screen.show(&pictures));
    }
    let server = Server::start(args.port, &pictures, None)?;
    let address = server.address();
    ready(args, &path, Some(&address))?;
    if args.open
        && let Err(Failure { text: Some(text), .. }) = browser::open(address.as_ref())
    {
        message(text);
    }
    let outcome = watch(&mut file, &pictures, || Ok(()));
    server.end();
    outcome
}

/// Takes what is appended until a signal, and calls `show` after each look.
fn watch(file: &mut WatchedFile, pictures: &Pictures, mut show: impl FnMut() -> Result<()>) -> Result<()> {
    while !signals::once() {
        take(file, pictures)?;
        show()?;
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn take(file: &mut WatchedFile, pictures: &Pictures) -> Result<()> {
    match file.growth() {
        Ok(Growth::None) => Ok(()),
        Ok(Growth::Appended(bytes)) => pictures.add(&bytes),
        Ok(Growth::Replaced(bytes)) => pictures.replace(&bytes),
        Err(error) => return Err(Failure::new(format!("could not read {}: {error}", file.path().display()))),
    }
    .map_err(|error| Failure::usage(error.to_string()))
}

fn ready(args: &Watch, path: &Path, address: Option<&str>) -> Result<()> {
    let shown = path.display();
    let hint = if args.file.is_some() {
        String::new()
    } else {
        format!("; record programs with capsock run --trace {shown}")
    };
    match address {
        Some(address) => message(format_args!("watching {shown} at {address}{hint}; Ctrl-C ends it")),
        None => message(format_args!("watching {shown}{hint}; Ctrl-C ends it")),
    }
    if args.json {
        let object = json!({ "event": "ready", "trace": path.to_string_lossy(), "address": address });
        let mut output = Output::new().map_err(|error| Failure::output(&error))?;
        output.line(object).map_err(|error| Failure::output(&error))?;
    }
    Ok(())
}
