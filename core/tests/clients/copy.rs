//! Transfers of whole streams.

use std::fs::File;
use std::io::{self, PipeReader, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use capsock::{Copied, ErrorKind, Result, TcpClient, TcpClientOptions};

use crate::tools::{LIMIT, Serve, TcpServer, tcp_options};

fn client(server: &TcpServer) -> TcpClient {
    TcpClient::connect_with(server.address, tcp_options()).unwrap()
}

/// 20 MB without repetition.
fn book() -> Vec<u8> {
    (0..1_250_000).flat_map(|line| format!("line {line:>10}\n").into_bytes()).collect()
}

/// A file without a name.
fn file(content: &[u8]) -> File {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "book-{}-{:?}",
        std::process::id(),
        thread::current().id()
    ));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file.write_all(content).unwrap();
    file.rewind().unwrap();
    file
}

/// A pipe that a thread writes to.
fn pipe(content: Vec<u8>) -> PipeReader {
    let (reader, mut writer) = io::pipe().unwrap();
    thread::spawn(move || writer.write_all(&content).unwrap_or_default());
    reader
}

#[test]
fn a_book_comes_back_whole_whichever_way_it_is_read() {
    type Ask = fn(&TcpClient, Vec<u8>, &mut Vec<u8>) -> Result<Copied>;
    let ways: [(&str, Ask); 4] = [
        ("a reader", |client, book, output| client.copy(&mut &book[..], output)),
        ("a file as a reader", |client, book, output| client.copy(&mut file(&book), output)),
        ("a file", |client, book, output| client.copy_fd(file(&book).as_fd(), output)),
        ("a pipe", |client, book, output| client.copy_fd(pipe(book).as_fd(), output)),
    ];
    let server = TcpServer::uppercase_stream();
    let client = client(&server);
    let book = book();
    let expected = book.to_ascii_uppercase();
    for (way, copy) in ways {
        assert_eq!(client.request("before").as_deref(), Ok("BEFORE"), "{way}");
        let mut output = Vec::new();
        let copied = copy(&client, book.clone(), &mut output);
        let length = book.len() as u64;
        assert_eq!(copied, Ok(Copied { sent: length, received: length }), "{way}");
        assert!(output == expected, "{way}: the output differs");
    }
    assert_eq!(server.accepted(), ways.len(), "a request and the copy after it share a connection");
}

#[test]
fn servers_that_answer_in_other_ways() {
    let table: &[(&str, Serve, &str, &str)] = &[
        ("nothing at all", |_, mut peer| assert_eq!(peer.piece(10), b""), "", ""),
        (
            "one reply and the end, as the textbook's",
            |_, mut peer| {
                let piece = peer.piece(1024);
                peer.say(piece.to_ascii_uppercase());
            },
            "hello",
            "HELLO",
        ),
        (
            "only after the end of the input",
            |_, mut peer| {
                let mut all = String::new();
                peer.stream.read_to_string(&mut all).unwrap();
                peer.say(all.to_uppercase());
            },
            "one\ntwo\n",
            "ONE\nTWO\n",
        ),
    ];
    for (name, serve, input, expected) in table {
        let server = TcpServer::start(*serve);
        let sent = input.len() as u64;
        let received = expected.len() as u64;
        for way in ["a reader", "a file"] {
            let (client, mut output) = (client(&server), Vec::new());
            let copied = match way {
                "a file" => client.copy_fd(file(input.as_bytes()).as_fd(), &mut output),
                _ => client.copy(&mut input.as_bytes(), &mut output),
            };
            assert_eq!(copied, Ok(Copied { sent, received }), "{name}, {way}");
            assert_eq!(output, expected.as_bytes(), "{name}, {way}");
        }
    }
}

#[test]
fn servers_that_stop_before_the_end() {
    use ErrorKind::{ConnectionClosed, ConnectionReset};
    let table: &[(&str, Serve, &[ErrorKind])] = &[
        (
            "it says that it will say no more",
            |_, mut peer| {
                peer.say("NO");
                peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
                while !peer.piece(10_000).is_empty() {}
            },
            &[ConnectionClosed],
        ),
        (
            "it resets the connection",
            |_, mut peer| {
                peer.say("NO");
                peer.wait_until_delivered();
                peer.piece(10);
                peer.reset();
            },
            &[ConnectionReset, ConnectionClosed],
        ),
    ];
    for (name, serve, kinds) in table {
        let server = TcpServer::start(*serve);
        for way in ["a reader", "a descriptor"] {
            let (client, mut output) = (client(&server), Vec::new());
            let error = match way {
                "a reader" => client.copy(&mut io::repeat(b'x'), &mut output),
                _ => client.copy_fd(File::open("/dev/zero").unwrap().as_fd(), &mut output),
            };
            let error = error.unwrap_err();
            assert!(kinds.contains(&error.kind()), "{name}, {way}: {error:?}");
            assert!(
                error.to_string().contains(&format!("{} received", output.len())),
                "{name}, {way}: {error}"
            );
            assert_eq!(output, b"NO", "{name}, {way}: what came before is passed on");
        }
    }
}

struct Broken(io::Error);

impl Broken {
    fn error(&self) -> io::Error {
        match self.0.raw_os_error() {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::other(self.0.to_string()),
        }
    }
}

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.error())
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.error())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns counts of bytes read and written that exceed the buffer.
struct Boaster;

impl Read for Boaster {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(buffer.len() + 1)
    }
}

impl Write for Boaster {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len() + 1)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn inputs_and_outputs_that_fail() {
    let server = TcpServer::uppercase_stream();
    let client = client(&server);
    let errno = |errno| Broken(io::Error::from_raw_os_error(errno));
    let text = || Broken(io::Error::other("the dog ate it"));
    let directory = File::open("/").unwrap();
    let write_only = File::options().write(true).open("/dev/null").unwrap();
    let mut sink = Vec::new();
    let outcomes = [
        ("output, errno", client.copy(&mut &b"one"[..], &mut errno(libc::ENOSPC)), Some(libc::ENOSPC)),
        ("output, text", client.copy(&mut &b"one"[..], &mut text()), None),
        ("output, nothing taken", client.copy(&mut &b"one"[..], &mut &mut [][..]), None),
        ("output, boasting", client.copy(&mut &b"one"[..], &mut Boaster), None),
        ("input, errno", client.copy(&mut errno(libc::EIO), &mut sink), Some(libc::EIO)),
        ("input, text", client.copy(&mut text(), &mut sink), None),
        ("input, boasting", client.copy(&mut Boaster, &mut sink), None),
        ("input, a directory", client.copy_fd(directory.as_fd(), &mut sink), Some(libc::EISDIR)),
        ("input, not for reading", client.copy_fd(write_only.as_fd(), &mut sink), Some(libc::EBADF)),
        ("input, no descriptor", client.copy_fd(nothing_open(), &mut sink), Some(libc::EBADF)),
    ];
    for (name, outcome, errno) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (ErrorKind::InputOutput, errno), "{name}: {error}");
    }
    assert_eq!(client.request("after").as_deref(), Ok("AFTER"));
}

/// A number that is not an open descriptor.
fn nothing_open() -> BorrowedFd<'static> {
    // SAFETY: the descriptor is not open, against the contract; the test is that the call fails with an error.
    unsafe { BorrowedFd::borrow_raw(i32::MAX) }
}

/// Sends what is written to a channel.
struct Telling(mpsc::Sender<Vec<u8>>);

impl Write for Telling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn replies_are_written_while_the_input_is_idle_for_longer_than_the_limit() {
    let server = TcpServer::uppercase_stream();
    let options = TcpClientOptions { timeout: Some(Duration::from_secs(1)), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    let (input, mut feed) = io::pipe().unwrap();
    let (written, wait) = mpsc::channel();
    thread::scope(|scope| {
        let copy = scope.spawn(move || client.copy_fd(input.as_fd(), &mut Telling(written)));
        for word in ["one", "two"] {
            feed.write_all(word.as_bytes()).unwrap();
            assert_eq!(wait.recv_timeout(LIMIT).unwrap(), word.to_uppercase().as_bytes());
        }
        // Nothing more arrives within the client's time limit, which is not an error.
        assert!(wait.recv_timeout(Duration::from_millis(1200)).is_err());
        feed.write_all(b"three").unwrap();
        drop(feed);
        assert_eq!(copy.join().unwrap(), Ok(Copied { sent: 11, received: 11 }));
    });
}

#[test]
fn a_server_that_makes_no_progress() {
    let (ended, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = TcpServer::start(move |_, _peer| {
        wait.lock().unwrap().recv_timeout(LIMIT).unwrap_or_default();
    });
    for input in [File::open("/dev/zero").unwrap(), file(b"short")] {
        let options = TcpClientOptions { timeout: Some(Duration::from_millis(50)), ..tcp_options() };
        let client = TcpClient::connect_with(server.address, options).unwrap();
        let error = client.copy_fd(input.as_fd(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "descriptor {}", input.as_raw_fd());
    }
    drop(ended);
}

#[test]
fn closing_ends_a_copy() {
    let server = TcpServer::uppercase_stream();
    let (client, (input, mut feed)) = (client(&server), io::pipe().unwrap());
    let (written, wait) = mpsc::channel();
    thread::scope(|scope| {
        let copy = scope.spawn(|| client.copy_fd(input.as_fd(), &mut Telling(written)));
        feed.write_all(b"one").unwrap();
        wait.recv_timeout(LIMIT).unwrap();
        client.close();
        assert_eq!(copy.join().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    });
}
