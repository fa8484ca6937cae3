//! A link for TCP.

mod connection;
mod impairments;
mod pipe;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use capsock::net::{BlockingSocket, Endpoint, Kind, WaitError};
use capsock::{Error, Result};
use polling::{Events, Poller};
use slab::Slab;

use crate::direction::{Direction, PerDirection};
use crate::event::Event;
use crate::fate::Fates;
use crate::totals::StreamTotals;
use crate::watched::{self, AT_ONCE, Watch, Watched, reason};
use connection::{Connection, Status, Turn};
pub use impairments::StreamImpairments;
use pipe::Pipe;

/// How much one receive takes.
const BUFFER: usize = 65_536;

/// How many connections are accepted before those that there are get their turn.
const ACCEPTS: usize = 64;

/// How long no connection is accepted after the system had no descriptor for one.
const PAUSE: Duration = Duration::from_millis(100);

/// How a link for TCP is set up.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// Where it accepts clients; an empty host is all addresses, port 0 a free port.
    pub listen: Endpoint,
    /// The server; if the name has several addresses, they are tried in turn for each client.
    pub to: Endpoint,
    /// Whence all that happens by chance follows, the same for each connection.
    pub seed: u64,
    /// What happens in each direction.
    pub impairments: PerDirection<StreamImpairments>,
    /// The most connections; a further client is reset.
    pub max_connections: usize,
}

/// What a link for TCP has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamLinkTotals {
    /// Clients accepted.
    pub accepted: u64,
    /// Clients reset because there were too many.
    pub refused: u64,
    /// Clients reset because no connection to the server could be made.
    pub failed: u64,
    /// The bytes of each direction.
    pub directions: PerDirection<StreamTotals>,
}

/// Relays connections between clients and a server.
///
/// The link accepts a client before it connects to the server: the handshake is not impaired, and a client whose server
/// is not there is reset instead of refused. Each direction of a connection holds 512 KiB at most; then its sender has to
/// wait. The close of a direction and the reset of a connection are passed on, after the bytes before them.
#[derive(Debug)]
pub struct StreamLink {
    poller: Rc<Poller>,
    listeners: Vec<Watched>,
    addresses: Vec<SocketAddr>,
    servers: Vec<SocketAddr>,
    options: StreamOptions,
    connections: Slab<Relayed>,
    totals: StreamLinkTotals,
    /// Until when no connection is accepted.
    paused: Option<Instant>,
    told: Told,
    buffer: Box<[u8]>,
}

#[derive(Debug)]
struct Relayed {
    connection: Connection,
    /// When it has something to do although no socket is ready.
    due: Option<Instant>,
}

#[derive(Debug, Default)]
struct Told {
    no_socket: bool,
    too_many: bool,
}

type Report<'a> = &'a mut dyn FnMut(Event);

impl StreamLink {
    /// Binds its sockets.
    ///
    /// # Errors
    /// As for [`DatagramLink::bind`](crate::DatagramLink::bind).
    pub fn bind(options: &StreamOptions) -> Result<StreamLink> {
        let servers = watched::resolve(&options.to)?;
        let poller = watched::poller()?;
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for (socket, address) in watched::listen(Kind::Stream, &options.listen)? {
            let listener = Watched::new(socket, &poller, listeners.len(), Watch::Input);
            listeners.push(listener.map_err(|error| watched::failed(&error, "watch a socket"))?);
            addresses.push(address);
        }
        for server in &servers {
            watched::refuse_self(&addresses, server)?;
        }
        Ok(StreamLink {
            poller,
            listeners,
            addresses,
            servers,
            options: options.clone(),
            connections: Slab::new(),
            totals: StreamLinkTotals::default(),
            paused: None,
            told: Told::default(),
            buffer: vec![0; BUFFER].into(),
        })
    }

    /// The addresses at which it accepts clients, all with one port; at least one.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The addresses of the server, in the order to try them; at least one.
    #[must_use]
    pub fn server_addrs(&self) -> &[SocketAddr] {
        &self.servers
    }

    /// What it has done.
    #[must_use]
    pub fn totals(&self) -> StreamLinkTotals {
        self.totals
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Relays until `stop` returns true, which is asked at least every 100 ms, and after a signal. Connections stay open
    /// until the link is dropped; a further run continues.
    ///
    /// # Errors
    /// Those of waiting for sockets, which only a lack of memory causes.
    pub fn run(&mut self, stop: impl Fn() -> bool, report: &mut dyn FnMut(Event)) -> Result<()> {
        let mut events = Events::new();
        let mut ready = Vec::new();
        while !stop() {
            let due = self.connections.iter().filter_map(|(_, relayed)| relayed.due);
            watched::wait(&self.poller, &mut events, due.chain(self.paused).min())?;
            ready.clear();
            for event in events.iter() {
                match event.key.checked_sub(self.listeners.len()) {
                    None => self.accept(event.key, &mut ready, report),
                    Some(key) => {
                        let direction = if key % 2 == 0 { Direction::Up } else { Direction::Down };
                        if let Some(relayed) = self.connections.get_mut(key / 2) {
                            relayed.connection.disarmed(direction);
                            ready.push(key / 2);
                        }
                    }
                }
            }
            let now = Instant::now();
            if self.paused.is_some_and(|until| until <= now) {
                self.set_accepting(None);
            }
            let due =
                self.connections.iter().filter(|(_, relayed)| relayed.due.is_some_and(|due| due <= now));
            ready.extend(due.map(|(slot, _)| slot));
            ready.sort_unstable();
            ready.dedup();
            for slot in ready.drain(..) {
                self.turn(slot, now, report);
            }
        }
        Ok(())
    }

    /// Accepts clients.
    fn accept(&mut self, listener: usize, ready: &mut Vec<usize>, report: Report<'_>) {
        for _ in 0..ACCEPTS {
            match self.listeners[listener].accept(true, AT_ONCE) {
                Ok((socket, client)) => ready.extend(self.accepted(socket, client, report)),
                Err(error) => match reason(error) {
                    ErrorKind::WouldBlock => return,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted => {}
                    _ => {
                        self.tell_no_socket(error.while_trying("accept a client"), report);
                        return self.set_accepting(Some(Instant::now() + PAUSE));
                    }
                },
            }
        }
    }

    /// Accepts no client until a time, or goes on.
    fn set_accepting(&mut self, paused: Option<Instant>) {
        self.paused = paused;
        for listener in &self.listeners {
            // It fails for lack of memory alone; then the next accept fails as well, and pauses again.
            let _ = listener.set_input(paused.is_none());
        }
    }

    /// Begins to relay for a client; returns its slot.
    fn accepted(&mut self, socket: BlockingSocket, client: SocketAddr, report: Report<'_>) -> Option<usize> {
        self.totals.accepted += 1;
        watched::set_nodelay(&socket);
        let most = self.options.max_connections;
        let slot = self.connections.vacant_key();
        let own = self.connections.iter().any(|(_, relayed)| relayed.connection.is_from(client));
        let up = self.watched(socket, slot, Direction::Up);
        if own || self.connections.len() >= most {
            self.totals.refused += 1;
            up.iter().for_each(Watched::reset_on_close);
            if !own && !std::mem::replace(&mut self.told.too_many, true) {
                report(Event::TooMany { most });
            }
            return None;
        }
        let now = Instant::now();
        let sockets = up.and_then(|up| match self.connect(0, slot) {
            Ok(down) => Ok(PerDirection { up, down }),
            Err(error) => {
                up.reset_on_close();
                Err(error)
            }
        });
        let sockets = match sockets {
            Ok(sockets) => sockets,
            Err(error) => {
                self.totals.failed += 1;
                self.tell_no_socket(error, report);
                return None;
            }
        };
        let pipes = PerDirection::of(|direction| {
            let impairments = self.options.impairments.get(direction);
            Pipe::new(
                Fates::new(self.options.seed, direction, impairments.as_impairments()),
                impairments,
                now,
            )
        });
        let connection = Connection::new(client, sockets, pipes, now);
        Some(self.connections.insert(Relayed { connection, due: None }))
    }

    /// A socket whose connect to an address of the server has begun. How that ends, the connection's turn finds out.
    fn connect(&self, attempt: usize, slot: usize) -> Result<Watched> {
        let server = &self.servers[attempt];
        let failed = |errno: capsock::net::Errno| Error::os(errno.0, "open a socket towards").at(server);
        let socket = watched::open(Kind::Stream, server).map_err(failed)?;
        watched::set_nodelay(&socket);
        // EINPROGRESS; or an error that is met again below.
        if let Err(error) = socket.connect(server, AT_ONCE) {
            let error = error.while_trying("connect to").at(server);
            if error.kind() != capsock::ErrorKind::TimedOut {
                return Err(error);
            }
        }
        self.watched(socket, slot, Direction::Down)
    }

    fn watched(&self, socket: BlockingSocket, slot: usize, direction: Direction) -> Result<Watched> {
        let key = self.listeners.len() + 2 * slot + usize::from(direction == Direction::Down);
        let nothing = Watch::Once { readable: false, writable: false };
        Watched::new(socket, &self.poller, key, nothing)
            .map_err(|error| watched::failed(&error, "watch a socket"))
    }

    fn tell_no_socket(&mut self, error: Error, report: Report<'_>) {
        if !std::mem::replace(&mut self.told.no_socket, true) {
            report(Event::NoSocket { error });
        }
    }

    fn turn(&mut self, slot: usize, now: Instant, report: Report<'_>) {
        loop {
            let Some(Relayed { connection, due }) = self.connections.get_mut(slot) else { return };
            let totals = &mut self.totals.directions;
            let status = connection.turn(&mut Turn { now, buffer: &mut self.buffer, totals, report });
            match status {
                Status::Open(next) => {
                    *due = next;
                    return;
                }
                Status::Closed => {
                    self.connections.remove(slot);
                    return;
                }
                Status::Unconnected(error) => {
                    let attempt = connection.attempt;
                    if !self.try_next(slot, attempt, error, now, report) {
                        return;
                    }
                }
            }
        }
    }

    /// Tries the next address of the server for a connection; without one, its client is reset. Returns whether it lives.
    fn try_next(
        &mut self,
        slot: usize,
        mut attempt: usize,
        error: WaitError,
        now: Instant,
        report: Report<'_>,
    ) -> bool {
        let mut error = error.while_trying("connect to").at(self.servers[attempt]);
        loop {
            attempt += 1;
            if attempt >= self.servers.len() {
                break;
            }
            match self.connect(attempt, slot) {
                Ok(server) => {
                    if let Some(Relayed { connection, .. }) = self.connections.get_mut(slot) {
                        connection.attempt = attempt;
                        connection.reconnect(server, now);
                    }
                    return true;
                }
                Err(failed) => error = failed,
            }
        }
        if let Some(Relayed { connection, .. }) = self.connections.try_remove(slot) {
            connection.reset_on_close();
        }
        self.totals.failed += 1;
        report(Event::ConnectFailed { error });
        false
    }
}
