//! Runs the command, with a bound on every wait.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A reply of this size is in hand for as long as the peer does not read: no buffers hold it.
pub(crate) const MORE_THAN_BUFFERS_HOLD: usize = 32 << 20;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit code, or minus the number of the signal that killed it.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }
}

/// A run to be.
pub(crate) struct Run {
    command: Command,
    input: Option<Vec<u8>>,
}

pub(crate) fn capsock<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsock"));
    command.args(args).env_remove("NO_COLOR");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Run { command, input: None }
}

/// The same with the arguments in one text, cut at the spaces.
pub(crate) fn words(line: &str) -> Run {
    capsock(line.split_whitespace())
}

/// A shell script whose `$0` is the command.
pub(crate) fn shell(script: &str) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_capsock")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Run { command, input: None }
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Run {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.input = Some(bytes.into());
        self
    }

    pub(crate) fn stdin(mut self, from: impl Into<Stdio>) -> Run {
        self.command.stdin(from);
        self
    }

    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Run {
        self.command.stdout(to);
        self
    }

    /// Runs to the end, with an input that is empty unless given.
    pub(crate) fn done(mut self) -> Done {
        let input = self.input.take().unwrap_or_default();
        let mut running = self.start();
        let mut stdin = running.stdin.take();
        // On a thread: a filter's output has to be read while its input is written.
        thread::spawn(move || {
            if let Some(stdin) = &mut stdin {
                // A command that ends early does not read it all.
                let _ = stdin.write_all(&input);
            }
        });
        running.done()
    }

    /// Starts, and leaves standard input open.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = listen(child.stdout.take());
        let stderr = listen(child.stderr.take());
        Running { child, stdin, stdout, stderr }
    }
}

/// The command while it runs. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

impl Running {
    pub(crate) fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).unwrap();
        // SAFETY: kill takes any numbers; the child has not been waited for, so the id is its own.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output, without its newline.
    pub(crate) fn line(&self) -> String {
        text(&self.stdout.recv_timeout(TIMEOUT).expect("a line on standard output"))
    }

    /// The next line of standard error.
    pub(crate) fn error_line(&self) -> String {
        text(&self.stderr.recv_timeout(TIMEOUT).expect("a line on standard error"))
    }

    pub(crate) fn json_line(&self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Stops listening to standard output, and waits until nobody has its other end.
    pub(crate) fn done(mut self) -> Done {
        self.stdin = None;
        let deadline = Instant::now() + TIMEOUT;
        let stdout = rest(&self.stdout, deadline);
        let stderr = String::from_utf8_lossy(&rest(&self.stderr, deadline)).into_owned();
        let status = self.child.wait().unwrap();
        let code = status.code().unwrap_or_else(|| -status.signal().unwrap());
        Done { code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (say, said) = channel();
    if let Some(from) = from {
        thread::spawn(move || {
            let mut from = BufReader::with_capacity(1 << 20, from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).unwrap_or(0) > 0 {
                if say.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
    }
    said
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches('\n').to_owned()
}

fn rest(said: &Receiver<Vec<u8>>, deadline: Instant) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match said.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => all.extend_from_slice(&line),
            Err(RecvTimeoutError::Disconnected) => return all,
            Err(RecvTimeoutError::Timeout) => panic!("the command did not end in time"),
        }
    }
}

/// A server that the command runs on a free port.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) ready: Value,
}

impl Server {
    pub(crate) fn start(arguments: &str) -> Server {
        let running = words(&format!("serve {arguments} --port 0 --json")).start();
        let ready = running.json_line();
        assert_eq!(ready["event"], "ready");
        Server { running, ready }
    }

    pub(crate) fn port(&self) -> u16 {
        self.ready["port"].as_u64().unwrap().try_into().unwrap()
    }
}

/// A port on which nothing listens, held for as long as the first part lives.
pub(crate) fn closed_port() -> (socket2::Socket, u16) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    (socket, port)
}

/// A UDP port that belongs to a socket which takes datagrams from itself alone: others are refused.
pub(crate) fn closed_udp_port() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    socket.connect(address).unwrap();
    (socket, address.port())
}

/// A listener that never replies.
pub(crate) fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Text of many scripts, and bytes that are no text, of so many bytes.
pub(crate) fn mixed(length: usize) -> Vec<u8> {
    let part = "The quick brown fox. Straße, ὀδυσσεύς, ŉ, ﬁ, 🚀 привет\r\n".as_bytes();
    let mut bytes = Vec::with_capacity(length + 100);
    // Each round is one byte longer, so that characters meet every chunk's end.
    for round in 0usize.. {
        if bytes.len() >= length {
            break;
        }
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(&[b'a', 0, 0xff, 0xc3][..1 + round % 4]);
    }
    bytes.truncate(length);
    bytes
}

/// A file that is gone when the test ends.
pub(crate) fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    (folder, path)
}

/// What a blocking call returns, on a thread of its own, since the call may never return.
pub(crate) fn within<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    let (say, said) = channel();
    thread::spawn(move || say.send(call()));
    said.recv_timeout(TIMEOUT).expect("the call returns in time")
}

/// The next connection to a listener.
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let (connection, _) = within(move || listener.accept().unwrap());
    patient(connection)
}

/// The same connection, with a bound on every call.
pub(crate) fn patient(connection: TcpStream) -> TcpStream {
    connection.set_read_timeout(Some(TIMEOUT)).unwrap();
    connection.set_write_timeout(Some(TIMEOUT)).unwrap();
    connection
}

/// Reads so many bytes from a pipe.
pub(crate) fn read_from(pipe: &PipeReader, length: usize) {
    let mut pipe = pipe.try_clone().unwrap();
    within(move || pipe.read_exact(&mut vec![0; length]).unwrap());
}

/// Waits until `there` is.
pub(crate) fn until(what: &str, mut there: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !there() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
