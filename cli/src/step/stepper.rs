//! The turns between the programs and the person who steps them.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use capsock::trace::Event;
use capsock_figure::{self as figure, GrowingTrace, TextOptions};

use super::board::{Board, Ended};
use super::command::{Command, HELP, command};
use super::control::{Connection, Control};
use super::input::{Line, Lines};
use super::page::Page;
use crate::failure::{Failure, Result};
use crate::show::{Conductor, Scene, with_names};
use crate::stdio::{Output, message};
use crate::terminal::{coloured, columns, height, redraws};
use crate::watch::{Growth, WatchedFile, last_lines};

/// Nothing more happens if nothing has for so long, all programs are held or blocked, and none computes.
const STILL: Duration = Duration::from_millis(30);
/// The same for programs that are neither: one may wait for something else than a socket.
const QUIET: Duration = Duration::from_millis(200);
/// After this time the person is asked whatever the programs do.
const LONGEST: Duration = Duration::from_secs(5);

/// What messages call the record.
const RECORD: &str = "the record";

/// How many calls may ask in one turn.
const AT_ONCE: usize = 100;

/// Where the person is who says what goes.
pub(super) enum Person {
    /// At standard input, which is typed if it is a terminal.
    Input { lines: Lines, typed: bool },
    /// At the page.
    Page(Page),
}

impl Person {
    /// At standard input.
    pub(super) fn at_input() -> Result<Person> {
        let typed = std::io::stdin().is_terminal();
        if typed {
            message(HELP);
        }
        Ok(Person::Input { lines: Lines::new()?, typed })
    }

    /// Whether the lines were written before, so that one waits for a call that it can let go.
    fn is_script(&self) -> bool {
        matches!(self, Person::Input { typed: false, .. })
    }

    /// Whether somebody waits for an answer to each line.
    fn types(&self) -> bool {
        matches!(self, Person::Input { typed: true, .. })
    }

    fn says(&mut self) -> Result<Option<Command>> {
        let lines = match self {
            Person::Page(page) => return Ok(page.command()),
            Person::Input { lines, .. } => lines,
        };
        Ok(match lines.next()? {
            Line::Nothing => None,
            Line::Text(line) => Some(command(&line)),
            Line::End => Some(Command::End),
        })
    }
}

pub(super) struct Stepper {
    /// `None` once all programs run.
    control: Option<Control>,
    board: Board<Connection>,
    record: WatchedFile,
    /// A line of the record that is not whole.
    rest: Vec<u8>,
    trace: GrowingTrace,
    /// When the programs did something for the last time.
    changed: Instant,
    /// How many messages had arrived, if the next is awaited.
    awaited: Option<usize>,
    person: Person,
    /// A line that waits for a call that it can let go.
    pending: Option<Command>,
    output: Output,
    shown: Vec<String>,
    quit: bool,
}

impl Stepper {
    pub(super) fn new(folder: &Path, record: PathBuf, person: Person) -> Result<Stepper> {
        let control = Control::new(folder).map_err(|error| {
            let folder = folder.display();
            Failure::new(format!("could not make a socket in {folder}: {error}; TMPDIR names the folder"))
        })?;
        Ok(Stepper {
            control: Some(control),
            board: Board::new(),
            record: WatchedFile::new(record),
            rest: Vec::new(),
            trace: GrowingTrace::new(RECORD),
            changed: Instant::now(),
            awaited: None,
            person,
            pending: None,
            output: Output::beyond_signals().map_err(|error| Failure::output(&error))?,
            shown: Vec::new(),
            quit: false,
        })
    }

    /// Takes what the programs record.
    fn read(&mut self) -> Result<()> {
        let growth = self.record.growth().map_err(|error| {
            Failure::new(format!("could not read {}: {error}", self.record.path().display()))
        })?;
        let (bytes, again) = match growth {
            Growth::None => return Ok(()),
            Growth::Appended(bytes) => (bytes, false),
            // The server was started again.
            Growth::Replaced(bytes) => (bytes, true),
        };
        self.changed = Instant::now();
        if again {
            self.trace = GrowingTrace::new(RECORD);
            self.rest.clear();
        }
        // A line that is no event is reported when all is drawn.
        let _ = self.trace.add(&bytes);
        if let Person::Page(page) = &self.person {
            page.draw(&bytes, again);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.rest);
                if let Ok(event) = serde_json::from_slice(&line) {
                    note(&mut self.board, &event);
                }
            }
        }
        Ok(())
    }

    /// Takes what the programs ask and record.
    fn look(&mut self, scene: &Scene<'_>) -> Result<()> {
        self.board.running(scene.running);
        // What a thread has recorded before it asks is in the file when it is read below.
        let control = self.control.as_ref();
        let asked: Vec<_> = control
            .into_iter()
            .flat_map(|control| std::iter::from_fn(|| control.next()))
            .take(AT_ONCE)
            .collect();
        for (question, connection) in asked {
            self.changed = Instant::now();
            self.board.asked(question, connection);
        }
        self.read()
    }

    /// Whether nothing more happens until a call is let go.
    fn is_settled(&self, scene: &Scene<'_>) -> bool {
        let quiet = self.changed.elapsed();
        let limit = if self.board.is_settled() { STILL } else { QUIET };
        !scene.starting && quiet > limit && (quiet > LONGEST || !(scene.busy)())
    }

    /// Goes on until the next message, if that is awaited. Returns whether it does.
    fn goes_on(&mut self) -> bool {
        let Some(before) = self.awaited else { return false };
        match self.board.next() {
            Some(next) if self.board.messages() == before => {
                self.go(next);
                true
            }
            _ => {
                self.awaited = None;
                false
            }
        }
    }

    fn go(&mut self, place: usize) {
        // Its end is what lets the call go.
        drop(self.board.go(place));
        self.changed = Instant::now();
        self.shown.clear();
    }

    fn tell(&mut self, names: &HashMap<u32, String>) -> Result<()> {
        let lines = self.board.lines();
        if lines == self.shown {
            return Ok(());
        }
        let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.shown = lines;
        let typed = match &self.person {
            Person::Page(page) => {
                page.tell(&self.board.entries());
                return Ok(());
            }
            Person::Input { typed, .. } => *typed,
        };
        if typed && redraws() {
            let figure = self.figure(names);
            text = last_lines(&format!("{figure}\n{text}"), height());
        }
        text.push_str(if typed { "> " } else { "\n" });
        self.say(&text)
    }

    fn figure(&self, names: &HashMap<u32, String>) -> String {
        let model = with_names(figure::link(self.trace.trace()), names);
        let (width, colour) = (columns().unwrap_or(80), coloured());
        figure::text(&model, &TextOptions { width, colour, ..TextOptions::default() })
    }

    fn say(&mut self, text: &str) -> Result<()> {
        self.output.write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
    }

    /// The next command that can be obeyed. That of a script, for a call, waits for one that is held.
    fn command(&mut self) -> Result<Option<Command>> {
        if self.pending.is_none() {
            self.pending = self.person.says()?;
        }
        let needs_call = matches!(
            self.pending,
            Some(Command::Next | Command::NextOf(_) | Command::All | Command::Message)
        );
        if needs_call && self.person.is_script() && !self.holds() {
            return Ok(None);
        }
        Ok(self.pending.take())
    }

    fn obey(&mut self, command: Command, names: &HashMap<u32, String>) -> Result<()> {
        match command {
            Command::Next => match self.board.next() {
                Some(next) => self.go(next),
                None => self.refuse("no program is held before a call")?,
            },
            Command::NextOf(word) => match self.board.find(&word) {
                Ok(place) if self.board.held().contains(&place) => self.go(place),
                Ok(place) => {
                    let text = format!("{} is not held before a call", self.board.name(place));
                    self.refuse(&text)?;
                }
                Err(text) => self.refuse(&text)?,
            },
            Command::All => self.board.held().into_iter().for_each(|place| self.go(place)),
            Command::Message => {
                self.awaited = Some(self.board.messages());
                self.shown.clear();
            }
            Command::End => self.release(),
            Command::Picture => {
                let figure = self.figure(names);
                self.shown.clear();
                self.say(&format!("{figure}\n"))?;
            }
            Command::Quit => self.quit = true,
        }
        Ok(())
    }

    fn refuse(&mut self, text: &str) -> Result<()> {
        message(text);
        if self.person.types() { self.say("> ") } else { Ok(()) }
    }
}

impl Conductor for Stepper {
    fn socket(&self) -> Option<PathBuf> {
        self.control.as_ref().map(|control| control.path().to_owned())
    }

    fn started(&mut self, name: &str, process: u32) {
        self.changed = Instant::now();
        self.board.started(name, process);
    }

    fn turn(&mut self, scene: &Scene<'_>) -> Result<()> {
        if self.control.is_none() {
            return if let Person::Page(_) = self.person { self.read() } else { Ok(()) };
        }
        self.look(scene)?;
        self.board.forget(Connection::is_over);
        if !self.is_settled(scene) || self.goes_on() {
            return Ok(());
        }
        self.tell(scene.names)?;
        match self.command()? {
            Some(command) => self.obey(command, scene.names),
            None => Ok(()),
        }
    }

    fn holds(&self) -> bool {
        self.control.is_some() && !self.board.held().is_empty()
    }

    fn has_quit(&self) -> bool {
        self.quit
    }

    fn release(&mut self) {
        // What a page draws in the end.
        let _ = self.read();
        self.control = None;
        drop(self.board.release());
    }
}

fn note(board: &mut Board<Connection>, event: &Event<'_>) {
    match event {
        Event::Begin(begin) => board.begun(begin.pid, begin.tid, &begin.call, &begin.transport),
        Event::Call(call) => board.ended(Ended {
            process: call.pid,
            thread: call.tid,
            call: &call.call,
            ok: call.outcome == "ok",
            bytes: call.bytes.unwrap_or_default(),
        }),
        Event::Process(_) => {}
    }
}
