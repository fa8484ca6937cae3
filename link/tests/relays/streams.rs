//! TCP.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use capsock_link::{Delay, Event, PerDirection, StreamImpairments};

use crate::support::{TIMEOUT, client, connect, listener, streams};

fn impairments(words: &str) -> StreamImpairments {
    let mut all = StreamImpairments::default();
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        match name {
            "delay" => all.delay = value.parse::<Delay>().unwrap().0,
            "jitter" => all.jitter = value.parse::<Delay>().unwrap().0,
            "rate" => all.rate = value.parse().ok(),
            "cut" => all.cut = value.parse().ok(),
            "reset" => all.reset = value.parse().ok(),
            "segment" => all.segment = value.parse().ok(),
            _ => panic!("{name}"),
        }
    }
    all
}

fn both(words: &str) -> PerDirection<StreamImpairments> {
    PerDirection::of(|_| impairments(words))
}

fn up(words: &str) -> PerDirection<StreamImpairments> {
    PerDirection { up: impairments(words), down: StreamImpairments::default() }
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 + place / 251) as u8).collect()
}

/// Sends each way at once, and closes each way by itself: bytes, order and ends are unaltered.
#[test]
fn no_impairment_alters_the_bytes() {
    for (words, length) in [
        ("", 3_000_000),
        ("delay=20ms", 300_000),
        ("delay=5ms jitter=5ms", 300_000),
        ("rate=80mbit", 300_000),
        ("segment=1000", 50_000),
        ("delay=3ms jitter=2ms rate=80mbit segment=777", 50_000),
    ] {
        let (listener, address) = listener();
        let link = streams(address, both(words), 10);
        let (client, server) = connect(link.address, &listener);
        let payload = bytes(length);
        let ends = [client, server].map(|mut stream| {
            let (mut sender, payload) = (stream.try_clone().unwrap(), payload.clone());
            let sends = thread::spawn(move || {
                sender.write_all(&payload).unwrap();
                sender.shutdown(Shutdown::Write).unwrap();
            });
            let receives = thread::spawn(move || {
                let mut received = Vec::new();
                stream.read_to_end(&mut received).unwrap();
                received
            });
            (sends, receives)
        });
        for (sends, receives) in ends {
            sends.join().unwrap();
            assert!(receives.join().unwrap() == payload, "{words}");
        }
        let totals = link.stop();
        let (up, down) = (totals.directions.up, totals.directions.down);
        assert_eq!([up.received, up.sent, down.received, down.sent], [length as u64; 4], "{words}");
    }
}

#[test]
fn a_half_close_passes_and_the_other_direction_goes_on() {
    let (listener, address) = listener();
    let link = streams(address, both("delay=10ms"), 10);
    let (mut client, mut server) = connect(link.address, &listener);
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).unwrap();
    server.write_all(b"answer").unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!((question.as_str(), answer.as_str()), ("question", "answer"));
    let _ = link.stop();
}

#[test]
fn a_cut_passes_so_many_bytes_and_then_the_end_both_ways() {
    let (listener, address) = listener();
    let link = streams(address, up("cut=5"), 10);
    let (mut client, mut server) = connect(link.address, &listener);
    client.write_all(b"hello world").unwrap();
    let start = Instant::now();
    let mut received = Vec::new();
    server.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"hello");
    assert_eq!(client.read(&mut [0]).unwrap(), 0, "an end, not a reset");
    assert!(start.elapsed() < Duration::from_secs(4), "before the link closes what its ends do not");
    let client = client.local_addr().unwrap();
    let event = link.events.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(
        event,
        Event::Ended { direction: capsock_link::Direction::Up, client, bytes: 5, reset: false }
    );
    assert_eq!(link.stop().directions.up.cut, 1);
}

#[test]
fn a_reset_passes_so_many_bytes_and_then_resets_both_ends() {
    let (listener, address) = listener();
    let link =
        streams(address, PerDirection { up: StreamImpairments::default(), down: impairments("reset=3") }, 10);
    let (mut client, mut server) = connect(link.address, &listener);
    server.write_all(b"hello").unwrap();
    let mut received = [0; 3];
    client.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"hel");
    for end in [&mut client, &mut server] {
        assert_eq!(end.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(link.stop().directions.down.reset, 1);
}

#[test]
fn a_reset_of_an_end_is_passed_on() {
    let (listener, address) = listener();
    let link = streams(address, both(""), 10);
    let (mut client, server) = connect(link.address, &listener);
    client.write_all(b"unread").unwrap();
    // A close with unread data is a reset.
    server.peek(&mut [0; 6]).unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let _ = link.stop();
}

#[test]
fn a_delay_is_as_long_as_asked_and_a_rate_as_fast() {
    for (words, least) in [("delay=50ms", 50), ("rate=1mbit", 80), ("rate=1mbit delay=30ms", 110)] {
        let (listener, address) = listener();
        let link = streams(address, up(words), 10);
        let (mut client, mut server) = connect(link.address, &listener);
        let start = Instant::now();
        client.write_all(&bytes(10_000)).unwrap();
        server.read_exact(&mut [0; 10_000]).unwrap();
        let took = start.elapsed().as_millis();
        assert!(took >= least, "{words}: {took} ms");
        let _ = link.stop();
    }
}

#[test]
fn each_segment_is_received_by_itself() {
    let (listener, address) = listener();
    let link = streams(address, up("segment=4"), 10);
    let (mut client, mut server) = connect(link.address, &listener);
    client.write_all(b"hello world!").unwrap();
    let mut received = Vec::new();
    while received.len() < 12 {
        let mut buffer = [0; 100];
        let count = server.read(&mut buffer).unwrap();
        received.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(received, b"hello world!");
    let _ = link.stop();
}

/// A receiver that does not read stops its sender: the link holds a bounded number of bytes.
#[test]
fn a_sender_waits_for_its_receiver() {
    let (listener, address) = listener();
    let link = streams(address, up("delay=600s"), 10);
    let (mut client, _server) = connect(link.address, &listener);
    client.set_nonblocking(true).unwrap();
    let (mut sent, mut last) = (0_usize, Instant::now());
    // It is full once nothing has been taken for a while.
    while last.elapsed().as_millis() < 300 {
        match client.write(&[0; 65_536]) {
            Ok(count) => (sent, last) = (sent + count, Instant::now()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        thread::yield_now();
    }
    let received = link.stop().directions.up.received;
    assert!((400 << 10..=512 << 10).contains(&received), "{received} of {sent}");
}

#[test]
fn a_client_without_a_server_is_reset() {
    // Bound, and not listening.
    let held = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    held.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = held.local_addr().unwrap().as_socket().unwrap();
    let link = streams(address, both(""), 10);
    let error = client(link.address).read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let event = link.events.recv_timeout(TIMEOUT).unwrap();
    let Event::ConnectFailed { error } = event else { panic!("{event:?}") };
    assert!(
        error.to_string().contains(&format!("could not connect to {address}: Connection refused")),
        "{error}"
    );
    assert_eq!(link.stop().failed, 1);
}

#[test]
fn a_connection_too_many_is_reset_and_there_is_room_after_one_has_ended() {
    let (listener, address) = listener();
    let link = streams(address, both(""), 1);
    let (first, server) = connect(link.address, &listener);
    assert_eq!(client(link.address).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(link.events.recv_timeout(TIMEOUT).unwrap(), Event::TooMany { most: 1 });
    drop((first, server));
    let deadline = Instant::now() + TIMEOUT;
    // Until the link has seen both ends, a client is still one too many.
    let mut kept = Vec::new();
    while listener.accept().is_err() {
        assert!(Instant::now() < deadline);
        let mut next = client(link.address);
        next.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let _ = next.read(&mut [0]);
        kept.push(next);
    }
    let _ = link.stop();
}
