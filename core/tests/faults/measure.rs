//! Times beside each other, on a machine that has other work too.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How often a comparison that another program may have disturbed is made again.
const ATTEMPTS: usize = 5;

/// The medians of two calls' times. They take turns, so that both meet the same machine.
fn medians(rounds: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (Duration, Duration) {
    let time = |call: &mut dyn FnMut()| {
        let begin = Instant::now();
        call();
        begin.elapsed()
    };
    let (mut ones, mut others): (Vec<_>, Vec<_>) =
        (0..rounds).map(|_| (time(&mut one), time(&mut other))).unzip();
    ones.sort_unstable();
    others.sort_unstable();
    (ones[rounds / 2], others[rounds / 2])
}

/// `one` takes less than `times` as long as `other`.
pub(crate) fn as_fast(what: &str, times: f64, rounds: usize, mut one: impl FnMut(), mut other: impl FnMut()) {
    let mut ratios = Vec::new();
    while ratios.len() < ATTEMPTS {
        let (one, other) = medians(rounds, &mut one, &mut other);
        let ratio = one.as_secs_f64() / other.as_secs_f64();
        eprintln!("measured: {what}: {one:?}, otherwise {other:?}: {ratio:.2} times");
        if ratio < times {
            return;
        }
        ratios.push(ratio);
    }
    panic!("{what}: {ratios:?} times as long");
}

/// A request of a few bytes and its reply.
pub(crate) fn ask(mut stream: &TcpStream) {
    stream.write_all(b"hello\n").unwrap();
    let mut reply = [0; 6];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HELLO\n");
}
