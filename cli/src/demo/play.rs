//! The game: all servers are started, then the clients ask them, as many at once as there are
//! processors.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use capsock::{Concurrency, Transport};
use indicatif::{ProgressBar, ProgressStyle};

use super::board::{Address, Board, Outcome};
use super::process::{Mode, Process, Said, Start};
use crate::failure::{Failure, GENERAL, Result};
use crate::signals;

/// How often a signal and the deadlines are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Plays, and returns the board with every cell that could be filled in.
pub(super) fn play(
    languages: &[String],
    starts: &[Start],
    texts: &[PathBuf; 2],
    patience: Option<Duration>,
) -> Result<Board> {
    let board = Board::new(languages);
    let bar = ProgressBar::new(board.cells.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let mut game = Game { board, patience, bar, starts };
    let mut servers = game.start_servers()?;
    game.ask(&servers.addresses, texts)?;
    game.stop_servers(&mut servers)?;
    game.bar.finish_and_clear();
    Ok(game.board)
}

struct Game<'a> {
    board: Board,
    patience: Option<Duration>,
    bar: ProgressBar,
    starts: &'a [Start],
}

struct Servers {
    /// By language; none where it did not get ready.
    running: HashMap<usize, Process>,
    addresses: Vec<Address>,
}

/// A client at work.
struct Asking {
    process: Process,
    deadline: Option<Instant>,
    /// What it has not answered yet.
    left: Vec<Address>,
}

impl Game<'_> {
    fn deadline(&self) -> Option<Instant> {
        self.patience.and_then(|patience| Instant::now().checked_add(patience))
    }

    fn start_servers(&mut self) -> Result<Servers> {
        self.bar.set_message("starting the servers");
        let (say, said) = channel();
        let mut servers = Servers { running: HashMap::new(), addresses: Vec::new() };
        for (language, start) in self.starts.iter().enumerate() {
            match Process::start(start, &Mode::Serve, language, say.clone()) {
                Ok(process) => drop(servers.running.insert(language, process)),
                Err(error) => self.no_server(language, &error.to_string()),
            }
        }
        let mut waited_for: Vec<usize> = servers.running.keys().copied().collect();
        let deadline = self.deadline();
        while !waited_for.is_empty() {
            let failed = match next(&said, self)? {
                Some(Said::Line(language, line)) if line == "ready" => {
                    waited_for.retain(|waited| *waited != language);
                    continue;
                }
                Some(Said::Line(language, line)) => match Address::parse(language, &line) {
                    Some(address) => {
                        servers.addresses.push(address);
                        continue;
                    }
                    None => (language, format!("it said '{line}' instead of an address or 'ready'")),
                },
                Some(Said::End(language)) if waited_for.contains(&language) => {
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
                Some(Said::End(_)) | None => continue,
            };
            let (language, why) = failed;
            self.no_server(language, &why);
            waited_for.retain(|waited| *waited != language);
            servers.addresses.retain(|address| address.server != language);
            servers.running.remove(&language);
        }
        Ok(servers)
    }

    fn no_server(&mut self, language: usize, why: &str) {
        let reason = format!("the {} servers did not start: {why}", self.board.languages[language]);
        self.board.explain(&reason, |cell| cell.server == language);
    }

    fn ask(&mut self, addresses: &[Address], texts: &[PathBuf; 2]) -> Result<()> {
        self.bar.set_message("asking");
        let at_once = available_parallelism().map_or(1, usize::from);
        let (say, said) = channel();
        let mut clients = 0..self.starts.len();
        let mut asking: HashMap<usize, Asking> = HashMap::new();
        loop {
            while asking.len() < at_once {
                let Some(client) = clients.next() else { break };
                if let Some(started) = self.start_client(client, addresses, texts, say.clone()) {
                    asking.insert(client, started);
                }
            }
            if asking.is_empty() {
                return Ok(());
            }
            match next(&said, self)? {
                Some(Said::Line(client, line)) => {
                    if let Some(one) = asking.get_mut(&client) {
                        self.result(client, one, &line);
                    }
                }
                Some(Said::End(client)) => {
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
        say: Sender<Said>,
    ) -> Option<Asking> {
        let lines: String = addresses.iter().map(|address| address.line() + "\n").collect();
        let started = Process::start(&self.starts[client], &Mode::Ask(texts), client, say);
        match started.and_then(|mut process| process.tell(lines).map(|()| process)) {
            Ok(process) => Some(Asking { process, deadline: self.deadline(), left: addresses.to_vec() }),
            Err(error) => {
                let reason = format!("the {} client did not start: {error}", self.board.languages[client]);
                self.board.explain(&reason, |cell| cell.client == client);
                None
            }
        }
    }

    /// Takes down a client's line: `tcp threads 40123`, tab, `ok` or `failed`, tab, a detail.
    fn result(&mut self, client: usize, one: &mut Asking, line: &str) {
        one.deadline = self.deadline();
        let mut parts = line.splitn(3, '\t');
        let (asked, result, detail) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let place = one.left.iter().position(|address| address.line() == asked);
        let outcome = match (result, detail) {
            (Some("ok"), detail) => Outcome::Passed(detail.unwrap_or_default().to_owned()),
            (Some("failed"), detail) => Outcome::Failed(detail.unwrap_or_default().to_owned()),
            _ => return self.trouble(client, &format!("said '{line}' instead of a result")),
        };
        match place {
            Some(place) => {
                self.board.set(client, &one.left.swap_remove(place), outcome);
                self.bar.inc(1);
            }
            None => self.trouble(client, &format!("gave a result for '{asked}', which it was not asked")),
        }
    }

    fn client_ended(&mut self, client: usize, one: &Asking, why: Option<String>) {
        let language = &self.board.languages[client];
        let reason = match &why {
            Some(why) => format!("the {language} client did not get there: {why}"),
            None => format!("the {language} client ended without a result"),
        };
        for left in &one.left {
            let kind = (left.server, left.transport, left.concurrency);
            self.board.explain(&reason, |cell| {
                cell.client == client && (cell.server, cell.transport, cell.concurrency) == kind
            });
        }
        if let (true, Some(why)) = (one.left.is_empty(), why) {
            self.trouble(client, &format!("failed after its last result: {why}"));
        }
    }

    fn trouble(&mut self, client: usize, what: &str) {
        let text = format!("the {} client {what}", self.board.languages[client]);
        self.board.troubles.push(text);
    }

    /// Ends the servers' input, all at once, and waits for each.
    fn stop_servers(&mut self, servers: &mut Servers) -> Result<()> {
        self.bar.set_message("stopping the servers");
        let deadline = self.deadline();
        for process in servers.running.values_mut() {
            process.close();
        }
        for language in 0..self.board.languages.len() {
            let why = servers.running.get_mut(&language).and_then(|process| process.finish(deadline).err());
            if let Some(why) = why {
                let text = format!("the {} servers did not stop well: {why}", self.board.languages[language]);
                self.board.troubles.push(text);
            }
            end_on_signal(self)?;
        }
        for language in servers.running.keys().copied().collect::<Vec<_>>() {
            for (transport, concurrency) in kinds() {
                let kind = (language, transport, concurrency);
                let there = |one: &Address| (one.server, one.transport, one.concurrency) == kind;
                if !servers.addresses.iter().any(there) {
                    let reason = format!("the {} peer named no such server", self.board.languages[language]);
                    self.board
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

/// What a process says next; `None` if none says anything for a while.
fn next(said: &Receiver<Said>, game: &Game<'_>) -> Result<Option<Said>> {
    end_on_signal(game)?;
    match said.recv_timeout(LOOK_EVERY) {
        Ok(said) => Ok(Some(said)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::new("the demonstration lost its peers")),
    }
}

fn end_on_signal(game: &Game<'_>) -> Result<()> {
    if signals::once() {
        game.bar.finish_and_clear();
        return Err(Failure::told(GENERAL));
    }
    Ok(())
}
