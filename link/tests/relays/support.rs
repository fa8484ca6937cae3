//! Runs a link on a thread, with a bound on every wait.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use capsock_link::{
    DatagramLink, DatagramOptions, Event, Impairments, PerDirection, StreamImpairments, StreamLink,
    StreamOptions,
};

/// Longer than anything here takes on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A link that runs; `stop` returns it.
pub(crate) struct Running<L> {
    pub(crate) address: SocketAddr,
    pub(crate) events: Receiver<Event>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<L>,
}

impl<L> Running<L> {
    pub(crate) fn stop(self) -> L {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

// A link stays on the thread that made it, so it is made there.
pub(crate) fn datagrams(server: SocketAddr, set: impl FnOnce(&mut DatagramOptions)) -> Running<Ended> {
    let mut options = DatagramOptions {
        listen: ANY.into(),
        to: server.into(),
        seed: 7,
        impairments: PerDirection::default(),
        queue: 1000,
        max_clients: 512,
        idle_timeout: Duration::from_secs(60),
    };
    set(&mut options);
    running(move |address, stop, report| {
        let mut link = DatagramLink::bind(&options).unwrap();
        address(link.local_addrs()[0]);
        link.run(stop, report).unwrap();
        Ended {
            totals: link.totals(),
            held: link.held(),
            refused: link.refused(),
            clients: link.clients(),
            processor: processor_time(),
        }
    })
}

/// What is left of a link for UDP.
pub(crate) struct Ended {
    pub(crate) totals: PerDirection<capsock_link::DatagramTotals>,
    pub(crate) held: PerDirection<u64>,
    pub(crate) refused: u64,
    pub(crate) clients: usize,
    /// The processor time of its thread, where the system tells it.
    pub(crate) processor: Option<Duration>,
}

/// The processor time of this thread (proc(5), `schedstat`).
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

pub(crate) fn streams(
    server: SocketAddr,
    impairments: PerDirection<StreamImpairments>,
    max_connections: usize,
) -> Running<capsock_link::StreamLinkTotals> {
    let options =
        StreamOptions { listen: ANY.into(), to: server.into(), seed: 7, impairments, max_connections };
    running(move |address, stop, report| {
        let mut link = StreamLink::bind(&options).unwrap();
        address(link.local_addrs()[0]);
        link.run(stop, report).unwrap();
        link.totals()
    })
}

fn running<L: Send + 'static>(
    run: impl FnOnce(&dyn Fn(SocketAddr), &dyn Fn() -> bool, &mut dyn FnMut(Event)) -> L + Send + 'static,
) -> Running<L> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let (say, said) = channel();
    let (event, events) = channel();
    let thread = thread::spawn(move || {
        let address = |address| say.send(address).unwrap();
        let stop = || stopped.load(Ordering::SeqCst);
        // A test that is not interested has dropped the other end.
        run(&address, &stop, &mut |reported| drop(event.send(reported)))
    });
    let address = said.recv_timeout(TIMEOUT).expect("the link listens");
    Running { address, events, stop, thread }
}

/// A UDP socket on a port of its own, with a bound on its receives.
pub(crate) fn udp() -> UdpSocket {
    let socket = UdpSocket::bind(ANY).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket
}

/// What a socket receives next, and from whom.
pub(crate) fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (length, source) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(length);
    (buffer, source)
}

/// The same impairments in one direction alone.
pub(crate) fn up(impairments: Impairments) -> PerDirection<Impairments> {
    PerDirection { up: impairments, down: Impairments::default() }
}

pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(ANY).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A connection to the link, and the server's end of it.
pub(crate) fn connect(link: SocketAddr, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = client(link);
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + TIMEOUT;
    let server = loop {
        match listener.accept() {
            Ok((server, _)) => break server,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                assert!(Instant::now() < deadline, "the link does not connect");
                thread::sleep(Duration::from_millis(1)); // the interval between two checks
            }
            Err(error) => panic!("{error}"),
        }
    };
    server.set_nonblocking(false).unwrap();
    (client, patient(server))
}

pub(crate) fn client(link: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(link).unwrap())
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
