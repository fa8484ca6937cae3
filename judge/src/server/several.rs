//! Probes with several clients.

use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use capsock::uppercase;

use crate::proc;
use crate::recorder::Recorder;
use crate::stop::{Seen, Stop, fail};
use crate::watch::Watch;
use crate::wire::{Connection, Peer};
use crate::words::seconds;

use super::trial::{Trial, line};

/// The clients of `many`.
const CLIENTS: usize = 50;
/// What each of them waits, as a multiple of the patience: an iterative server serves the others before.
const LONGER: u32 = 6;
/// A server that serves several at once has passed `silent-client` if it does so in one of these attempts: the machine may
/// have stood still in another.
const ATTEMPTS: usize = 3;

pub(super) fn two_clients(trial: &Trial<'_>) -> Seen {
    let texts = ["first", "other"];
    if trial.tcp() {
        for text in texts.into_iter().chain(texts) {
            trial.ask(text)?;
        }
    } else {
        let peers = [trial.peer()?, trial.peer()?];
        for order in [[0, 1], [1, 0]] {
            for one in order {
                peers[one].send(texts[one].as_bytes(), trial.target)?;
            }
            for one in [0, 1] {
                peers[one].reply(&uppercase(texts[one].as_bytes()), trial.target)?;
            }
        }
    }
    Ok("each gets its own reply".to_owned())
}

pub(super) fn silent_client(trial: &Trial<'_>) -> Seen {
    if trial.options.iterative {
        return Err(Stop::NotApplicable("the server may be iterative (--iterative)".to_owned()));
    }
    for _ in 0..ATTEMPTS {
        trial.record.forget();
        if trial.serves_beside_a_silent_one()? {
            return Ok(format!("another client is served within {}", seconds(trial.silence())));
        }
    }
    fail(format!("while one client said nothing, another got no reply within {}", seconds(trial.silence())))
}

/// Fifty clients at once. A connection is opened once the server has accepted the ones before, so that a short backlog is no
/// failure: beyond it the kernel drops segments, which come again much later. A server that serves several
/// clients at once gets the requests when all are connected, another one gets each as it comes.
pub(super) fn many(trial: &Trial<'_>) -> Seen {
    let watch = Watch { patience: trial.watch.patience * LONGER, ..trial.watch };
    let patience = trial.watch.patience;
    let (tcp, closes, target) = (trial.tcp(), trial.known.closes.get(), trial.target);
    let together = !tcp || trial.concurrent()?;
    trial.record.forget();
    let barrier = Barrier::new(CLIENTS);
    let opening = Mutex::new(());
    let client = |number: usize| {
        let text = format!("client number {number:02}");
        let expected = uppercase(text.as_bytes());
        let record = Recorder::new();
        let begin = || {
            if together {
                barrier.wait();
            }
        };
        let exchange = || {
            if !tcp {
                let peer = Peer::open(&watch, &record, target);
                begin();
                let peer = peer?;
                peer.send(text.as_bytes(), target)?;
                return peer.reply(&expected, target).map(drop);
            }
            let one_by_one = opening.lock().unwrap_or_else(PoisonError::into_inner);
            let accepted = || proc::queued(target.port()).unwrap_or(0) == 0;
            let connection =
                watch.until(patience, accepted).and_then(|_| Connection::open(&watch, &record, target));
            let mut connection = if together {
                drop(one_by_one);
                begin();
                let mut connection = connection?;
                connection.send(&line(&text))?;
                connection
            } else {
                let mut connection = connection?;
                connection.send(&line(&text))?;
                drop(one_by_one);
                connection
            };
            connection.reply(&expected)?;
            connection.finish(closes).map(drop)
        };
        exchange().map_err(|stop| (stop, record.clone()))
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let client = &client;
        let threads: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || client(number))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let served = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    match outcomes.into_iter().find_map(Result::err) {
        None if served == CLIENTS => Ok(format!("{CLIENTS} clients at once get a reply each")),
        None => fail("the judge could not run its clients"),
        Some((Stop::Fail(seen), record)) => {
            trial.record.take(&record);
            fail(format!("{served} of {CLIENTS} clients got their reply; of another: {seen}"))
        }
        Some((stop, _)) => Err(stop),
    }
}
