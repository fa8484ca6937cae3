//! Clients that ask at a rate, check each reply, and account for each request.
//!
//! A request is lost if its connection is refused, reset or ended without the reply, or if the reply does not come in time.
//! Nothing is asked again.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// Longer than any reply takes on a busy machine.
const REPLY_TIMEOUT: Duration = Duration::from_secs(20);

/// How the requests of a client reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// On a connection that is kept for so many requests.
    Kept(u64),
    /// Each on a connection of its own.
    Each,
    /// Each in a datagram, from one port.
    Datagrams,
}

/// What is known of the requests.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) answered: AtomicU64,
    pub(crate) connections: AtomicU64,
    /// The longest time until a reply, in microseconds.
    pub(crate) slowest: AtomicU64,
    /// The number of each lost request, and how it was lost.
    pub(crate) lost: Mutex<Vec<String>>,
}

/// Clients that ask until the end.
pub(crate) struct Load {
    pub(crate) account: Arc<Account>,
    ended: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
    begin: Instant,
}

impl Load {
    /// `clients` clients, which together ask `rate` times a second.
    pub(crate) fn start(port: u16, way: Way, clients: u32, rate: u32) -> Load {
        let (account, ended) = (Arc::<Account>::default(), Arc::<AtomicBool>::default());
        let interval = Duration::from_secs(1) * clients / rate;
        let start = |number| {
            let client = Client {
                server: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                account: Arc::clone(&account),
                ended: Arc::clone(&ended),
                number,
                asked: 0,
                next: Instant::now() + interval * number / clients,
                interval,
            };
            thread::spawn(move || client.run(way))
        };
        let clients = (0..clients).map(start).collect();
        Load { account, ended, clients, begin: Instant::now() }
    }

    pub(crate) fn answered(&self) -> u64 {
        self.account.answered.load(Ordering::Relaxed)
    }

    /// Ends the clients. Returns how many requests were answered, how long it took in all, and what was lost.
    pub(crate) fn end(mut self) -> (u64, Duration, Vec<String>) {
        self.ended.store(true, Ordering::Relaxed);
        let time = self.begin.elapsed();
        for client in self.clients.drain(..) {
            client.join().expect("a client does not panic");
        }
        let lost = std::mem::take(&mut *self.account.lost.lock().unwrap());
        (self.answered(), time, lost)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

struct Client {
    server: SocketAddr,
    account: Arc<Account>,
    ended: Arc<AtomicBool>,
    number: u32,
    asked: u64,
    /// When the next request is due.
    next: Instant,
    interval: Duration,
}

impl Client {
    fn run(mut self, way: Way) {
        match way {
            Way::Kept(requests) => {
                // So that not all reconnect at once.
                let first = 1 + requests * u64::from(self.number % 16) / 16;
                self.on_a_connection(first);
                while self.waits_for_its_turn() {
                    self.on_a_connection(requests);
                }
            }
            Way::Each => {
                while self.waits_for_its_turn() {
                    self.on_a_connection(1);
                }
            }
            Way::Datagrams => self.by_datagrams(),
        }
    }

    /// Until the next request is due; `false` at the end. A client that is late does not catch up.
    fn waits_for_its_turn(&mut self) -> bool {
        let now = Instant::now();
        if let Some(early) = self.next.checked_duration_since(now) {
            thread::sleep(early);
        }
        self.next = (self.next + self.interval).max(now);
        !self.ended.load(Ordering::Relaxed)
    }

    fn request(&mut self) -> (String, String) {
        self.asked += 1;
        let text = format!("request {} of client {}\n", self.asked, self.number);
        let reply = text.to_uppercase();
        (text, reply)
    }

    fn answered(&self, begin: Instant) {
        self.account.answered.fetch_add(1, Ordering::Relaxed);
        let time = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.account.slowest.fetch_max(time, Ordering::Relaxed);
    }

    fn lost(&self, why: &str) {
        let request = format!("request {} of client {}: {why}", self.asked, self.number);
        self.account.lost.lock().unwrap().push(request);
    }

    fn on_a_connection(&mut self, requests: u64) {
        let begin = Instant::now();
        let mut connection = match connect(self.server) {
            Ok(connection) => connection,
            Err(error) => {
                self.asked += 1;
                return self.lost(&format!("connect: {error}"));
            }
        };
        self.account.connections.fetch_add(1, Ordering::Relaxed);
        for number in 0..requests {
            if number > 0 && !self.waits_for_its_turn() {
                return;
            }
            let begin = if number == 0 { begin } else { Instant::now() };
            let (text, reply) = self.request();
            match ask(&mut connection, text.as_bytes(), reply.len()) {
                Ok(received) if received == reply.as_bytes() => self.answered(begin),
                Ok(received) => {
                    return self.lost(&format!(
                        "after {number} on its connection: {:?}",
                        received.escape_ascii().to_string()
                    ));
                }
                Err(error) => return self.lost(&format!("after {number} on its connection: {error}")),
            }
        }
    }

    fn by_datagrams(mut self) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(self.server).unwrap();
        socket.set_read_timeout(Some(REPLY_TIMEOUT)).unwrap();
        while self.waits_for_its_turn() {
            let begin = Instant::now();
            let (text, reply) = self.request();
            let mut received = [0; 100];
            match socket.send(text.as_bytes()).and_then(|_| socket.recv(&mut received)) {
                Ok(length) if received[..length] == *reply.as_bytes() => self.answered(begin),
                Ok(length) => self.lost(&format!("{:?}", received[..length].escape_ascii().to_string())),
                Err(error) => self.lost(&error.to_string()),
            }
        }
    }
}

/// From one address after another: a port is not free again for a minute after its connection, and an address has some
/// 28,000 of them.
fn connect(server: SocketAddr) -> std::io::Result<TcpStream> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let from = 0x7f01_0001 + NEXT.fetch_add(1, Ordering::Relaxed) % 0xfffe;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::from(from), 0)).into())?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(REPLY_TIMEOUT))?;
    socket.set_write_timeout(Some(REPLY_TIMEOUT))?;
    socket.connect(&server.into())?;
    Ok(socket.into())
}

/// Sends, and receives up to so many bytes; fewer at the end of the stream.
fn ask(connection: &mut TcpStream, text: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    connection.write_all(text)?;
    let mut received = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match connection.read(&mut received[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    received.truncate(filled);
    Ok(received)
}
