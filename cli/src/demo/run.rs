//! Runs the peers: all servers start first, then the clients ask them, as many at a time as there are processors.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use capsock::{Concurrency, Transport};
use indicatif::{ProgressBar, ProgressStyle};

use super::matrix::{Address, Matrix, Outcome, parse_unsupported};
use super::process::{Event, Mode, Process, Start};
use crate::failure::{Failure, GENERAL, Result};
use crate::signals;

/// The interval at which signals and deadlines are checked.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Runs every client against every server and returns the results.
pub(super) fn run_all(
    languages: &[String],
    starts: &[Start],
    texts: &[PathBuf; 2],
    timeout: Option<Duration>,
) -> Result<Matrix> {
    let matrix = Matrix::new(languages);
    let bar = ProgressBar::new(matrix.cells.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let mut run = Run { matrix, timeout, bar, starts };
    let mut servers = run.start_servers()?;
    run.ask(&servers.addresses, texts)?;
    run.stop_servers(&mut servers)?;
    run.bar.finish_and_clear();
    Ok(run.matrix)
}

struct Run<'a> {
    matrix: Matrix,
    timeout: Option<Duration>,
    bar: ProgressBar,
    starts: &'a [Start],
}

struct Servers {
    /// The servers that are ready, by language.
    running: HashMap<usize, Process>,
    addresses: Vec<Address>,
}

struct RunningClient {
    process: Process,
    deadline: Option<Instant>,
    /// The servers for which it has printed no result yet.
    left: Vec<Address>,
}

impl Run<'_> {
    fn deadline(&self) -> Option<Instant> {
        self.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    fn start_servers(&mut self) -> Result<Servers> {
        self.bar.set_message("starting the servers");
        let (sender, events) = channel();
        let mut servers = Servers { running: HashMap::new(), addresses: Vec::new() };
        for (language, start) in self.starts.iter().enumerate() {
            match Process::start(start, &Mode::Serve, language, sender.clone()) {
                Ok(process) => drop(servers.running.insert(language, process)),
                Err(error) => self.server_failed(language, &error.to_string()),
            }
        }
        let mut waited_for: Vec<usize> = servers.running.keys().copied().collect();
        let deadline = self.deadline();
        while !waited_for.is_empty() {
            let failed = match next(&events, self)? {
                Some(Event::Line(language, line)) if line == "ready" => {
                    waited_for.retain(|waited| *waited != language);
                    continue;
                }
                Some(Event::Line(language, line)) => {
                    if let Some(address) = Address::parse(language, &line) {
                        servers.addresses.push(address);
                        continue;
                    }
                    if let Some((transport, concurrency)) = parse_unsupported(&line) {
                        let cells = self.matrix.without(language, transport, concurrency);
                        self.bar.inc(cells as u64);
                        continue;
                    }
                    (language, format!("it said '{line}' instead of an address or 'ready'"))
                }
                Some(Event::Closed(language)) if waited_for.contains(&language) => {
                    let process = servers.running.get_mut(&language);
                    let why = process.and_then(|process| process.finish(deadline).err());
                    (language, why.unwrap_or_else(|| "it ended before it was ready".to_owned()))
                }
                None if deadline.is_some_and(|deadline| Instant::now() > deadline) => {
                    let language = waited_for[0];
                    let why = "it was not ready in time";
                    (
                        language,
                        servers.running.get(&language).map_or(why.to_owned(), |peer| peer.with_errors(why)),
                    )
                }
                Some(Event::Closed(_)) | None => continue,
            };
            let (language, why) = failed;
            self.server_failed(language, &why);
            waited_for.retain(|waited| *waited != language);
            servers.addresses.retain(|address| address.server != language);
            servers.running.remove(&language);
        }
        Ok(servers)
    }

    fn server_failed(&mut self, language: usize, why: &str) {
        let reason = format!("the {} servers did not start: {why}", self.matrix.languages[language]);
        self.matrix.explain(&reason, |cell| cell.server == language);
    }

    fn ask(&mut self, addresses: &[Address], texts: &[PathBuf; 2]) -> Result<()> {
        self.bar.set_message("asking");
        let at_once = available_parallelism().map_or(1, usize::from);
        let (sender, events) = channel();
        let mut clients = 0..self.starts.len();
        let mut asking: HashMap<usize, RunningClient> = HashMap::new();
        loop {
            while asking.len() < at_once {
                let Some(client) = clients.next() else { break };
                if let Some(started) = self.start_client(client, addresses, texts, sender.clone()) {
                    asking.insert(client, started);
                }
            }
            if asking.is_empty() {
                return Ok(());
            }
            match next(&events, self)? {
                Some(Event::Line(client, line)) => {
                    if let Some(one) = asking.get_mut(&client) {
                        self.result(client, one, &line);
                    }
                }
                Some(Event::Closed(client)) => {
                    if let Some(mut one) = asking.remove(&client) {
                        let why = one.process.finish(self.deadline()).err();
                        self.client_ended(client, &one, why);
                    }
                }
                None => {}
            }
            let now = Instant::now();
            let late = asking.iter().filter(|(_, one)| one.deadline.is_some_and(|deadline| now > deadline));
            for client in late.map(|(client, _)| *client).collect::<Vec<_>>() {
                if let Some(one) = asking.remove(&client) {
                    let why = one.process.with_errors("it gave no result in time and was killed");
                    self.client_ended(client, &one, Some(why));
                }
            }
        }
    }

    fn start_client(
        &mut self,
        client: usize,
        addresses: &[Address],
        texts: &[PathBuf; 2],
        sender: Sender<Event>,
    ) -> Option<RunningClient> {
        let lines: String = addresses.iter().map(|address| address.line() + "\n").collect();
        let started = Process::start(&self.starts[client], &Mode::Ask(texts), client, sender);
        match started.and_then(|mut process| process.write_input(lines).map(|()| process)) {
            Ok(process) => {
                Some(RunningClient { process, deadline: self.deadline(), left: addresses.to_vec() })
            }
            Err(error) => {
                let reason = format!("the {} client did not start: {error}", self.matrix.languages[client]);
                self.matrix.explain(&reason, |cell| cell.client == client);
                None
            }
        }
    }

    /// Records a client's line: `tcp threads 40123`, tab, `ok` or `failed`, tab, a detail.
    fn result(&mut self, client: usize, one: &mut RunningClient, line: &str) {
        one.deadline = self.deadline();
        let mut parts = line.splitn(3, '\t');
        let (asked, result, detail) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let place = one.left.iter().position(|address| address.line() == asked);
        let outcome = match (result, detail) {
            (Some("ok"), detail) => Outcome::Passed(detail.unwrap_or_default().to_owned()),
            (Some("failed"), detail) => Outcome::Failed(detail.unwrap_or_default().to_owned()),
            _ => return self.other_failure(client, &format!("said '{line}' instead of a result")),
        };
        match place {
            Some(place) => {
                self.matrix.set(client, &one.left.swap_remove(place), outcome);
                self.bar.inc(1);
            }
            None => {
                self.other_failure(client, &format!("gave a result for '{asked}', which it was not asked"))
            }
        }
    }

    fn client_ended(&mut self, client: usize, one: &RunningClient, why: Option<String>) {
        let language = &self.matrix.languages[client];
        let reason = match &why {
            Some(why) => format!("the {language} client did not get there: {why}"),
            None => format!("the {language} client ended without a result"),
        };
        for left in &one.left {
            let kind = (left.server, left.transport, left.concurrency);
            self.matrix.explain(&reason, |cell| {
                cell.client == client && (cell.server, cell.transport, cell.concurrency) == kind
            });
        }
        if let (true, Some(why)) = (one.left.is_empty(), why) {
            self.other_failure(client, &format!("failed after its last result: {why}"));
        }
    }

    fn other_failure(&mut self, client: usize, what: &str) {
        let text = format!("the {} client {what}", self.matrix.languages[client]);
        self.matrix.other_failures.push(text);
    }

    /// Closes the standard input of all servers, then waits for each.
    fn stop_servers(&mut self, servers: &mut Servers) -> Result<()> {
        self.bar.set_message("stopping the servers");
        let deadline = self.deadline();
        for process in servers.running.values_mut() {
            process.close();
        }
        for language in 0..self.matrix.languages.len() {
            let why = servers.running.get_mut(&language).and_then(|process| process.finish(deadline).err());
            if let Some(why) = why {
                let text =
                    format!("the {} servers did not stop well: {why}", self.matrix.languages[language]);
                self.matrix.other_failures.push(text);
            }
            end_on_signal(self)?;
        }
        for language in servers.running.keys().copied().collect::<Vec<_>>() {
            for (transport, concurrency) in kinds() {
                let kind = (language, transport, concurrency);
                let there = |one: &Address| (one.server, one.transport, one.concurrency) == kind;
                if !servers.addresses.iter().any(there) {
                    let reason = format!("the {} peer named no such server", self.matrix.languages[language]);
                    self.matrix
                        .explain(&reason, |cell| (cell.server, cell.transport, cell.concurrency) == kind);
                }
            }
        }
        Ok(())
    }
}

fn kinds() -> impl Iterator<Item = (Transport, Concurrency)> {
    Transport::ALL
        .iter()
        .flat_map(|transport| Concurrency::ALL.iter().map(move |concurrency| (*transport, *concurrency)))
}

/// The next event of any process; `None` if there is none within the interval.
fn next(events: &Receiver<Event>, run: &Run<'_>) -> Result<Option<Event>> {
    end_on_signal(run)?;
    match events.recv_timeout(POLL_INTERVAL) {
        Ok(event) => Ok(Some(event)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::new("the demonstration lost its peers")),
    }
}

fn end_on_signal(run: &Run<'_>) -> Result<()> {
    if signals::once() {
        run.bar.finish_and_clear();
        return Err(Failure::silent(GENERAL));
    }
    Ok(())
}
