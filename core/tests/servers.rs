//! Replies: each concurrency with each framing, addresses, handlers, and refused options.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashSet;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

use capsock::{Concurrency, ErrorKind, Framing, HandlerError, Level, Server, Service, Transport, uppercase};
use support::*;

const TEXT: &str = "hello, straße Ελληνικά 😀\n";

#[test]
fn each_concurrency_answers_several_clients_of_each_transport() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        for _ in 0..3 {
            let client = connect(&server);
            for _ in 0..3 {
                ask(&client, TEXT.as_bytes(), &uppercase(TEXT.as_bytes()));
            }
        }
        eventually("all connections are closed", || server.stats().connections_active == 0);
        let stats = server.stats();
        let replies = 9 * uppercase(TEXT.as_bytes()).len() as u64;
        assert_eq!((stats.connections_accepted, stats.bytes_sent), (3, replies), "{concurrency:?}");

        let server = udp(concurrency).start().unwrap();
        for _ in 0..3 {
            let client = udp_peer(server.local_addr());
            for _ in 0..3 {
                assert_eq!(exchange(&client, TEXT.as_bytes()), uppercase(TEXT.as_bytes()), "{concurrency:?}");
            }
        }
        eventually("all datagrams are counted", || server.stats().datagrams_sent == 9);
        assert_eq!((server.stats().requests, server.stats().datagrams_received), (9, 9), "{concurrency:?}");
    }
}

#[test]
fn concurrent_servers_serve_many_at_once_and_an_iterative_one_serves_one() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).start().unwrap();
        let first = connect(&server);
        ask(&first, b"first", b"FIRST");
        let second = connect(&server);
        (&second).write_all(b"second").unwrap();
        if concurrency == Concurrency::Iterative {
            second.set_nonblocking(true).unwrap();
            assert!(second.peek(&mut [0]).is_err(), "the second client waits for the first");
            second.set_nonblocking(false).unwrap();
            drop(first);
            ask(&second, b"", b"SECOND");
        } else {
            ask(&second, b"", b"SECOND");
            ask(&first, b"again", b"AGAIN");
        }
    }
}

#[test]
fn a_large_stream_comes_back_whole_after_the_half_close() {
    let text = "straße, Ελληνικά, 😀 and plain text\n".repeat(40_000);
    for &concurrency in CONCURRENCIES {
        for framing in [Framing::Stream, Framing::Line] {
            let server = tcp(concurrency).framing(framing).start().unwrap();
            let client = connect(&server);
            let reply = std::thread::scope(|scope| {
                let reader = scope.spawn(|| read_to_end(&client));
                (&client).write_all(text.as_bytes()).unwrap();
                client.shutdown(std::net::Shutdown::Write).unwrap();
                reader.join().unwrap()
            });
            assert!(reply == text.to_uppercase().as_bytes(), "{concurrency:?} {framing:?}");
        }
    }
}

#[test]
fn framings() {
    let table: [(Framing, &[u8], &[u8]); 9] = [
        (Framing::Stream, b"", b""),
        (Framing::Stream, b"no newline", b"NO NEWLINE"),
        (Framing::Stream, b"caf\xe9 \xc3", b"CAF\xe9 \xc3"),
        (Framing::Line, b"", b""),
        (Framing::Line, b"a\nb\n\nc\n", b"A\nB\n\nC\n"),
        (Framing::Line, b"last without newline", b"LAST WITHOUT NEWLINE"),
        (Framing::Line, b"nul \0 in the middle\n", b"NUL \0 IN THE MIDDLE\n"),
        (Framing::Once, b"one receive\n", b"ONE RECEIVE\n"),
        (Framing::Once, b"", b""),
    ];
    for &concurrency in CONCURRENCIES {
        for (framing, text, reply) in table {
            let server = tcp(concurrency).framing(framing).start().unwrap();
            let received = ask_to_the_end(&connect(&server), text);
            assert_eq!(
                received.escape_ascii().to_string(),
                reply.escape_ascii().to_string(),
                "{concurrency:?} {framing:?}"
            );
        }
        // The server closes first, as the textbook's does.
        let server = tcp(concurrency).framing(Framing::Once).start().unwrap();
        let client = connect(&server);
        (&client).write_all(b"hello").unwrap();
        assert_eq!(read_to_end(&client), b"HELLO", "{concurrency:?}");
    }
}

#[test]
fn a_client_that_sends_more_than_one_receive_takes_still_gets_its_reply() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).framing(Framing::Once).start().unwrap();
        let client = connect(&server);
        (&client).write_all(&vec![b'a'; 600_000]).unwrap();
        let reply = read_to_end(&client);
        assert!(!reply.is_empty() && reply.iter().all(|byte| *byte == b'A'), "{concurrency:?}");
    }
}

#[test]
fn handlers_answer_lines_and_datagrams() {
    let reverse = |request: &[u8]| request.trim_ascii_end().iter().rev().copied().collect::<Vec<u8>>();
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let server = tcp(concurrency).framing(Framing::Line).handler(reverse).start().unwrap();
        assert_eq!(ask_to_the_end(&connect(&server), b"abc\ndef\n\nlast"), b"cba\nfed\n\ntsal");
        let server = udp(concurrency).handler(reverse).start().unwrap();
        let client = udp_peer(server.local_addr());
        assert_eq!(exchange(&client, b"abc"), b"cba");
        assert_eq!(exchange(&client, b""), b"", "an empty reply is a datagram too");
    }
}

struct Moody;

impl Service for Moody {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        reply.extend_from_slice(b"half a reply");
        match request.trim_ascii() {
            b"fail" => Err(HandlerError("not today".to_owned())),
            b"panic" => panic!("never again"),
            _ => Ok(()),
        }
    }
}

#[test]
fn a_handler_that_fails_costs_its_request_only() {
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        for (request, why) in [("fail", "not today"), ("panic", "never again")] {
            let logged = Arc::new(Mutex::new(Vec::new()));
            let sink = Arc::clone(&logged);
            let log = move |level: Level, line: &str| sink.lock().unwrap().push((level, line.to_owned()));
            let server =
                tcp(concurrency).framing(Framing::Line).handler(Moody).log(log.clone()).start().unwrap();
            let text = format!("fine\n{request}\nnever answered\n");
            assert_eq!(ask_to_the_end(&connect(&server), text.as_bytes()), b"half a reply\n");
            assert_eq!(ask_to_the_end(&connect(&server), b"fine\n"), b"half a reply\n");
            assert_eq!((server.stats().handler_errors, server.stats().requests), (1, 2));

            let server = udp(concurrency).handler(Moody).log(log).start().unwrap();
            let client = udp_peer(server.local_addr());
            client.send(request.as_bytes()).unwrap();
            assert_eq!(exchange(&client, b"fine"), b"half a reply");
            // Another worker may have answered the second request before the first one's failure was logged.
            eventually("both are logged", || logged.lock().unwrap().len() == 2);
            assert_eq!(server.stats().handler_errors, 1);
            let logged = logged.lock().unwrap();
            assert!(
                logged.iter().all(|(level, line)| *level == Level::Error && line.contains(why)),
                "{logged:?}"
            );
        }
    }
}

#[test]
fn a_handler_that_empties_its_buffer_harms_no_other_reply() {
    struct Tidy;
    impl Service for Tidy {
        fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
            reply.clear();
            reply.extend_from_slice(request);
            Ok(())
        }
    }
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let server = tcp(concurrency).framing(Framing::Line).handler(Tidy).start().unwrap();
        assert_eq!(ask_to_the_end(&connect(&server), b"one\ntwo\nthree\n"), b"one\ntwo\nthree\n");
    }
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let echo = |request: &[u8]| request.to_vec();
    let table = [
        (tcp(Concurrency::Events).handler(echo), "framing line, length, delimiter or once"),
        (tcp(Concurrency::Processes).framing(Framing::Line).handler(echo), "threads or events"),
        (udp(Concurrency::Processes).handler(echo), "threads or events"),
        (tcp(Concurrency::Events).max_request(0), "max_request"),
        (udp(Concurrency::Events).workers(1_025), "1025 workers"),
    ];
    for (options, why) in table {
        let error = options.start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn localhost_answers_on_ipv4_and_ipv6_with_one_port() {
    for transport in [Transport::Tcp, Transport::Udp] {
        for &concurrency in CONCURRENCIES {
            for host in ["localhost", ""] {
                let server = capsock::ServerOptions::new(transport, (host, 0))
                    .concurrency(concurrency)
                    .start()
                    .unwrap();
                let ports: HashSet<u16> =
                    server.local_addrs().iter().map(std::net::SocketAddr::port).collect();
                assert_eq!((server.local_addrs().len(), ports.len()), (2, 1), "{:?}", server.local_addrs());
                for ip in ["127.0.0.1", "::1"] {
                    let address = std::net::SocketAddr::new(ip.parse().unwrap(), server.local_addr().port());
                    match transport {
                        Transport::Tcp => {
                            let stream = TcpStream::connect(address).unwrap();
                            stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
                            ask(&stream, b"hello", b"HELLO");
                        }
                        Transport::Udp => assert_eq!(exchange(&udp_peer(address), b"hello"), b"HELLO"),
                    }
                }
            }
        }
    }
}

#[test]
fn a_port_in_use_and_an_address_of_another_machine_say_so() {
    let server = tcp(Concurrency::Events).start().unwrap();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let table = [
        (Server::tcp(server.local_addr()), ErrorKind::AddressInUse),
        (Server::udp(taken.local_addr().unwrap()), ErrorKind::AddressInUse),
        (Server::tcp(("192.0.2.1", 0)), ErrorKind::AddressNotAvailable),
        (Server::udp(("192.0.2.1", 0)), ErrorKind::AddressNotAvailable),
        (Server::tcp(("does-not-exist.invalid", 0)), ErrorKind::NameNotResolved),
    ];
    for (options, kind) in table {
        let error = options.start().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let again = Server::tcp(server.local_addr());
    drop(server);
    again.start().expect("a stopped server's port is free again");
}

#[test]
fn names_and_numbers_of_the_choices() {
    assert_eq!("processes".parse::<Concurrency>().unwrap(), Concurrency::Processes);
    assert_eq!(Concurrency::from_number(3).unwrap(), Concurrency::Events);
    assert_eq!("once".parse::<Framing>().unwrap(), Framing::from_number(2).unwrap());
    assert_eq!("udp".parse::<Transport>().unwrap(), Transport::from_number(1).unwrap());
    for error in [
        "fork".parse::<Concurrency>().unwrap_err(),
        Concurrency::from_number(4).unwrap_err(),
        Framing::from_number(-1).unwrap_err(),
        "TCP".parse::<Transport>().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("is not one of"), "{error}");
    }
}

#[test]
#[cfg_attr(windows, ignore = "the system does not tell whether the server has received a request")]
fn a_client_asks_again_and_again_where_each_reply_ends_the_connection() {
    for &concurrency in CONCURRENCIES {
        let server = tcp(concurrency).framing(Framing::Once).start().unwrap();
        let client = capsock::TcpClient::connect(server.local_addr()).unwrap();
        for number in 0..200 {
            let reply = client.request(&format!("request {number}"));
            assert_eq!(reply.as_deref(), Ok(&*format!("REQUEST {number}")), "{concurrency:?}");
        }
    }
}
