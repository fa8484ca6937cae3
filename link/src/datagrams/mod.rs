//! A link for UDP.

mod clients;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use capsock::net::{BlockingSocket, Endpoint, Errno, Kind, WaitError};
use capsock::trace::{Impairment, impaired};
use capsock::{Error, Result};
use polling::{Events, Poller};

use crate::channel::Channel;
use crate::direction::{Direction, PerDirection};
use crate::event::Event;
use crate::fate::{Fates, Impairments};
use crate::totals::DatagramTotals;
use crate::watched::{self, AT_ONCE, Watch, Watched, reason};
use clients::{Client, ClientId, Clients};

/// Longer than any datagram.
const BUFFER: usize = 65_536;

/// How many datagrams are received from a socket before others get their turn.
const TURN: usize = 64;

/// How a link for UDP is set up.
#[derive(Debug, Clone)]
pub struct DatagramOptions {
    /// Where it receives from clients; an empty host is all addresses, port 0 a free port.
    pub listen: Endpoint,
    /// The server; if the name has several addresses, the first.
    pub to: Endpoint,
    /// Whence all that happens by chance follows.
    pub seed: u64,
    /// What happens in each direction.
    pub impairments: PerDirection<Impairments>,
    /// The most datagrams that each direction holds, and 16 MiB; those that find it full are dropped.
    pub queue: usize,
    /// The most clients, each of which takes a socket; for a further one the client that was idle longest is forgotten.
    pub max_clients: usize,
    /// The time without a datagram after which a client is forgotten.
    pub idle_timeout: Duration,
}

/// Relays datagrams between clients and a server.
///
/// Each client has a socket of its own towards the server, so that replies return to whom they belong. A datagram's number
/// counts all datagrams of its direction, whichever client they belong to.
#[derive(Debug)]
pub struct DatagramLink {
    poller: Rc<Poller>,
    listeners: Vec<Watched>,
    addresses: Vec<SocketAddr>,
    server: SocketAddr,
    channels: PerDirection<Channel<ClientId>>,
    clients: Clients,
    /// How often the server's address was refused.
    refused: u64,
    /// What has been reported once.
    told: Told,
    buffer: Box<[u8]>,
}

#[derive(Debug, Default)]
struct Told {
    refused: bool,
    no_socket: bool,
    too_many: bool,
}

type Report<'a> = &'a mut dyn FnMut(Event);

impl DatagramLink {
    /// Binds its sockets.
    ///
    /// # Errors
    /// Those of resolving either name and of binding: `NameNotResolved`, `TimedOut`, `AddressInUse`,
    /// `AddressNotAvailable`, `PermissionDenied`, and the system's for lack of descriptors.
    pub fn bind(options: &DatagramOptions) -> Result<DatagramLink> {
        let server = first_address(&options.to)?;
        let poller = watched::poller()?;
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for (socket, address) in watched::listen(Kind::Datagram, &options.listen)? {
            let listener = Watched::new(socket, &poller, listeners.len(), Watch::Input);
            listeners.push(listener.map_err(|error| watched::failed(&error, "watch a socket"))?);
            addresses.push(address);
        }
        watched::refuse_self(&addresses, &server)?;
        let channels = PerDirection::of(|direction| {
            let impairments = options.impairments.get(direction).clone();
            Channel::new(Fates::new(options.seed, direction, impairments), options.queue)
        });
        let clients = Clients::new(options.max_clients, options.idle_timeout);
        Ok(DatagramLink {
            poller,
            listeners,
            addresses,
            server,
            channels,
            clients,
            refused: 0,
            told: Told::default(),
            buffer: vec![0; BUFFER].into(),
        })
    }

    /// The addresses at which it receives from clients, all with one port; at least one.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The server's address.
    #[must_use]
    pub fn server_addr(&self) -> &SocketAddr {
        &self.server
    }

    /// The totals of each direction.
    #[must_use]
    pub fn totals(&self) -> PerDirection<DatagramTotals> {
        PerDirection::of(|direction| self.channels.get(direction).totals)
    }

    /// How many datagrams each direction holds.
    #[must_use]
    pub fn held(&self) -> PerDirection<u64> {
        PerDirection::of(|direction| self.channels.get(direction).held())
    }

    /// How often the server's address was refused (ICMP port unreachable).
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How many clients it knows.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Relays until `stop` returns true, which is asked at least every 100 ms, and after a signal. What is held then is
    /// not sent; a further run continues.
    ///
    /// # Errors
    /// Those of waiting for sockets, which only a lack of memory causes.
    pub fn run(&mut self, stop: impl Fn() -> bool, report: &mut dyn FnMut(Event)) -> Result<()> {
        let mut events = Events::new();
        while !stop() {
            let due = Direction::BOTH.map(|direction| self.channels.get(direction).next_due());
            watched::wait(&self.poller, &mut events, due.into_iter().flatten().min())?;
            for event in events.iter() {
                match event.key.checked_sub(self.listeners.len()) {
                    None => self.receive_up(event.key, report),
                    Some(slot) => self.receive_down(slot, report),
                }
                self.flush(report);
            }
            self.flush(report);
            self.clients.forget_idle(Instant::now());
        }
        Ok(())
    }

    /// Receives from clients.
    fn receive_up(&mut self, listener: usize, report: Report<'_>) {
        for _ in 0..TURN {
            let next = self.channels.up.next();
            let socket = &self.listeners[listener];
            let received = impaired(next.ends(), || socket.receive_from(&mut self.buffer, 0, AT_ONCE));
            let (length, source) = match received {
                Ok((length, Some(source))) => (length, source),
                Ok((_, None)) => continue,
                Err(error) if is_passing(error) => continue,
                Err(_) => return,
            };
            let now = Instant::now();
            if next.ends().is_some() {
                self.report(Direction::Up, length, &next, report);
                self.channels.up.end(next);
                continue;
            }
            let Some(client) = self.client(source, listener, now, report) else { continue };
            self.report(Direction::Up, length, &next, report);
            let DatagramLink { channels, clients, refused, buffer, .. } = self;
            let mut refusals = 0;
            let mut send = |bytes: &[u8], client, mark| send_up(clients, client, bytes, mark, &mut refusals);
            let due = channels.up.arrive(next, now, &mut buffer[..length], client, &mut send);
            clients.touch(client, due);
            *refused += refusals;
            self.tell_refusals(refusals, report);
        }
    }

    /// Receives from the server for a client.
    fn receive_down(&mut self, slot: usize, report: Report<'_>) {
        for _ in 0..TURN {
            let Some((client, socket)) = self.clients.at(slot) else { return };
            let next = self.channels.down.next();
            let received = impaired(next.ends(), || socket.socket.receive(&mut self.buffer, 0, AT_ONCE));
            let length = match received {
                Ok(length) => length,
                Err(error) if is_refusal(error) => {
                    self.refused += 1;
                    self.tell_refusals(1, report);
                    continue;
                }
                Err(error) if is_passing(error) => continue,
                Err(_) => return,
            };
            let now = Instant::now();
            self.report(Direction::Down, length, &next, report);
            if next.ends().is_some() {
                self.channels.down.end(next);
                continue;
            }
            let DatagramLink { channels, clients, listeners, buffer, .. } = self;
            let mut send = |bytes: &[u8], client, mark| send_down(clients, listeners, client, bytes, mark);
            let due = channels.down.arrive(next, now, &mut buffer[..length], client, &mut send);
            clients.touch(client, due);
        }
    }

    /// Sends what is due.
    fn flush(&mut self, report: Report<'_>) {
        let now = Instant::now();
        let DatagramLink { channels, clients, listeners, refused, .. } = self;
        let mut refusals = 0;
        channels
            .up
            .flush(now, &mut |bytes, client, mark| send_up(clients, client, bytes, mark, &mut refusals));
        *refused += refusals;
        channels
            .down
            .flush(now, &mut |bytes, client, mark| send_down(clients, listeners, client, bytes, mark));
        self.tell_refusals(refusals, report);
    }

    /// The client with this address, which may be a new one; `None` if there is no socket for it.
    fn client(
        &mut self,
        source: SocketAddr,
        listener: usize,
        now: Instant,
        report: Report<'_>,
    ) -> Option<ClientId> {
        if let Some(client) = self.clients.find(source, listener) {
            return Some(client);
        }
        let key = self.listeners.len();
        let socket = |slot: usize| {
            let socket = towards(&self.server)?;
            Watched::new(socket, &self.poller, key + slot, Watch::Input)
                .map_err(|error| watched::failed(&error, "watch a socket"))
        };
        let most = self.clients.most();
        if self.clients.len() >= most && !std::mem::replace(&mut self.told.too_many, true) {
            report(Event::TooMany { most });
        }
        // The link's own datagram would circle for ever.
        let added = if self.clients.sends_from(source) {
            Err(Error::invalid("relay for", "it is the link itself").at(source))
        } else {
            self.clients.add(source, listener, now, socket)
        };
        let error = match added {
            Ok(client) => return Some(client),
            Err(error) => error,
        };
        self.channels.up.totals.received += 1;
        self.channels.up.totals.left(false);
        if !std::mem::replace(&mut self.told.no_socket, true) {
            report(Event::NoSocket { error });
        }
        None
    }

    fn report(&self, direction: Direction, length: usize, next: &crate::channel::Next, report: Report<'_>) {
        let number = self.channels.get(direction).number();
        for impairment in next.impairments() {
            report(Event::Impaired { direction, number, length, impairment });
        }
    }

    fn tell_refusals(&mut self, count: u64, report: Report<'_>) {
        if count > 0 && !std::mem::replace(&mut self.told.refused, true) {
            report(Event::DatagramRefused { server: self.server });
        }
    }
}

/// The first address of the server.
fn first_address(to: &Endpoint) -> Result<SocketAddr> {
    let found = watched::resolve(to)?;
    found.first().copied().ok_or_else(|| Error::invalid("relay to", "the name has no address").at(to))
}

/// A socket that sends to the server and receives from it alone.
fn towards(server: &SocketAddr) -> Result<BlockingSocket> {
    let failed = |errno: Errno| Error::os(errno.0, "open a socket for a client towards").at(server);
    let socket = watched::open(Kind::Datagram, server).map_err(failed)?;
    socket.connect(server, AT_ONCE).map_err(|error| error.while_trying("relay to").at(server))?;
    Ok(socket)
}

fn send_up(
    clients: &Clients,
    client: ClientId,
    bytes: &[u8],
    mark: Option<Impairment>,
    refusals: &mut u64,
) -> bool {
    let Some(Client { socket, .. }) = clients.get(client) else { return false };
    let send = || impaired(mark, || socket.send(bytes, 0, AT_ONCE));
    match send() {
        // The error is an earlier datagram's, and this one was not sent.
        Err(error) if is_refusal(error) => {
            *refusals += 1;
            send().is_ok()
        }
        other => other.is_ok(),
    }
}

fn send_down(
    clients: &Clients,
    listeners: &[Watched],
    client: ClientId,
    bytes: &[u8],
    mark: Option<Impairment>,
) -> bool {
    let Some(Client { address, listener, .. }) = clients.get(client) else { return false };
    let send = || impaired(mark, || listeners[*listener].send_to(bytes, address, 0, AT_ONCE));
    match send() {
        // A client that has ended: the error is an earlier datagram's.
        Err(error) if is_refusal(error) => send().is_ok(),
        other => other.is_ok(),
    }
}

/// Nothing listens at the address that an earlier datagram was sent to. Windows reports that as a reset.
fn is_refusal(error: WaitError) -> bool {
    matches!(reason(error), std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::ConnectionReset)
}

/// The call may succeed if it is made again.
fn is_passing(error: WaitError) -> bool {
    is_refusal(error) || reason(error) == std::io::ErrorKind::Interrupted
}
