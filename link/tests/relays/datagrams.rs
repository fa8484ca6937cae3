//! UDP.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use capsock_link::{Direction, Event, Fates, Impairment, Impairments};

use crate::support::{Ended, Running, TIMEOUT, datagrams, receive, udp, up};

fn impairments(words: &str) -> Impairments {
    let mut all = Impairments::default();
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        match name {
            "loss" => all.loss = value.parse().unwrap(),
            "drop" => all.drop = value.parse().unwrap(),
            "duplicate" => all.duplicate = value.parse().unwrap(),
            "reorder" => all.reorder = value.parse().unwrap(),
            "corrupt" => all.corrupt = value.parse().unwrap(),
            "delay" => all.delay = value.parse::<capsock_link::Delay>().unwrap().0,
            "jitter" => all.jitter = value.parse::<capsock_link::Delay>().unwrap().0,
            "rate" => all.rate = value.parse().ok(),
            _ => panic!("{name}"),
        }
    }
    all
}

/// The payloads that a server receives of 20 datagrams `1` to `20` from one client.
fn passed(all: &Impairments) -> (Vec<Vec<u8>>, Ended, Vec<Event>) {
    const COUNT: u8 = 20;
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |options| options.impairments = up(all.clone()));
    let client = udp();
    client.connect(link.address).unwrap();
    for number in 1..=COUNT {
        client.send(&[number]).unwrap();
    }
    let fates = Fates::new(7, Direction::Up, all.clone());
    let fates: Vec<_> = (1..=u64::from(COUNT)).map(|number| fates.of(number)).collect();
    let copies = fates.iter().filter(|fate| !fate.lost).map(|fate| 1 + usize::from(fate.duplicated)).sum();
    let received = (0..copies).map(|_| receive(&server).0).collect();
    let events = link.events.try_iter().collect();
    (received, link.stop(), events)
}

/// Each row: the impairments, and what arrives with seed 7, byte for byte. The fates are those that
/// `fate.rs: the_fates_of_a_seed_stay_what_they_are` has.
#[test]
fn what_arrives_is_what_the_seed_says() {
    let all: Vec<u8> = (1..=20).collect();
    let without =
        |lost: &[u8]| all.iter().copied().filter(|number| !lost.contains(number)).collect::<Vec<_>>();
    let twice = [8, 9, 10, 15, 18, 20];
    let table: [(&str, Vec<u8>); 5] = [
        ("", all.clone()),
        ("loss=30%", without(&[6, 10, 13, 14])),
        ("drop=2,5,18-", without(&[2, 5, 18, 19, 20])),
        (
            "duplicate=20%",
            all.iter()
                .flat_map(|number| [*number; 2].into_iter().take(if twice.contains(number) { 2 } else { 1 }))
                .collect(),
        ),
        ("delay=30ms", all.clone()),
    ];
    for (words, expected) in table {
        let impaired = impairments(words);
        let (received, ended, _) = passed(&impaired);
        let received: Vec<u8> = received.into_iter().map(|payload| payload[0]).collect();
        assert_eq!(received, expected, "{words}");
        let totals = ended.totals.up;
        assert_eq!((totals.received, totals.sent), (20, expected.len() as u64), "{words}");
    }
}

#[test]
fn the_same_seed_gives_the_same_fates() {
    let all = impairments("loss=20% duplicate=20% corrupt=20% reorder=20%");
    let ((first, ended, events), (second, again, told_again)) = (passed(&all), passed(&all));
    assert_eq!(first, second);
    assert_eq!((ended.totals, &events), (again.totals, &told_again));
    let totals = ended.totals.up;
    assert_eq!(totals.received + totals.duplicated, totals.sent + totals.lost);
    assert!(
        totals.lost > 0 && totals.duplicated > 0 && totals.corrupted > 0 && totals.reordered > 0,
        "{totals:?}"
    );
    let lost = |event: &&Event| matches!(event, Event::Impaired { impairment: Impairment::Lost, .. });
    assert_eq!(events.iter().filter(lost).count() as u64, totals.lost);
}

#[test]
fn a_corrupted_datagram_differs_in_one_bit() {
    let (received, ..) = passed(&impairments("corrupt=100%"));
    let bits: Vec<_> = received.iter().zip(1_u8..).map(|(got, sent)| (got[0] ^ sent).count_ones()).collect();
    assert_eq!(bits, [1; 20]);
}

fn echo(server: &std::net::UdpSocket, count: usize) {
    for _ in 0..count {
        let (payload, source) = receive(server);
        server.send_to(&payload, source).unwrap();
    }
}

#[test]
fn a_reply_returns_to_the_client_that_it_is_for() {
    let server = udp();
    let link =
        datagrams(server.local_addr().unwrap(), |options| options.impairments = up(impairments("delay=5ms")));
    let clients: Vec<_> = (0..30_u8).map(|_| udp()).collect();
    for (client, number) in clients.iter().zip(0_u8..) {
        client.send_to(&[number], link.address).unwrap();
    }
    echo(&server, clients.len());
    for (client, number) in clients.iter().zip(0_u8..) {
        assert_eq!(receive(client), (vec![number], link.address));
    }
    let ended = link.stop();
    assert_eq!((ended.clients, ended.totals.up.sent, ended.totals.down.sent), (30, 30, 30));
}

#[test]
fn each_direction_has_its_own_impairments_and_numbers() {
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |options| {
        options.impairments.up = impairments("drop=1");
        options.impairments.down = impairments("drop=2");
    });
    let client = udp();
    for number in 1..=4 {
        client.send_to(&[number], link.address).unwrap();
    }
    echo(&server, 3);
    assert_eq!([receive(&client).0, receive(&client).0], [[2], [4]]);
    let ended = link.stop();
    assert_eq!((ended.totals.up.lost, ended.totals.down.lost), (1, 1));
}

#[test]
fn datagrams_of_every_length_pass() {
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |_| {});
    let client = udp();
    for length in [0, 1, 1472, 9000, 65_507] {
        let payload: Vec<u8> = (0..length).map(|place| place as u8).collect();
        client.send_to(&payload, link.address).unwrap();
        assert!(receive(&server).0 == payload, "{length}");
    }
    let _ = link.stop();
}

/// A flood with a long delay fills the queue and no more.
#[test]
fn what_is_held_is_bounded() {
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |options| {
        options.impairments.up = impairments("delay=600s");
        options.queue = 100;
    });
    let client = udp();
    client.connect(link.address).unwrap();
    let mut overflowed = 0;
    // The kernel may drop some of a burst, so it goes on until the link has seen enough.
    let deadline = Instant::now() + TIMEOUT;
    while overflowed < 1000 {
        assert!(Instant::now() < deadline);
        client.send(&[0; 1000]).unwrap();
        overflowed += link.events.try_iter().count();
    }
    let ended = link.stop();
    let totals = ended.totals.up;
    assert_eq!((ended.held.up, totals.sent), (100, 0));
    assert_eq!(totals.received, 100 + totals.overflowed);
}

#[test]
fn a_client_too_many_takes_the_place_of_the_one_that_was_idle_longest() {
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |options| options.max_clients = 2);
    let clients = [udp(), udp(), udp()];
    let mut sources = HashMap::new();
    for (client, number) in clients.iter().zip(0_u8..) {
        client.send_to(&[number], link.address).unwrap();
        sources.insert(number, receive(&server).1);
    }
    // The first is forgotten: its reply has no way back, the others' have.
    for number in 0..3 {
        server.send_to(&[number], sources[&number]).unwrap();
    }
    assert_eq!((receive(&clients[1]).0, receive(&clients[2]).0), (vec![1], vec![2]));
    assert_eq!(link.events.try_iter().collect::<Vec<_>>(), [Event::TooMany { most: 2 }]);
    assert_eq!(link.stop().clients, 2);
}

#[test]
fn an_idle_client_is_forgotten_but_not_before_what_is_held_for_it() {
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |options| {
        options.idle_timeout = Duration::from_millis(1);
        options.impairments.up = impairments("delay=300ms");
    });
    udp().send_to(b"late", link.address).unwrap();
    let (payload, source) = receive(&server);
    assert_eq!(payload, b"late");
    // Its socket is closed in the end, so that a reply is refused.
    let deadline = Instant::now() + TIMEOUT;
    server.connect(source).unwrap();
    while server.send(b"reply").is_ok() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(250)); // longer than the link's interval between two looks
    }
    assert_eq!(link.stop().clients, 0);
}

#[test]
fn a_server_that_is_not_there_is_told_once_and_counted() {
    // It receives from itself alone: others are refused.
    let held = udp();
    let gone = held.local_addr().unwrap();
    held.connect(gone).unwrap();
    let link: Running<Ended> = datagrams(gone, |_| {});
    let client = udp();
    let event = loop {
        client.send_to(b"hello", link.address).unwrap();
        match link.events.recv_timeout(Duration::from_millis(20)) {
            Ok(event) => break event,
            Err(_) => continue,
        }
    };
    assert_eq!(event, Event::DatagramRefused { server: gone });
    for _ in 0..10 {
        client.send_to(b"hello", link.address).unwrap();
    }
    let rest = link.events.recv_timeout(Duration::from_millis(100)).ok();
    let ended = link.stop();
    assert_eq!(rest, None);
    assert!(ended.refused >= 1, "{}", ended.refused);
}

#[test]
fn a_link_to_itself_is_refused() {
    let options = |address: std::net::SocketAddr| capsock_link::DatagramOptions {
        listen: address.into(),
        to: address.into(),
        seed: 0,
        impairments: capsock_link::PerDirection::default(),
        queue: 1,
        max_clients: 1,
        idle_timeout: TIMEOUT,
    };
    // Another program may take the port before the link does.
    let error = loop {
        let address = udp().local_addr().unwrap();
        match capsock_link::DatagramLink::bind(&options(address)).unwrap_err() {
            error if error.kind() == capsock::ErrorKind::AddressInUse => {}
            error => break error,
        }
    };
    assert!(error.to_string().contains("it is the link's own address"), "{error}");
}
