//! TCP requests from one thread.

use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use capsock::{ErrorKind, TcpClient, TcpClientOptions};

use crate::numbers;
use crate::tools::{LIMIT, NOBODY, Peer, Serve, TcpServer, answer_lines, tcp_options};

/// Requests and the expected replies.
type Dialogue<'a> = &'a [(&'a str, &'a str)];

/// Receives a line and sends this reply.
fn answer_with(peer: &mut Peer, reply: impl AsRef<[u8]>) {
    peer.line();
    peer.say(reply);
}

#[test]
#[cfg_attr(windows, ignore = "a reset discards what has arrived")]
fn servers_of_every_manner_get_the_right_replies() {
    let one_after_the_other = [("one", "ONE"), ("", ""), ("zwei drei", "ZWEI DREI")];
    let again = [("first", "FIRST"), ("second", "SECOND")];
    let table: &[(&str, Serve, Dialogue<'_>, usize)] = &[
        ("it keeps the connection", |_, peer| answer_lines(peer), &one_after_the_other, 1),
        (
            "it closes after each reply",
            |_, mut peer| {
                let line = peer.line();
                peer.say(line.to_uppercase());
            },
            &one_after_the_other,
            3,
        ),
        (
            "it closes instead of sending a newline",
            |_, mut peer| {
                let piece = peer.piece(1024).to_ascii_uppercase();
                peer.say(piece.strip_suffix(b"\n").unwrap());
            },
            &[("one", "ONE"), ("two", "TWO")],
            2,
        ),
        (
            "it ends lines as telnet does",
            |_, mut peer| answer_with(&mut peer, "HELLO\r\n"),
            &[("hello", "HELLO\r")],
            1,
        ),
        (
            "it answers in pieces",
            |_, mut peer| {
                peer.line();
                for piece in ["ONE", " AND", " MORE", "\n"] {
                    peer.say(piece);
                    peer.wait_until_delivered();
                }
            },
            &[("one", "ONE AND MORE")],
            1,
        ),
        (
            "it sends a second line that nobody asked for",
            |number, mut peer| match number {
                0 => {
                    answer_with(&mut peer, "FIRST\nSTRAY\n");
                    peer.line();
                }
                _ => answer_lines(peer),
            },
            &again,
            2,
        ),
        (
            "it begins a second line that nobody asked for, and ends it when asked",
            |number, mut peer| match number {
                0 => {
                    answer_with(&mut peer, "FIRST\nSTR");
                    answer_with(&mut peer, "AY\n");
                }
                _ => answer_lines(peer),
            },
            &again,
            2,
        ),
        (
            "it takes a second request and resets the connection",
            |number, mut peer| match number {
                0 => {
                    answer_with(&mut peer, "FIRST\n");
                    peer.line();
                    peer.reset();
                }
                _ => answer_lines(peer),
            },
            &again,
            2,
        ),
        (
            "it resets the connection after the first reply",
            |number, mut peer| match number {
                0 => {
                    answer_with(&mut peer, "FIRST\n");
                    peer.wait_until_delivered();
                    peer.reset();
                }
                _ => answer_lines(peer),
            },
            &again,
            2,
        ),
    ];
    for (name, serve, requests, connections) in table {
        let server = TcpServer::start(*serve);
        let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
        for (request, expected) in *requests {
            assert_eq!(client.request(request).as_deref(), Ok(*expected), "{name}");
        }
        assert_eq!(server.accepted(), *connections, "{name}");
    }
}

/// Receives the beginning of a line only, as the textbook's `recv(1024)` does of a longer line.
fn answer_the_beginning(mut peer: Peer) {
    let mut piece = [0; 10];
    let count = peer.stream.read(&mut piece).unwrap();
    peer.say(piece[..count].to_ascii_uppercase());
}

#[test]
#[cfg_attr(windows, ignore = "the system does not tell what the server has received")]
fn servers_that_give_no_whole_reply() {
    use ErrorKind::{ConnectionClosed, ConnectionReset, InvalidText, TooLarge};
    let long = "x".repeat(5_000_000);
    let table: &[(&str, Serve, &str, &[ErrorKind])] = &[
        ("it closes without a reply", |_, mut peer| drop(peer.line()), "one", &[ConnectionClosed]),
        (
            "it resets the connection instead of a reply",
            |_, mut peer| {
                peer.line();
                peer.reset();
            },
            "one",
            &[ConnectionReset],
        ),
        (
            "it resets the connection in the middle of a reply",
            |_, mut peer| {
                peer.line();
                peer.say("ON");
                peer.wait_until_delivered();
                peer.reset();
            },
            "one",
            &[ConnectionReset],
        ),
        (
            "it answers the beginning of a request that it has not taken",
            |_, peer| answer_the_beginning(peer),
            &long,
            &[ConnectionClosed, ConnectionReset],
        ),
        (
            "it answers the beginning of a request that it has in its buffer",
            |_, peer| answer_the_beginning(peer),
            &long[..5000],
            &[ConnectionReset],
        ),
        (
            "it answers, and ends, but has not taken the request",
            |_, mut peer| {
                peer.stream.read_exact(&mut [0]).unwrap();
                peer.say("REPLY");
                peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
                // It stays open and receives nothing until the tests end.
                std::mem::forget(peer);
            },
            &long[..200_000],
            &[ConnectionClosed],
        ),
        ("it is not text", |_, mut peer| answer_with(&mut peer, b"\xff\n"), "one", &[InvalidText]),
        ("it is too long", |_, mut peer| answer_with(&mut peer, "12345678901\n"), "one", &[TooLarge]),
        (
            "it never ends",
            |_, mut peer| {
                let line = peer.line();
                for _ in 0..1000 {
                    peer.say(&line[..3]);
                }
            },
            "one",
            &[TooLarge],
        ),
    ];
    for (name, serve, request, kinds) in table {
        let server = TcpServer::start(*serve);
        let options = TcpClientOptions { max_reply: 10, ..tcp_options() };
        let client = TcpClient::connect_with(server.address, options).unwrap();
        let error = client.request(request).unwrap_err();
        assert!(kinds.contains(&error.kind()), "{name}: {error:?}");
        assert!(error.to_string().contains(&server.address.to_string()), "{name}: {error}");
        assert_eq!(server.accepted(), 1, "{name}: a connection that never answered is not made again");
    }
}

#[test]
fn the_limit_of_a_reply_is_exact_and_costs_one_connection() {
    let server = TcpServer::uppercase();
    let options = TcpClientOptions { max_reply: 10, ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    assert_eq!(client.request("abcdefghij").as_deref(), Ok("ABCDEFGHIJ"));
    assert_eq!(client.request("abcdefghijk").unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(client.request("again").as_deref(), Ok("AGAIN"));
    assert_eq!(server.accepted(), 2);
}

#[test]
fn a_client_connects_again_once_and_not_twice() {
    let server = TcpServer::start(|number, mut peer| {
        if number == 0 {
            answer_with(&mut peer, "FIRST\n");
        }
        peer.line();
        peer.reset();
    });
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    assert_eq!(client.request("first").as_deref(), Ok("FIRST"));
    assert_eq!(client.request("second").unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.accepted(), 2);
}

#[test]
fn a_request_that_the_server_took_and_failed_on_is_not_sent_again() {
    let server = TcpServer::start(|_, mut peer| {
        answer_with(&mut peer, "FIRST\n");
        peer.line();
    });
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    for connections in 1..=2 {
        assert_eq!(client.request("first").as_deref(), Ok("FIRST"));
        assert_eq!(client.request("pay").unwrap_err().kind(), ErrorKind::ConnectionClosed);
        assert_eq!(server.accepted(), connections);
    }
}

#[test]
fn a_server_that_speaks_first_is_heard_on_the_one_connection_that_it_has() {
    let (spoken, wait) = mpsc::channel();
    let server = TcpServer::start(move |_, mut peer| {
        peer.say("WELCOME\n");
        peer.wait_until_delivered();
        spoken.send(()).unwrap();
        peer.line();
    });
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    wait.recv_timeout(LIMIT).unwrap();
    assert_eq!(client.request("hello").as_deref(), Ok("WELCOME"));
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_line_that_came_between_two_requests_is_not_a_reply() {
    let ((sent, wait), (answered, go_on)) = (mpsc::channel(), mpsc::channel());
    let go_on = Mutex::new(go_on);
    let server = TcpServer::start(move |number, mut peer| match number {
        0 => {
            answer_with(&mut peer, "FIRST\n");
            go_on.lock().unwrap().recv_timeout(LIMIT).unwrap();
            peer.say("STRAY\n");
            peer.wait_until_delivered();
            sent.send(()).unwrap();
            peer.line();
        }
        _ => answer_lines(peer),
    });
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    assert_eq!(client.request("first").as_deref(), Ok("FIRST"));
    answered.send(()).unwrap();
    wait.recv_timeout(LIMIT).unwrap();
    assert_eq!(client.request("second").as_deref(), Ok("SECOND"));
}

#[test]
fn a_newline_is_refused_before_anything_is_sent() {
    let server = TcpServer::uppercase();
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    for request in ["\n", "one\n", "one\ntwo"] {
        assert_eq!(client.request(request).unwrap_err().kind(), ErrorKind::InvalidArgument, "{request:?}");
    }
    assert_eq!(client.request("three\r\0").as_deref(), Ok("THREE\r\0"));
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_late_reply_is_not_the_next_one() {
    let (timed_out, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let server = TcpServer::start(move |number, mut peer| {
        if number == 0 {
            let line = peer.line();
            wait.lock().unwrap().recv_timeout(LIMIT).unwrap();
            peer.say(line.to_uppercase());
        } else {
            answer_lines(peer);
        }
    });
    let options = TcpClientOptions { timeout: Some(Duration::from_secs(2)), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    let error = client.request("first").unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::TimedOut, Some(numbers::ETIMEDOUT)));
    timed_out.send(()).unwrap();
    assert_eq!(client.request("second").as_deref(), Ok("SECOND"));
}

#[test]
fn a_long_line_whose_reply_starts_early() {
    let server = TcpServer::uppercase_stream();
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    let line = "abcdefghi ".repeat(500_000);
    for _ in 0..2 {
        assert!(client.request(&line).unwrap() == line.to_uppercase(), "the reply differs");
    }
    assert_eq!(client.request("short").as_deref(), Ok("SHORT"));
    assert_eq!(server.accepted(), 1);
}

#[test]
fn nobody_there() {
    let refused = TcpClient::connect((NOBODY, 9)).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.errno()),
        (ErrorKind::ConnectionRefused, Some(numbers::ECONNREFUSED))
    );
    assert!(refused.to_string().contains("127.0.0.77:9"), "{refused}");
    let unknown = TcpClient::connect(("nobody.invalid", 9)).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NameNotResolved);
    assert_eq!(TcpClient::connect((NOBODY, 0)).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_name_with_two_addresses_of_which_one_answers() {
    let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
    for (listening, other) in [(v4, v6), (v6, v4)] {
        // A socket that is bound to the other address and does not listen prevents others from listening.
        let (listener, _other) = (0..100)
            .find_map(|_| {
                let listener = TcpListener::bind((listening, 0)).unwrap();
                let other = std::net::SocketAddr::new(other, listener.local_addr().unwrap().port());
                let domain = socket2::Domain::for_address(other);
                let holder = socket2::Socket::new(domain, socket2::Type::STREAM, None).unwrap();
                holder.bind(&other.into()).ok().map(|()| (listener, holder))
            })
            .unwrap();
        let server = TcpServer::on(listener, |_, peer| answer_lines(peer));
        let client = TcpClient::connect_with(("localhost", server.address.port()), tcp_options()).unwrap();
        assert_eq!(client.peer_addr(), Ok(server.address));
        assert_eq!(client.local_addr().unwrap().ip(), listening);
        assert_eq!(client.request("hello").as_deref(), Ok("HELLO"));
    }
}
