//! Servers, ports and waits for the tests. Every wait has a time limit.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use capsock::{TcpClientOptions, UdpClientOptions};

/// The time limit of a wait, longer than any step of a test takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A port without a listener, since the servers of the tests are on 127.0.0.1 and ::1 alone.
pub(crate) const NOBODY: &str = "127.0.0.77";

pub(crate) fn tcp_options() -> TcpClientOptions {
    TcpClientOptions { timeout: Some(LIMIT), ..TcpClientOptions::default() }
}

pub(crate) fn udp_options() -> UdpClientOptions {
    UdpClientOptions { timeout: Some(LIMIT), retransmit_after: LIMIT, ..UdpClientOptions::default() }
}

/// The server's end of a connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Peer {
    fn new(stream: TcpStream) -> Peer {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Peer { reader: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    /// Receives a line with its newline; empty at the end of the stream.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap_or_default();
        String::from_utf8(line).unwrap()
    }

    /// Receives the data that arrives next; empty at the end of the stream.
    pub(crate) fn piece(&mut self, most: usize) -> Vec<u8> {
        let mut piece = vec![0; most];
        let count = self.reader.read(&mut piece).unwrap_or(0);
        piece.truncate(count);
        piece
    }

    /// Sends, and ignores errors: in some tests the client has closed the connection.
    pub(crate) fn say(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap_or_default();
    }

    /// Waits until the client's kernel has acknowledged everything sent. On Windows, what is sent on loopback has arrived when
    /// the send returns.
    #[cfg(windows)]
    pub(crate) fn wait_until_delivered(&self) {}

    /// Waits until the client's kernel has acknowledged everything sent.
    #[cfg(unix)]
    pub(crate) fn wait_until_delivered(&self) {
        eventually(|| {
            let mut unacknowledged: libc::c_int = 0;
            // SAFETY: the ioctl writes one int.
            let result =
                unsafe { libc::ioctl(self.stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut unacknowledged) };
            result == 0 && unacknowledged == 0
        });
    }

    /// Resets the connection.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// Serves a connection, whose number is given.
pub(crate) type Serve = fn(usize, Peer);

/// A TCP server on a port of its own.
pub(crate) struct TcpServer {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl TcpServer {
    /// Serves each connection in a thread. Connections are numbered from 0.
    pub(crate) fn start(serve: impl Fn(usize, Peer) + Send + Sync + 'static) -> TcpServer {
        TcpServer::on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    pub(crate) fn on(
        listener: TcpListener,
        serve: impl Fn(usize, Peer) + Send + Sync + 'static,
    ) -> TcpServer {
        let address = listener.local_addr().unwrap();
        let (accepted, serve) = (Arc::new(AtomicUsize::new(0)), Arc::new(serve));
        let count = Arc::clone(&accepted);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(number, Peer::new(stream)));
            }
        });
        TcpServer { address, accepted }
    }

    /// Replies to each line in upper case, until the end of the stream.
    pub(crate) fn uppercase() -> TcpServer {
        TcpServer::start(|_, peer| answer_lines(peer))
    }

    /// Replies in upper case to all data as it arrives, until the end of the stream. The socket buffers are small, so
    /// that it soon blocks if the client does not receive.
    pub(crate) fn uppercase_stream() -> TcpServer {
        TcpServer::start(|_, mut peer| {
            socket2::SockRef::from(&peer.stream).set_send_buffer_size(128 << 10).unwrap();
            loop {
                let piece = peer.piece(10_000);
                if piece.is_empty() {
                    break;
                }
                peer.say(piece.to_ascii_uppercase());
            }
        })
    }

    /// The number of connections accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

pub(crate) fn answer_lines(mut peer: Peer) {
    loop {
        let line = peer.line();
        if line.is_empty() {
            break;
        }
        peer.say(line.to_uppercase());
    }
}

/// A UDP socket on a port of its own, and its address.
pub(crate) fn udp_server(host: &str) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((host, 0)).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// The next datagram and its source address.
pub(crate) fn datagram(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 70_000];
    let (count, source) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(count);
    (buffer, source)
}

/// What is sent on loopback has arrived when the send returns.
#[cfg(windows)]
pub(crate) fn wait_for_datagram_at(_port: u16) {}

/// Waits until the receive queue of the UDP port of 127.0.0.1 is not empty.
#[cfg(unix)]
pub(crate) fn wait_for_datagram_at(port: u16) {
    let local = format!("0100007F:{port:04X}");
    eventually(|| {
        // proc(5): local address, remote address, state, then the queues as sending:receiving.
        std::fs::read_to_string("/proc/net/udp").unwrap().lines().any(|line| {
            let mut fields = line.split_whitespace().skip(1);
            fields.next() == Some(&local)
                && fields.nth(2).is_some_and(|queues| !queues.ends_with(":00000000"))
        })
    });
}

/// The number of this thread, for [`wait_until_asleep`].
#[cfg(unix)]
pub(crate) fn thread_id() -> libc::pid_t {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::gettid() }
}

/// Waits until the thread sleeps in a system call.
#[cfg(unix)]
pub(crate) fn wait_until_asleep(thread: libc::pid_t) {
    // proc(5): the state follows the name in parentheses.
    let stat = || std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
    eventually(|| stat().rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" S")));
}

/// The system does not tell whether a thread sleeps.
#[cfg(windows)]
pub(crate) fn thread_id() -> i32 {
    0
}

#[cfg(windows)]
pub(crate) fn wait_until_asleep(_thread: i32) {}

/// Waits until the condition is true.
pub(crate) fn eventually(mut so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so() {
        assert!(Instant::now() < end, "it never came to be so");
        thread::yield_now();
    }
}

/// A pipe that reports the first read from it, by which time a copy holds the lock of its client.
pub(crate) fn telling_pipe() -> (Tell, PipeWriter, mpsc::Receiver<()>) {
    let (input, feed) = std::io::pipe().unwrap();
    let (reading, wait) = mpsc::channel();
    (Tell { input, reading }, feed, wait)
}

pub(crate) struct Tell {
    input: PipeReader,
    reading: mpsc::Sender<()>,
}

impl Read for Tell {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reading.send(()).unwrap_or_default();
        self.input.read(buffer)
    }
}

/// A generator of pseudorandom numbers, the same in every run (Knuth's MMIX).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
