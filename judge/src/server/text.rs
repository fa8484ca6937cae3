//! Probes of the text of requests and replies.

use capsock::uppercase;

use crate::stop::{Seen, Stop, fail};
use crate::wire::Connection;
use crate::words::{counted, grouped, quoted};

use super::trial::{Trial, line};

/// Text of three scripts, with characters of one to four bytes.
const TEXTS: [&str; 3] = ["straße", "καλημέρα κόσμε", "grüße 🚀 ñandú"];
/// Bytes that are no UTF-8 in any reading: a continuation without its beginning, a character that is cut, a surrogate.
const NOT_TEXT: &[u8] = b"\xff\xfe\xc3\x28a\xed\xa0\x80\x80z\xe2\x82";
/// Clients that connect and leave.
const LEAVERS: usize = 3;

pub(super) fn answers(trial: &Trial<'_>) -> Seen {
    trial.measured(|| trial.ask("hello"))?;
    Ok("\"hello\" gives \"HELLO\"".to_owned())
}

pub(super) fn unicode(trial: &Trial<'_>) -> Seen {
    for text in TEXTS {
        trial.ask_anew(text)?;
    }
    if !trial.tcp() {
        return Ok("three scripts come back in upper case".to_owned());
    }
    trial.record.forget();
    let text = TEXTS[0];
    let inside = text.find('ß').unwrap_or(0) + 1;
    let mut connection = trial.open()?;
    trial.send_split(&mut connection, text, inside)?;
    let reply = connection.reply(&uppercase(text.as_bytes()));
    reply.map_err(|stop| prefixed("in two pieces, cut inside the ß", stop))?;
    trial.finish(connection)?;
    Ok("three scripts come back in upper case, also cut inside a character".to_owned())
}

/// Says which part of a probe failed.
fn prefixed(part: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Fail(seen) => Stop::Fail(format!("{part}: {seen}")),
        other => other,
    }
}

pub(super) fn empty(trial: &Trial<'_>) -> Seen {
    if trial.tcp() {
        for _ in 0..LEAVERS {
            drop(trial.open()?);
        }
    } else {
        let peer = trial.peer()?;
        peer.send(b"", trial.target)?;
        trial.until_received(None)?;
    }
    let what = if trial.tcp() { "a client that left at once" } else { "an empty datagram" };
    trial.ask("after it").map_err(|stop| prefixed(&format!("after {what}"), stop))?;
    Ok(format!("after {what} a request is answered"))
}

pub(super) fn not_text(trial: &Trial<'_>) -> Seen {
    let what = "after bytes that are no UTF-8";
    if trial.tcp() {
        let mut connection = trial.open()?;
        connection.send(&[NOT_TEXT, b"\n"].concat())?;
        trial.until_received(Some(connection.local()))?;
        // Whatever it replies, if anything.
        connection.receive(trial.moment())?;
        trial.finish(connection)?;
    } else {
        let peer = trial.peer()?;
        peer.send(NOT_TEXT, trial.target)?;
        trial.until_received(None)?;
    }
    trial.ask("after it").map_err(|stop| prefixed(what, stop))?;
    Ok(format!("{what} a request is answered"))
}

pub(super) fn long(trial: &Trial<'_>) -> Seen {
    let lengths: &[usize] = if trial.tcp() { &[100_000] } else { &[1400, 8000] };
    for length in lengths {
        trial.ask_anew(&of_length(*length)).map_err(|stop| prefixed(&counted(*length, "byte"), stop))?;
    }
    let last = lengths.iter().map(|length| grouped(*length)).collect::<Vec<_>>().join(" and ");
    Ok(format!("{last} bytes come back whole"))
}

/// Text of so many bytes.
pub(crate) fn of_length(length: usize) -> String {
    "abcdefghijklmnopqrstuvwxyz ".chars().cycle().take(length).collect()
}

pub(super) fn exact(trial: &Trial<'_>) -> Seen {
    let (before, short) = (of_length(300), "hi");
    if !trial.tcp() {
        for text in [before.as_str(), short] {
            let peer = trial.peer()?;
            peer.send(text.as_bytes(), trial.target)?;
            surplus(text, &peer.reply(&uppercase(text.as_bytes()), trial.target)?)?;
        }
        return Ok("a short reply after a long one has no byte too many".to_owned());
    }
    for text in [before.as_str(), short] {
        let mut connection = trial.open()?;
        exchange(&mut connection, text)?;
        if !trial.known.closes.get() {
            connection.shutdown();
        }
        surplus(text, &connection.surplus(trial.moment())?)?;
        trial.finish(connection)?;
    }
    if trial.several()? {
        trial.record.forget();
        let mut connection = trial.open()?;
        exchange(&mut connection, &before)?;
        exchange(&mut connection, short)?;
        surplus(short, &connection.surplus(trial.moment())?)?;
        trial.finish(connection)?;
    }
    Ok("a short reply after a long one has no byte too many".to_owned())
}

fn exchange(connection: &mut Connection<'_>, text: &str) -> Result<(), Stop> {
    connection.send(&line(text))?;
    connection.reply(&uppercase(text.as_bytes()))
}

fn surplus(text: &str, more: &[u8]) -> Result<(), Stop> {
    if more.is_empty() {
        return Ok(());
    }
    fail(format!(
        "behind the reply to {} came {} more: {}",
        quoted(text.as_bytes()),
        counted(more.len(), "byte"),
        quoted(more)
    ))
}
