//! The run: the server, then the clients, then the end of the server.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::between::between;
use super::conductor::{Conductor, Scene};
use super::program::{POLL, Program, described};
use super::record::Record;
use super::{source, time_wait};
use crate::children::Sweep;
use crate::failure::{Failure, GENERAL, Result, TIMED_OUT};
use crate::launch::{self, Launch, Recording};
use crate::link::{Background, LinkText};
use crate::seconds::Seconds;
use crate::signals;
use crate::stdio::message;

/// A server that has bound a port is ready when it has made no call for so long, since it may bind another.
const READY: Duration = Duration::from_millis(50);
/// The run is over when no call has ended for so long, and no program computes.
const OVER: Duration = Duration::from_millis(200);
/// How long a server that goes on by itself is looked at in the end.
const AT_MOST: Duration = Duration::from_secs(2);

/// How long TIME_WAIT lasts at most, on Linux, and how often its end is looked for.
const TIME_WAIT: Duration = Duration::from_secs(65);
const AGAIN: Duration = Duration::from_millis(500);

/// Who plays, and how.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) server: Role,
    pub(super) clients: Vec<Role>,
    /// The clients start at the same time.
    pub(super) at_once: bool,
    /// How often the clients run.
    pub(super) repeat: usize,
    pub(super) patience: Duration,
    pub(super) no_payload: bool,
    pub(super) no_hints: bool,
    /// What stands between the server and the clients.
    pub(super) link: Option<LinkText>,
}

/// A program of the run.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) words: Vec<OsString>,
    /// What it reads; `None` for nothing, and no end.
    pub(super) input: Option<Vec<u8>>,
}

/// What has happened.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) lines: String,
    /// The number of calls among them.
    pub(super) calls: usize,
    /// The exit code that it deserves.
    pub(super) code: i32,
    /// The programs by their processes, under the names by which messages have told of them.
    pub(super) names: HashMap<u32, String>,
}

/// A program that is ready to be started.
struct Prepared {
    name: String,
    launch: Launch,
    input: Option<Vec<u8>>,
}

pub(super) struct Play<'a> {
    server: Prepared,
    clients: Vec<Prepared>,
    at_once: bool,
    repeat: usize,
    patience: Duration,
    record: Record,
    no_payload: bool,
    link: Option<LinkText>,
    sweep: &'a Sweep,
    conductor: Box<dyn Conductor>,
    /// What may be the port of the server.
    ports: HashSet<u16>,
    /// How often a name has been given.
    given: HashMap<String, usize>,
    names: HashMap<u32, String>,
    /// It was said that the server has failed.
    server_failed: bool,
    code: i32,
}

impl<'a> Play<'a> {
    /// Compiles what is to be compiled.
    pub(super) fn new(
        cast: Cast,
        folder: &Path,
        record: &Path,
        sweep: &'a Sweep,
        conductor: Box<dyn Conductor>,
    ) -> Result<Play<'a>> {
        let socket = conductor.socket();
        let record = Record::new(record.to_owned())?;
        let recording = Recording {
            file: Some(record.path().to_owned()),
            no_payload: cast.no_payload,
            no_hints: cast.no_hints,
            linked: false,
        };
        let linked = Recording { linked: cast.link.is_some(), ..recording.clone() };
        let prepare = |role: Role, recording: &Recording| -> Result<Prepared> {
            let name = launch::label(&role.words);
            let words = source::compiled(&role.words, folder)?;
            let launch = launch::recorded(&words, recording)?;
            let launch = match &socket {
                Some(socket) => launch.with("CAPSOCK_STEP", socket),
                None => launch,
            };
            Ok(Prepared { name, launch, input: role.input })
        };
        let ports = time_wait::numbers(&cast.server.words);
        let server = prepare(cast.server, &linked)?;
        let clients = cast.clients.into_iter().map(|client| prepare(client, &recording));
        let clients = clients.collect::<Result<Vec<_>>>()?;
        Ok(Play {
            server,
            clients,
            at_once: cast.at_once,
            repeat: cast.repeat,
            patience: cast.patience,
            record,
            no_payload: cast.no_payload,
            link: cast.link,
            sweep,
            conductor,
            ports,
            given: HashMap::new(),
            names: HashMap::new(),
            server_failed: false,
            code: 0,
        })
    }

    pub(super) fn run(mut self) -> Result<Played> {
        let mut server = self.start(None)?;
        let (mut clients, mut link) = (Vec::new(), None);
        let end = self.perform(&mut server, &mut link, &mut clients);
        // What is recorded from now on is the work of the stop.
        let now = capsock::trace::now();
        self.conductor.release();
        clients.iter_mut().for_each(Program::stop);
        server.stop();
        let linked = link.map_or(Ok(()), Background::stop);
        end?;
        linked?;
        let (lines, calls) = self.record.until(now)?;
        Ok(Played { lines, calls, code: self.code, names: self.names })
    }

    /// Everything up to the stop of those that still run.
    fn perform(
        &mut self,
        server: &mut Program,
        link: &mut Option<Background>,
        running: &mut Vec<Program>,
    ) -> Result<()> {
        if !self.bound_in_the_end(server)? || !self.linked(server, link)? {
            return Ok(());
        }
        let number = self.clients.len() * self.repeat;
        let each = if self.at_once { number } else { 1 };
        for first in (0..number).step_by(each) {
            for client in first..first + each {
                running.push(self.start(Some(client % self.clients.len()))?);
            }
            if !self.clients_ended(server, running)? {
                return Ok(());
            }
            running.clear();
        }
        // What the link holds is still to arrive.
        let held = self.link.as_ref().map(LinkText::longest_delay).unwrap_or_default().min(self.patience);
        let mut deadline = Instant::now() + AT_MOST + held;
        while server.ended().is_none() && Instant::now() < deadline && !self.has_quit() {
            self.record.look()?;
            if self.conductor.holds() {
                deadline = Instant::now() + AT_MOST + held;
            } else if self.record.quiet() > OVER + held && !self.sweep.busy() {
                break;
            }
            self.pause(&[&*server], false)?;
        }
        self.failed(server);
        Ok(())
    }

    /// Whether the server has failed, which is said once.
    fn failed(&mut self, server: &mut Program) -> bool {
        let Some(status) = server.ended().filter(|status| !status.success()) else { return false };
        if !std::mem::replace(&mut self.server_failed, true) {
            self.problem(GENERAL, format!("{} {}", server.name, described(status)));
        }
        true
    }

    /// Waits until the server is bound, and starts it again if its port was in TIME_WAIT.
    fn bound_in_the_end(&mut self, server: &mut Program) -> Result<bool> {
        let last = Instant::now() + TIME_WAIT;
        let mut deadline = Instant::now() + self.patience;
        while self.ended_in_use(server, deadline)? && time_wait::any(&self.ports) && Instant::now() < last {
            message(format!(
                "the port of {} has a connection of its last run in TIME_WAIT, which lasts a minute; then the server is \
                 started again",
                server.name
            ));
            while time_wait::any(&self.ports) && Instant::now() < last && !self.has_quit() {
                thread::sleep(AGAIN);
            }
            if self.has_quit() {
                break;
            }
            self.record = Record::new(self.record.path().to_owned())?;
            self.names.remove(&server.id());
            self.given.remove(&server.name);
            *server = self.start(None)?;
            deadline = Instant::now() + self.patience;
        }
        self.bound(server, deadline)
    }

    /// Waits until the server is bound or has ended; whether it has, since its port is in use.
    fn ended_in_use(&mut self, server: &mut Program, mut deadline: Instant) -> Result<bool> {
        loop {
            let ended = server.ended().is_some();
            self.record.look()?;
            deadline = self.extended(deadline);
            if ended || self.record.bound || Instant::now() > deadline || self.has_quit() {
                return Ok(ended && self.record.in_use && !self.record.bound);
            }
            self.pause(&[&*server], false)?;
        }
    }

    /// Waits until the server is bound. If it is not, says why.
    fn bound(&mut self, server: &mut Program, mut deadline: Instant) -> Result<bool> {
        loop {
            // The end first: what it has recorded before is in the file then.
            let end = server.ended();
            self.record.look()?;
            if self.record.bound && end.is_none() && self.record.quiet() > READY {
                return Ok(true);
            }
            if let Some(status) = end {
                let why = self.record.refused.take().map(|why| format!(": {why}")).unwrap_or_default();
                let when = match &self.record {
                    Record { bound: true, .. } => "before a client was started",
                    Record { silent: true, .. } => "before it listened",
                    _ => "before it was bound to a port",
                };
                self.problem(GENERAL, format!("{} {} {when}{why}", server.name, described(status)));
                return Ok(false);
            }
            if self.has_quit() {
                return Ok(false);
            }
            deadline = self.extended(deadline);
            if Instant::now() > deadline {
                if self.record.bound {
                    return Ok(true);
                }
                let lacks = if self.record.silent { "does not listen" } else { "is bound to no port" };
                let text = format!(
                    "{} {lacks} after {} s (--patience), and no client was started",
                    server.name,
                    Seconds(Some(self.patience))
                );
                self.problem(TIMED_OUT, text);
                return Ok(false);
            }
            self.pause(&[&*server], self.record.bound)?;
        }
    }

    /// Starts the link, if there is to be one. If it cannot stand there, says why.
    fn linked(&mut self, server: &Program, link: &mut Option<Background>) -> Result<bool> {
        let Some(text) = &self.link else { return Ok(true) };
        let Some(moved) = self.record.moved else {
            let text = format!(
                "{} has let the system choose its port, so there is no address for the link: bind a port",
                server.name
            );
            self.problem(GENERAL, text);
            return Ok(false);
        };
        match Background::start(text, between(&moved), self.record.path(), !self.no_payload) {
            Ok(started) => *link = Some(started),
            Err(Failure { code, text, .. }) => {
                let why = text.unwrap_or_default();
                let text = format!("no link stands before {} at {}: {why}", server.name, moved.asked);
                self.problem(code, text);
            }
        }
        Ok(link.is_some())
    }

    /// Waits for the clients that run, and not for long once the server has failed. If one of them does not end in time, says
    /// so.
    fn clients_ended(&mut self, server: &mut Program, clients: &mut [Program]) -> Result<bool> {
        let mut deadline = Instant::now() + self.patience;
        let mut alone = false;
        // Each is asked, also behind one that still runs.
        while clients.iter_mut().map(Program::ended).filter(Option::is_none).count() > 0 {
            if self.has_quit() {
                return Ok(false);
            }
            if !alone && self.failed(server) {
                alone = true;
                deadline = deadline.min(Instant::now() + AT_MOST);
            }
            deadline = self.extended(deadline);
            if Instant::now() > deadline {
                for client in clients.iter_mut().filter(|client| client.runs()) {
                    if alone {
                        message(format!(
                            "{} still waited for it: the picture shows how far it came",
                            client.name
                        ));
                        continue;
                    }
                    let text = format!(
                        "{} has not ended after {} s (--patience): the picture shows how far it came",
                        client.name,
                        Seconds(Some(self.patience))
                    );
                    self.problem(TIMED_OUT, text);
                }
                return Ok(false);
            }
            let all: Vec<&Program> = std::iter::once(&*server).chain(clients.iter()).collect();
            self.pause(&all, false)?;
        }
        for client in clients {
            if let Some(status) = client.ended().filter(|status| !status.success()) {
                self.problem(GENERAL, format!("{} {}", client.name, described(status)));
            }
        }
        Ok(true)
    }

    /// Starts a client, or the server, under a name of its own.
    fn start(&mut self, client: Option<usize>) -> Result<Program> {
        let prepared = client.map_or(&self.server, |client| &self.clients[client]);
        let given = self.given.entry(prepared.name.clone()).or_default();
        *given += 1;
        let name = match given {
            1 => prepared.name.clone(),
            _ => format!("{} {given}", prepared.name),
        };
        let survives = self.conductor.socket().is_some();
        let program = Program::start(name.clone(), &prepared.launch, prepared.input.clone(), survives)?;
        self.conductor.started(&name, program.id());
        self.names.insert(program.id(), name);
        Ok(program)
    }

    /// Whether the run is to end.
    fn has_quit(&self) -> bool {
        signals::once() || self.conductor.has_quit()
    }

    /// A time limit, which does not pass while a call is held.
    fn extended(&self, deadline: Instant) -> Instant {
        if self.conductor.holds() { deadline.max(Instant::now() + self.patience) } else { deadline }
    }

    /// Gives the conductor its turn, and waits a moment.
    fn pause(&mut self, programs: &[&Program], starting: bool) -> Result<()> {
        let running: Vec<u32> =
            programs.iter().filter(|program| program.runs()).map(|program| program.id()).collect();
        let (sweep, names) = (self.sweep, &self.names);
        self.conductor.turn(&Scene { running: &running, starting, busy: &|| sweep.busy(), names })?;
        thread::sleep(POLL);
        Ok(())
    }

    fn problem(&mut self, code: i32, text: String) {
        message(text);
        self.code = self.code.max(code);
    }
}
