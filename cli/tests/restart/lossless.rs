//! Restarts under load: each request is accounted for, and none is lost.

use std::env;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::generations::{Generations, eventually};
use crate::load::{Load, Way};

/// A number from the environment, for a run that is longer than that of a test.
fn number(name: &str, default: u32) -> u32 {
    env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// Restarts the server so often while clients ask at a rate, and returns a line for a table.
fn restart_under_load(concurrency: &str, way: Way, restarts: u32, rate: u32) -> String {
    let transport = if way == Way::Datagrams { "udp --workers 2" } else { "tcp --framing line --workers 2" };
    let program = env!("CARGO_BIN_EXE_capsock");
    let words = format!("{transport} --concurrency {concurrency} --drain-timeout inf --backlog 4096");
    let words = if way == Way::Datagrams { words.replace(" --backlog 4096", "") } else { words };
    let mut server = Generations::start(program, &words);
    let pause = Duration::from_millis(number("RESTART_PAUSE_MS", 20).into());
    let load = Load::start(server.port, way, if concurrency == "iterative" { 4 } else { 16 }, rate);
    for restart in 0..restarts {
        let before = load.answered();
        eventually("clients are answered", || load.answered() > before + 100);
        thread::sleep(pause);
        server.restart();
        assert!(load.account.lost.lock().unwrap().is_empty(), "restart {restart}");
    }
    let before = load.answered();
    eventually("the last one answers", || load.answered() > before + 100);
    let account = std::sync::Arc::clone(&load.account);
    let (answered, time, lost) = load.end();
    let (stopped, status) = server.end();

    let first = lost.iter().take(5).collect::<Vec<_>>();
    assert!(lost.is_empty(), "{concurrency}, {way:?}: {} of {answered} lost: {first:?}", lost.len());
    assert_eq!(status.code(), Some(0), "the first one was replaced");
    assert_eq!(stopped.len() as u32, restarts + 1);
    let sum = |name: &str| stopped.iter().map(|one| one[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("completed"), sum("cut")), (answered, 0), "{concurrency}, {way:?}");
    // Connections that are kept may all be those of earlier ones.
    let kept = matches!(way, Way::Kept(_));
    assert!(kept || stopped.iter().all(|one| one["completed"].as_u64() > Some(0)), "each has served");
    let connections = account.connections.load(Ordering::Relaxed);
    let slowest = account.slowest.load(Ordering::Relaxed) as f64 / 1e3;
    let rate = answered as f64 / time.as_secs_f64();
    let way = format!("{way:?}");
    format!(
        "{concurrency:<10} {way:<12} {restarts:>8} {answered:>10} {connections:>11} {rate:>10.0} {slowest:>10.1} {:>5}",
        lost.len()
    )
}

const TITLES: &str = "server     clients      restarts   requests connections requests/s slowest ms  lost";

#[test]
fn nothing_is_lost_on_kept_connections() {
    for concurrency in ["events", "threads", "processes"] {
        println!("{}", restart_under_load(concurrency, Way::Kept(50), 4, 3000));
    }
    println!("{}", restart_under_load("iterative", Way::Kept(10), 4, 1000));
}

#[test]
fn nothing_is_lost_on_connections_of_one_request() {
    for concurrency in ["events", "threads", "iterative"] {
        println!("{}", restart_under_load(concurrency, Way::Each, 4, 1500));
    }
    println!("{}", restart_under_load("processes", Way::Each, 4, 300));
}

#[test]
fn nothing_is_lost_of_datagrams() {
    for concurrency in ["events", "threads", "iterative", "processes"] {
        println!("{}", restart_under_load(concurrency, Way::Datagrams, 4, 3000));
    }
}

/// The long one: `scripts/restarts`.
#[test]
#[ignore = "scripts/restarts runs it"]
fn many_restarts_at_a_high_rate() {
    let (restarts, rate) = (number("RESTARTS", 20), number("RESTART_RATE", 20_000));
    let concurrency = env::var("RESTART_CONCURRENCY").unwrap_or_else(|_| "events,threads".to_owned());
    println!("{TITLES}");
    for concurrency in concurrency.split(',') {
        for way in [Way::Kept(1000), Way::Each, Way::Datagrams] {
            println!("{}", restart_under_load(concurrency, way, restarts, rate));
        }
    }
}
