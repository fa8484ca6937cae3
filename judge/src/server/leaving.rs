//! Probes of clients that go away.

use std::time::Duration;

use crate::proc::Usage;
use crate::stop::{Seen, Stop, fail};
use crate::words::{counted, seconds};

use super::trial::Trial;

/// How many clients leave.
const CLIENTS: usize = 20;
/// Descriptors beyond those before that are no leak: a runtime may have opened files.
const TOLERATED: usize = CLIENTS / 2;
/// A server that waits uses no processor time; one that uses more than so much in each of these times spins.
const QUIET: Duration = Duration::from_millis(500);
const LOOKS: usize = 10;
/// In hundredths of a second.
const USED: u64 = 2;

/// Clients that close: with requests whose replies nobody waits for, in the middle of a request, after the reply. The first
/// reply to a closed connection brings a reset, and the next one SIGPIPE.
pub(super) fn leaves(trial: &Trial<'_>) -> Seen {
    without_harm(trial, |number| {
        let mut connection = trial.open()?;
        match number % 3 {
            0 => connection.send(b"nobody\nwaits\nfor this\n")?,
            1 => connection.send(b"half a requ")?,
            _ => {
                connection.send(b"hello\n")?;
                connection.reply(b"HELLO")?;
                trial.finish(connection)?;
            }
        }
        Ok(())
    })
}

/// Clients that reset: a server that receives gets ECONNRESET, without a request before, behind one, after the reply.
pub(super) fn reset(trial: &Trial<'_>) -> Seen {
    without_harm(trial, |number| {
        let mut connection = trial.open()?;
        match number % 3 {
            0 => {}
            1 => connection.send(b"nobody waits for this\n")?,
            _ => {
                connection.send(b"hello\n")?;
                connection.reply(b"HELLO")?;
            }
        }
        connection.reset();
        Ok(())
    })
}

/// Clients that send their last request and the end of the stream at once.
pub(super) fn half_close(trial: &Trial<'_>) -> Seen {
    without_harm(trial, |_| {
        let mut connection = trial.open()?;
        connection.send_last(b"hello\n")?;
        connection.reply(b"HELLO")?;
        trial.finish(connection)
    })
}

fn without_harm(trial: &Trial<'_>, client: impl Fn(usize) -> Result<(), Stop>) -> Seen {
    trial.ask("before")?;
    let before = trial.watch.submission.usage();
    for number in 0..CLIENTS {
        trial.record.forget();
        client(number)?;
        trial.watch.look()?;
    }
    trial.ask("after")?;
    let Some(before) = before else {
        return Ok(format!("{CLIENTS} such clients do no harm"));
    };
    released(trial, before)?;
    quiet(trial)?;
    Ok(format!("{CLIENTS} such clients do no harm and leave nothing behind"))
}

/// Fails if descriptors are left.
fn released(trial: &Trial<'_>, before: Usage) -> Result<(), Stop> {
    let now = || trial.watch.submission.usage().map_or(0, |usage| usage.descriptors);
    let limit = trial.watch.patience / 2;
    if trial.watch.until(limit, || now() <= before.descriptors + TOLERATED)? {
        return Ok(());
    }
    let left = now().saturating_sub(before.descriptors);
    fail(format!(
        "{} after {CLIENTS} clients have gone, {} are left open",
        seconds(limit),
        counted(left, "descriptor")
    ))
}

/// Fails if the server uses processor time though nobody asks.
fn quiet(trial: &Trial<'_>) -> Result<(), Stop> {
    let used = || trial.watch.submission.usage().map_or(0, |usage| usage.cpu);
    let mut before = used();
    for _ in 0..LOOKS {
        trial.watch.until(QUIET, || false)?;
        let now = used();
        if now.saturating_sub(before) <= USED {
            return Ok(());
        }
        before = now;
    }
    fail(format!(
        "after {CLIENTS} clients have gone, the server uses the processor though nobody asks: it spins"
    ))
}
