//! Many TCP requests in one call.

use std::io::Read;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use capsock::{Error, ErrorKind, TcpClient, TcpClientOptions};

use crate::tools::{LIMIT, Peer, Serve, TcpServer, answer_lines, tcp_options};

fn client(server: &TcpServer) -> TcpClient {
    TcpClient::connect_with(server.address, tcp_options()).unwrap()
}

fn lines(count: usize, of: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(of).collect()
}

/// Replies to this number of lines.
fn answer_some(peer: &mut Peer, count: usize) {
    for _ in 0..count {
        let line = peer.line();
        peer.say(line.to_uppercase());
    }
}

#[test]
#[cfg_attr(windows, ignore = "a reset discards what has arrived")]
fn servers_of_every_manner_get_what_a_loop_of_requests_gets() {
    let table: &[(&str, Serve, usize)] = &[
        ("it keeps the connection", |_, peer| answer_lines(peer), 1),
        ("it closes after each reply", |_, mut peer| answer_some(&mut peer, 1), 7),
        (
            "it closes instead of sending a newline",
            |_, mut peer| {
                let line = peer.line().to_uppercase();
                peer.say(line.trim_end_matches('\n'));
            },
            7,
        ),
        (
            "it resets the connection after each reply",
            |_, mut peer| {
                answer_some(&mut peer, 1);
                peer.wait_until_delivered();
                peer.reset();
            },
            7,
        ),
        (
            "it answers only what it has asked for one by one, then keeps the connection",
            |number, mut peer| match number {
                0 => answer_some(&mut peer, 1),
                _ => answer_lines(peer),
            },
            2,
        ),
        (
            "it answers in pieces",
            |_, mut peer| {
                for _ in 0..7 {
                    let line = peer.line().to_uppercase();
                    for piece in line.as_bytes().chunks(2) {
                        peer.say(piece);
                        peer.wait_until_delivered();
                    }
                }
                peer.line();
            },
            1,
        ),
        (
            "its last reply ends with the connection",
            |_, mut peer| {
                answer_some(&mut peer, 6);
                let line = peer.line().to_uppercase();
                peer.say(line.trim_end_matches('\n'));
            },
            1,
        ),
        (
            "it takes all lines before it answers any but the first two",
            |_, mut peer| {
                answer_some(&mut peer, 2);
                let rest: Vec<String> = (0..5).map(|_| peer.line()).collect();
                peer.say(rest.concat().to_uppercase());
                peer.line();
            },
            1,
        ),
    ];
    let requests = ["one", "two", "a b\r", "straße", "five", "s", "seven"];
    for (name, serve, connections) in table {
        let server = TcpServer::start(*serve);
        let looping = client(&server);
        let many = client(&server);
        let replies = many.request_many(&requests).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(replies, requests.map(str::to_uppercase), "{name}");
        // The other client has a connection as well.
        assert!(server.accepted() <= connections + 1, "{name}: {}", server.accepted());
        drop(looping);
    }
}

#[test]
fn empty_lines_and_few_lines() {
    let server = TcpServer::uppercase();
    let client = client(&server);
    for count in 0..6 {
        assert_eq!(client.request_many(&vec![""; count]).unwrap(), vec![""; count]);
        let requests = lines(count, |index| format!("number {index}"));
        let expected = lines(count, |index| format!("NUMBER {index}"));
        assert_eq!(client.request_many(&requests).unwrap(), expected);
        assert_eq!(client.request("between").as_deref(), Ok("BETWEEN"));
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn more_than_fits_between_the_two_is_no_deadlock() {
    // The server receives no more until the client receives its replies.
    let server = TcpServer::uppercase_stream();
    let client = client(&server);
    let many = lines(20_000, |index| format!("{index} {}", "x".repeat(index % 1000)));
    let large = lines(9, |index| "abcdefghij".repeat(index * 100_000));
    for requests in [many, large] {
        let replies = client.request_many(&requests).unwrap();
        assert_eq!(replies.len(), requests.len());
        for (request, reply) in requests.iter().zip(&replies) {
            assert!(*reply == request.to_uppercase(), "the reply to {:.20} differs", request);
        }
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_server_that_takes_everything_before_it_answers() {
    let server = TcpServer::start(|_, mut peer| {
        answer_some(&mut peer, 2);
        let taken: Vec<String> = (0..50_000).map(|_| peer.line()).collect();
        peer.say(taken.concat().to_uppercase());
        peer.line();
    });
    let requests = lines(50_002, |index| format!("{index} {}", "x".repeat(100)));
    let replies = client(&server).request_many(&requests).unwrap();
    assert!(replies.iter().zip(&requests).all(|(reply, request)| *reply == request.to_uppercase()));
}

#[test]
fn what_ends_a_pipeline_and_what_it_tells() {
    use ErrorKind::{ConnectionClosed, ConnectionReset, InvalidText, Other, TimedOut, TooLarge};
    let table: &[(&str, Serve, &[ErrorKind], usize)] = &[
        (
            "it closes in the middle",
            |_, mut peer| answer_some(&mut peer, 5),
            &[ConnectionClosed, ConnectionReset],
            5,
        ),
        (
            "it closes with all taken",
            |_, mut peer| {
                answer_some(&mut peer, 5);
                (5..10).for_each(|_| drop(peer.line()));
            },
            &[ConnectionClosed],
            5,
        ),
        (
            "it closes in the middle of a reply that is not the last",
            |_, mut peer| {
                answer_some(&mut peer, 5);
                (5..10).for_each(|_| drop(peer.line()));
                peer.say("HALF");
            },
            &[ConnectionClosed],
            5,
        ),
        (
            "it resets the connection",
            |_, mut peer| {
                answer_some(&mut peer, 6);
                peer.wait_until_delivered();
                peer.reset();
            },
            &[ConnectionReset],
            6,
        ),
        (
            "it goes silent",
            |_, mut peer| {
                answer_some(&mut peer, 4);
                (0..7).for_each(|_| drop(peer.line()));
            },
            &[TimedOut],
            4,
        ),
        (
            "it answers too much",
            |_, mut peer| {
                answer_some(&mut peer, 3);
                (3..10).for_each(|_| drop(peer.line()));
                peer.say("A\n".repeat(8));
                peer.line();
            },
            &[Other],
            10,
        ),
        (
            "a reply is too long",
            |_, mut peer| {
                answer_some(&mut peer, 3);
                peer.say("x".repeat(60));
                peer.line();
            },
            &[TooLarge],
            3,
        ),
        (
            "a reply is not text",
            |_, mut peer| {
                answer_some(&mut peer, 9);
                peer.line();
                peer.say(b"\xff\n");
                peer.line();
            },
            &[InvalidText],
            9,
        ),
    ];
    for (name, serve, kinds, replies) in table {
        let server = TcpServer::start(*serve);
        let silent = kinds.contains(&TimedOut);
        let timeout = Some(if silent { Duration::from_millis(200) } else { LIMIT });
        let options = TcpClientOptions { max_reply: 50, timeout, ..tcp_options() };
        let client = TcpClient::connect_with(server.address, options).unwrap();
        let error = client.request_many(&lines(10, |index| format!("item {index}"))).unwrap_err();
        assert!(kinds.contains(&error.kind()), "{name}: {error:?}");
        if !matches!(error.kind(), InvalidText) {
            // A reset may discard replies.
            let told = (0..=*replies).rev().find(|replies| {
                error
                    .to_string()
                    .contains(&format!("item {replies} of 10, counted from 0; {replies} replies"))
            });
            let exact = !kinds.contains(&ConnectionReset);
            assert!(told.is_some_and(|told| !exact || told == *replies), "{name}: {error}");
            assert!(error.to_string().contains(&server.address.to_string()), "{name}: {error}");
        } else {
            assert!(error.to_string().contains("item 9"), "{name}: {error}");
        }
        assert_eq!(server.accepted(), 1, "{name}: nothing that the server may have taken is sent again");
    }
}

#[test]
fn each_reply_renews_the_time_limit() {
    // Nothing arrives here, so that a receive lasts until its time limit.
    let clock = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    clock.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
    let server = TcpServer::start(move |_, mut peer| {
        for _ in 0..10 {
            let line = peer.line();
            clock.recv(&mut [0]).unwrap_err();
            peer.say(line.to_uppercase());
        }
    });
    let options = TcpClientOptions { timeout: Some(Duration::from_secs(1)), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    let requests = lines(10, |index| format!("item {index}"));
    assert_eq!(client.request_many(&requests).unwrap(), lines(10, |index| format!("ITEM {index}")));
}

#[test]
fn all_lines_are_checked_before_anything_is_sent() {
    let server = TcpServer::start(|_, mut peer| {
        assert_eq!(peer.line(), "after\n");
        peer.say("AFTER\n");
    });
    let client = client(&server);
    let error = client.request_many(&["one", "two", "thr\nee"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("item 2 of 3"), "{error}");
    assert_eq!(client.request_many::<&str>(&[]).unwrap(), [""; 0]);
    assert_eq!(client.request("after").as_deref(), Ok("AFTER"));
}

#[test]
fn an_error_of_the_caller_ends_it_and_the_next_call_gets_its_own_reply() {
    let server = TcpServer::uppercase();
    let client = client(&server);
    let requests = lines(5000, |index| format!("item {index}"));
    for stop_at in [0, 1, 2, 1000, 4999] {
        let mut seen = 0;
        let outcome = client.request_many_with(&requests, |index, reply| {
            assert_eq!((index, reply), (seen, format!("ITEM {index}").as_bytes()));
            if index == stop_at {
                return Err(Error::invalid("go on", "enough"));
            }
            seen += 1;
            Ok(())
        });
        assert_eq!(outcome.unwrap_err(), Error::invalid("go on", "enough"));
        assert_eq!(seen, stop_at);
        assert_eq!(client.request("next").as_deref(), Ok("NEXT"));
    }
}

#[test]
fn closing_ends_it_and_so_it_is_for_a_closed_client() {
    let (taken, wait) = mpsc::channel();
    let taken = Mutex::new(taken);
    let server = TcpServer::start(move |_, mut peer| {
        answer_some(&mut peer, 5);
        peer.line();
        taken.lock().unwrap().send(()).unwrap();
        let mut rest = Vec::new();
        peer.stream.read_to_end(&mut rest).unwrap_or_default();
    });
    let client =
        TcpClient::connect_with(server.address, TcpClientOptions { timeout: None, ..tcp_options() }).unwrap();
    thread::scope(|scope| {
        let asking = scope.spawn(|| client.request_many(&["x"; 10]).unwrap_err());
        wait.recv_timeout(LIMIT).unwrap();
        client.close();
        let error = asking.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(error.to_string().contains("of 10, counted from 0"), "{error}");
    });
    assert_eq!(client.request_many(&["x"]).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.request_many::<&str>(&[]).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn threads_take_turns_with_whole_calls() {
    let server = TcpServer::uppercase();
    let client = client(&server);
    thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let client = &client;
            scope.spawn(move || {
                let requests = lines(500, |index| format!("{name} {index}"));
                for _ in 0..5 {
                    let replies = client.request_many(&requests).unwrap();
                    assert!(replies.iter().zip(&requests).all(|(a, b)| *a == b.to_uppercase()));
                }
            });
        }
    });
    assert_eq!(server.accepted(), 1);
}
