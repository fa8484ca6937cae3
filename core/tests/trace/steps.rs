//! Programs that are stepped: what a call tells the controller, and how it is let go.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use capsock::net::{BlockingSocket, Family, Kind, PollKind, PollSpan, WaitPolicy};
use capsock::trace::{self, Descriptors};
use libc::pollfd;
use serde_json::Value;

use super::lines::{File, alone, calls, file_of_this_process, read};

const LIMIT: Duration = Duration::from_secs(60);

/// The socket of a controller, which is gone with this value.
struct Controller {
    listener: Option<UnixListener>,
    path: File,
}

/// A call that is held: what it has told, and its connection.
struct Asked {
    process: Value,
    call: Value,
    _connection: UnixStream,
}

impl Asked {
    /// `sendto udp to 5 bytes`
    fn told(&self) -> String {
        let call = &self.call;
        let mut told = call["call"].as_str().unwrap().to_owned();
        told.extend(call["transport"].as_str().map(|transport| format!(" {transport}")));
        told.extend(call["local"].as_str().map(|_| " at"));
        told.extend(call["peer"].as_str().map(|_| " to"));
        told.extend(call["room"].as_u64().map(|room| format!(" {room} bytes")));
        told
    }
}

impl Controller {
    fn new(test: &str) -> Controller {
        let path = File::new(&format!("{test}-controller"));
        let listener = UnixListener::bind(&*path).unwrap();
        Controller { listener: Some(listener), path }
    }

    fn command(&self, test: &str, file: &Path) -> Command {
        alone(test, file, &[("CAPSOCK_STEP", self.path.to_str().unwrap())])
    }

    fn start(&self, test: &str, file: &Path) -> Child {
        self.command(test, file).stdout(Stdio::null()).spawn().unwrap()
    }

    /// The next call that asks.
    fn next(&self) -> Asked {
        let listener = self.listener.as_ref().unwrap();
        let mut asked = [pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        let limit = i32::try_from(LIMIT.as_millis()).unwrap();
        // SAFETY: one entry.
        assert_eq!(unsafe { libc::poll(asked.as_mut_ptr(), 1, limit) }, 1, "no call asks");
        let (connection, _) = listener.accept().unwrap();
        connection.set_read_timeout(Some(LIMIT)).unwrap();
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let mut line = || serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        Asked { process: line(), call: line(), _connection: connection }
    }
}

fn socket(kind: Kind) -> BlockingSocket {
    BlockingSocket::new(Family::V4, kind, false).unwrap()
}

fn exchange() {
    let (server, client) = (socket(Kind::Datagram), socket(Kind::Datagram));
    server.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let to = server.local_addr().unwrap();
    client.send_to(b"hello", &to, 0, WaitPolicy::default()).unwrap();
    let fds = [server.fd()];
    let waited = Descriptors { readable: &fds, writable: &[] };
    let span = PollSpan::begin(PollKind::Poll, None).unwrap().hold(waited);
    span.end(waited, waited, Ok(()));
    // A peek is not recorded, and not stepped either.
    server.receive_from(&mut [0; 9], libc::MSG_PEEK, WaitPolicy::default()).unwrap();
    server.receive_from(&mut [0; 9], 0, WaitPolicy::default()).unwrap();
    client.close().unwrap();
}

#[test]
fn a_call_tells_what_it_is_about_to_do_and_waits() {
    let test = "steps::a_call_tells_what_it_is_about_to_do_and_waits";
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        trace::set_process_info("rust", "exchange");
        return exchange();
    }
    let (controller, file) = (Controller::new(test), File::new(test));
    let mut child = controller.start(test, &file);
    for (count, expected) in [
        "socket udp",
        "socket udp",
        "bind udp at",
        "sendto udp to 5 bytes",
        "poll",
        "recvfrom udp at 9 bytes",
        "close udp at",
        "close udp at",
    ]
    .into_iter()
    .enumerate()
    {
        let asked = controller.next();
        assert_eq!(asked.process["program"], "exchange");
        assert_eq!(asked.process["pid"], child.id());
        assert_eq!(asked.process["parent"], std::process::id());
        assert_eq!(asked.call["pid"], child.id());
        assert_eq!(asked.told(), expected);
        assert_eq!(asked.call["waited_in"].is_array(), expected == "poll");
        if expected.starts_with("bind") {
            assert_eq!(asked.call["local"], "127.0.0.1:0");
        }
        assert_eq!(calls(&read(&file)).len(), count, "nothing happens before it is let go");
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(calls(&read(&file)).len(), 8);
}

#[test]
fn a_controller_that_goes_away_lets_all_calls_go() {
    let test = "steps::a_controller_that_goes_away_lets_all_calls_go";
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let threads: Vec<_> = (0..3).map(|_| thread::spawn(exchange)).collect();
        return threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
    for held in 0..=3 {
        let (mut controller, file) = (Controller::new(test), File::new(test));
        let mut child = controller.start(test, &file);
        let asked: Vec<Asked> = (0..held).map(|_| controller.next()).collect();
        let threads: std::collections::HashSet<u64> =
            asked.iter().map(|asked| asked.call["tid"].as_u64().unwrap()).collect();
        assert_eq!(threads.len(), held, "each thread waits by itself");
        controller.listener = None;
        drop(asked);
        assert!(child.wait().unwrap().success());
        assert_eq!(calls(&read(&file)).len(), 3 * 8, "{held}");
    }
}

fn is_socket(fd: libc::c_int) -> bool {
    let (mut kind, mut length) = (0, 4);
    let value = (&raw mut kind).cast();
    // SAFETY: the value and its length are written.
    unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_TYPE, value, &raw mut length) == 0 }
}

extern "C" fn handle(_: libc::c_int) {}

#[test]
fn a_signal_and_a_close_of_all_descriptors_are_survived() {
    let test = "steps::a_signal_and_a_close_of_all_descriptors_are_survived";
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        // SAFETY: the handler does nothing.
        let me = unsafe {
            libc::signal(libc::SIGUSR1, handle as *const () as libc::sighandler_t);
            libc::pthread_self()
        };
        let disturbing = thread::spawn(move || {
            std::io::stdin().read_line(&mut String::new()).unwrap();
            // SAFETY: the thread waits for this one below, and the descriptors are those of the controller's connections.
            unsafe {
                libc::pthread_kill(me, libc::SIGUSR1);
                (200..300).filter(|fd| is_socket(*fd)).for_each(|fd| assert_eq!(libc::close(fd), 0));
                libc::pthread_kill(me, libc::SIGUSR1);
            }
            std::io::stdout().write_all(b"\nclosed\n").unwrap();
        });
        let one = socket(Kind::Datagram);
        disturbing.join().unwrap();
        drop(one);
        return;
    }
    let (controller, file) = (Controller::new(test), File::new(test));
    let mut command = controller.command(test, &file);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let held = controller.next();
    assert_eq!(held.call["call"], "socket");
    child.stdin.take().unwrap().write_all(b"now\n").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "closed"));
    drop(held);
    assert_eq!(controller.next().call["call"], "close");
    lines.for_each(drop);
    assert!(child.wait().unwrap().success());
    assert_eq!(calls(&read(&file)).len(), 2);
}

#[test]
fn a_forked_child_asks_by_itself() {
    let test = "steps::a_forked_child_asks_by_itself";
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        let one = socket(Kind::Datagram);
        // SAFETY: the only other thread is the test runner's, which waits.
        let child = unsafe { libc::fork() };
        let bound = one.bind(&"127.0.0.1:0".parse().unwrap());
        if child == 0 {
            // SAFETY: it ends this process.
            unsafe { libc::_exit(i32::from(bound.is_err())) };
        }
        let mut status = 0;
        // SAFETY: the status is written.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        return;
    }
    let (controller, file) = (Controller::new(test), File::new(test));
    let mut parent = controller.start(test, &file);
    assert_eq!(controller.next().call["call"], "socket");
    let (one, other) = (controller.next(), controller.next());
    let pids = [one.process["pid"].clone(), other.process["pid"].clone()];
    assert_ne!(pids[0], pids[1]);
    assert!(pids.contains(&parent.id().into()));
    let forked = if pids[0] == parent.id() { &other } else { &one };
    assert_eq!(forked.process["parent"], parent.id());
    drop((one, other));
    drop(controller.next());
    assert!(parent.wait().unwrap().success());
}

#[test]
fn without_a_socket_the_program_runs() {
    let test = "steps::without_a_socket_the_program_runs";
    if let Some(file) = file_of_this_process() {
        trace::start(file, true).unwrap();
        return exchange();
    }
    let long = format!("/{}", "x".repeat(200));
    for (path, said) in [("/nowhere/socket", ""), (long.as_str(), "CAPSOCK_STEP names no socket (EINVAL)")] {
        let file = File::new(test);
        let output = alone(test, &file, &[("CAPSOCK_STEP", path)]).output().unwrap();
        assert!(output.status.success());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(said), "{error}");
        assert_eq!(error.contains("not stepped"), !said.is_empty(), "{error}");
        assert_eq!(calls(&read(&file)).len(), 8);
    }
}
