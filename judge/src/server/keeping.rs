//! The probe of what many requests leave behind.

use std::time::{Duration, Instant};

use crate::proc::Usage;
use crate::stop::{Seen, Stop, fail};
use crate::words::grouped;

use super::trial::{Trial, line};

const WARM_UP: usize = 100;
const REQUESTS: usize = 2000;
/// The requests of a connection, if the server answers several.
const OF_ONE: usize = 20;
/// What may be more than before: a runtime starts threads and opens files when it sees fit.
const TOLERATED: usize = 10;
/// The memory by which 2,000 requests may let a server grow, in bytes: 2 KiB each.
const GROWTH: u64 = 4 << 20;
/// A runtime with a garbage collector grows until it collects: memory leaks if each of so many rounds lets it grow.
const ROUNDS: usize = 20;
/// What fewer rounds show, on a machine where these take longer than the time.
const ENOUGH: usize = 4;
const TIME: Duration = Duration::from_secs(60);

pub(super) fn keeps_well(trial: &Trial<'_>) -> Seen {
    let several = trial.tcp() && trial.several()?;
    ask(trial, several, WARM_UP)?;
    let usage = || trial.watch.submission.usage();
    let before = usage();
    let begin = Instant::now();
    let mut memory = before.map_or(0, |usage| usage.memory);
    for round in 1..=ROUNDS {
        ask(trial, several, REQUESTS)?;
        let Some(before) = before else {
            return Ok(format!(
                "{} requests were answered; this system does not tell more",
                grouped(REQUESTS)
            ));
        };
        released(trial, before)?;
        let now = usage().map_or(0, |usage| usage.memory);
        if now <= memory + GROWTH {
            break;
        }
        memory = now;
        if round == ROUNDS || round >= ENOUGH && begin.elapsed() > TIME {
            let mib = |bytes: u64| grouped((bytes >> 20) as usize);
            return fail(format!(
                "{} requests let the memory grow from {} to {} MiB, and each {} of them by more than {} MiB",
                grouped(round * REQUESTS),
                mib(before.memory),
                mib(now),
                grouped(REQUESTS),
                mib(GROWTH)
            ));
        }
    }
    Ok(format!("{} requests leave nothing behind", grouped(REQUESTS)))
}

/// Fails if descriptors, threads or processes are left.
fn released(trial: &Trial<'_>, before: Usage) -> Result<(), Stop> {
    let held = |usage: Usage| {
        [
            ("descriptors", usage.descriptors),
            ("threads", usage.threads),
            ("processes, zombies among them", usage.processes),
        ]
    };
    let now = || trial.watch.submission.usage().unwrap_or(before);
    let more = |now: Usage| {
        let pairs = held(before).into_iter().zip(held(now));
        pairs
            .map(|((what, before), (_, now))| (what, before, now))
            .find(|(_, old, new)| *new > old + TOLERATED)
    };
    if trial.watch.until(trial.watch.patience / 2, || more(now()).is_none())? {
        return Ok(());
    }
    let Some((what, old, new)) = more(now()) else { return Ok(()) };
    let count = grouped(REQUESTS);
    fail(format!("{count} requests later it has {} {what} instead of {}", grouped(new), grouped(old)))
}

fn ask(trial: &Trial<'_>, several: bool, requests: usize) -> Result<(), Stop> {
    if !several {
        return (0..requests).try_for_each(|_| trial.ask_anew("keep well"));
    }
    for _ in 0..requests / OF_ONE {
        trial.record.forget();
        let mut connection = trial.open()?;
        for _ in 0..OF_ONE {
            connection.send(&line("keep well"))?;
            connection.reply(b"KEEP WELL")?;
        }
        trial.finish(connection)?;
    }
    Ok(())
}
