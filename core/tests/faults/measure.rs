//! Comparing times on a machine that is busy with other work.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The tests that measure, or take most of what the process may have, one at a time.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURNS: Mutex<()> = Mutex::new(());
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the calling thread to the processors, or has it on the first one that it may use alone. What is compared
/// has to share one: on another one each wake-up waits for whatever runs there. Async-signal-safe.
pub(crate) fn stay_on(processors: Option<&libc::cpu_set_t>) -> std::io::Result<libc::cpu_set_t> {
    // SAFETY: a set is plain data, of the size that is given, and numbers below CPU_SETSIZE are within it.
    unsafe {
        let size = size_of::<libc::cpu_set_t>();
        let (mut before, mut alone): (libc::cpu_set_t, libc::cpu_set_t) = std::mem::zeroed();
        let read = libc::sched_getaffinity(0, size, &raw mut before);
        let first = (0..libc::CPU_SETSIZE as usize).find(|number| libc::CPU_ISSET(*number, &before));
        libc::CPU_SET(first.unwrap_or(0), &mut alone);
        let set = libc::sched_setaffinity(0, size, std::ptr::from_ref(processors.unwrap_or(&alone)));
        if read | set == 0 { Ok(before) } else { Err(std::io::Error::last_os_error()) }
    }
}

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

/// `one` takes less than `times` as long as `other`, where the servers that they ask are on one processor, too.
pub(crate) fn as_fast(what: &str, times: f64, rounds: usize, mut one: impl FnMut(), mut other: impl FnMut()) {
    let mut ratios = Vec::new();
    let before = stay_on(None).unwrap();
    while ratios.len() < ATTEMPTS {
        let (one, other) = medians(rounds, &mut one, &mut other);
        let ratio = one.as_secs_f64() / other.as_secs_f64();
        eprintln!("measured: {what}: {one:?}, otherwise {other:?}: {ratio:.2} times");
        if ratio < times {
            stay_on(Some(&before)).unwrap();
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
