//! How fast and how exact a link is. Ignored: the machine has to be quiet, and the build optimised.
//!
//! `cargo test --release -p capsock-link --test relays -- --ignored --nocapture --test-threads 1`

#![allow(clippy::print_stdout, reason = "what is measured is printed")]

use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use capsock_link::Impairments;

use crate::support::{datagrams, udp, up};

const SECONDS: u64 = 3;

/// The pause after which nothing more is expected.
const SILENCE: Duration = Duration::from_millis(500);

/// Sends so many datagrams of 64 bytes a second, every millisecond a part, each with the time since `start`; returns the
/// times that they took.
fn load(server: UdpSocket, link: std::net::SocketAddr, each_second: u64) -> (u64, Vec<Duration>) {
    let start = Instant::now();
    let receiver = thread::spawn(move || {
        server.set_read_timeout(Some(SILENCE)).unwrap();
        let mut took = Vec::new();
        let mut buffer = [0; 64];
        while server.recv(&mut buffer).is_ok() {
            let sent = u64::from_ne_bytes(buffer[..8].try_into().unwrap());
            took.push(start.elapsed().saturating_sub(Duration::from_nanos(sent)));
        }
        took
    });
    let client = udp();
    client.connect(link).unwrap();
    let mut sent = 0;
    while start.elapsed() < Duration::from_secs(SECONDS) {
        let due = start.elapsed().as_nanos() as u64 * each_second / 1_000_000_000;
        while sent < due {
            let mut payload = [0; 64];
            payload[..8].copy_from_slice(&(start.elapsed().as_nanos() as u64).to_ne_bytes());
            client.send(&payload).unwrap();
            sent += 1;
        }
        thread::sleep(Duration::from_micros(200));
    }
    (sent, receiver.join().unwrap())
}

#[test]
#[ignore = "it measures"]
fn a_hundred_thousand_datagrams_a_second() {
    for each_second in [50_000, 100_000, 150_000, 200_000] {
        let server = udp();
        let link = datagrams(server.local_addr().unwrap(), |_| {});
        let (sent, took) = load(server, link.address, each_second);
        let ended = link.stop();
        let totals = ended.totals.up;
        let each = ended.processor.map(|time| time / u32::try_from(totals.received.max(1)).unwrap());
        println!(
            "{each_second} a second asked: sent {} a second, the link received {} and sent {}, {} arrived; {each:?} of its \
             processor for each",
            sent / SECONDS,
            totals.received / SECONDS,
            totals.sent / SECONDS,
            took.len() as u64 / SECONDS,
        );
        // What the link does not receive in time, the system drops before it, on a busy machine at any rate.
        assert_eq!(totals.received, totals.sent);
        let enough = Duration::from_secs(1) / 100_000;
        assert!(each.is_none_or(|each| each <= enough), "a processor is too slow for 100,000 a second");
    }
}

#[test]
#[ignore = "it measures"]
fn a_delay_is_exact() {
    const DELAY: Duration = Duration::from_millis(40);
    let server = udp();
    let link = datagrams(server.local_addr().unwrap(), |options| {
        options.impairments = up(Impairments { delay: DELAY, ..Impairments::default() });
    });
    let (sent, mut took) = load(server, link.address, 10_000);
    let totals = link.stop().totals.up;
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "10,000 a second, 40 ms asked: sent {sent}, {} arrived, median {:?}, 99 % {:?}, 99.9 % {:?}, most {:?}",
        took.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
    );
    assert_eq!(totals.received, totals.sent);
    assert!(at(0.0) >= DELAY && at(0.99) <= DELAY + Duration::from_millis(2));
}
