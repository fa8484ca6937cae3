//! Probes whose request is answered: what arrives, and what is printed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use capsock::{Transport, uppercase};

use crate::stop::{Seen, Stop, fail};
use crate::watch::Watch;
use crate::wire::{Connection, Peer, Received, until_received};
use crate::words::{counted, quoted};

use super::trial::Trial;

/// The time between the two pieces of a reply.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) fn asks(trial: &Trial<'_>) -> Seen {
    // Not the upper case of the request alone, which a client could print that never received it.
    exchange(trial, "one fine day", &Answer::Whole(" 4711"))?;
    Ok("what was typed arrived, the reply was printed, and the exit status is 0".to_owned())
}

pub(super) fn unicode(trial: &Trial<'_>) -> Seen {
    exchange(trial, "straße αβγ 🚀 ñandú", &Answer::Whole(""))?;
    Ok("three scripts arrived and were printed".to_owned())
}

pub(super) fn long(trial: &Trial<'_>) -> Seen {
    let lengths: &[usize] = if trial.tcp() { &[100_000] } else { &[1400, 8000] };
    for length in lengths {
        trial.record.forget();
        let text: String = "abcdefghijklmnopqrstuvwxyz ".chars().cycle().take(*length - 1).collect();
        let outcome = exchange(trial, &format!("{text}."), &Answer::Whole(""));
        outcome.map_err(|stop| match stop {
            Stop::Fail(seen) => Stop::Fail(format!("a line of {}: {seen}", counted(*length, "byte"))),
            other => other,
        })?;
    }
    Ok("long lines arrived, and their replies were printed whole".to_owned())
}

pub(super) fn pieces(trial: &Trial<'_>) -> Seen {
    exchange(trial, "one fine day", &Answer::InPieces)?;
    Ok("a reply in two pieces was printed whole".to_owned())
}

pub(super) fn stranger(trial: &Trial<'_>) -> Seen {
    const LIE: &str = "THIS IS NOT YOUR REPLY";
    let sockets = trial.udp_sockets()?;
    let submission = trial.start("one fine day")?;
    let watch = trial.watch(&submission);
    let (server, request, from) = trial.first_datagram(&watch, sockets)?;
    arrived("one fine day", &request)?;
    let other = Peer::open(&watch, &trial.record, from)?;
    other.send(LIE.as_bytes(), from)?;
    until_read(&watch, Transport::Udp, from.port(), None)?;
    // A client that has taken the lie for its reply may have ended.
    server.send(b"ONE FINE DAY", from)?;
    let success = trial.ended(&submission, trial.limit())?;
    let said = submission.ended();
    let printed = submission.printed();
    if printed.windows(LIE.len()).any(|part| part == LIE.as_bytes()) {
        return fail("it took a datagram from another port for its reply, and printed it");
    }
    let right = printed.windows(12).any(|part| part == b"ONE FINE DAY");
    match (success, right) {
        (true, true) => Ok("the datagram of another port was ignored".to_owned()),
        (false, _) => Ok("the datagram of another port was refused with an error".to_owned()),
        (true, false) => fail(format!(
            "it ended without the reply of the server: {}",
            said.unwrap_or_else(|| quoted(&printed))
        )),
    }
}

/// How the judge replies.
enum Answer {
    /// The upper case of the request, and this behind it.
    Whole(&'static str),
    /// The upper case of the request in two segments.
    InPieces,
}

fn exchange(trial: &Trial<'_>, typed: &str, answer: &Answer) -> Result<(), Stop> {
    let mut reply = String::from_utf8_lossy(&uppercase(typed.as_bytes())).into_owned();
    if let Answer::Whole(more) = answer {
        reply.push_str(more);
    }
    if !trial.tcp() {
        let sockets = trial.udp_sockets()?;
        let submission = trial.start(typed)?;
        let watch = trial.watch(&submission);
        let (server, request, from) = trial.first_datagram(&watch, sockets)?;
        arrived(typed, &request)?;
        server.send(reply.as_bytes(), from)?;
        return trial.printed(&submission, &reply);
    }
    let listeners = trial.listeners()?;
    let submission = trial.start(typed)?;
    let watch = trial.watch(&submission);
    let mut connection = trial.accept(&watch, &listeners)?;
    request(&mut connection, &watch, typed)?;
    let line = format!("{reply}\n");
    match answer {
        Answer::Whole(_) => connection.send(line.as_bytes())?,
        Answer::InPieces => {
            let (first, second) = line.split_at(line.len() / 2);
            connection.send(first.as_bytes())?;
            until_read(&watch, Transport::Tcp, connection.peer().port(), Some(connection.local()))?;
            connection.send(second.as_bytes())?;
        }
    }
    close(&mut connection)?;
    trial.printed(&submission, &reply)
}

/// Waits until the client has received what was sent, but 300 ms at least. That it has ended is no failure here.
fn until_read(
    watch: &Watch<'_>,
    transport: Transport,
    port: u16,
    peer: Option<SocketAddr>,
) -> Result<(), Stop> {
    let begin = Instant::now();
    match until_received(watch, transport, port, peer) {
        Err(Stop::Interrupted) => return Err(Stop::Interrupted),
        _ => std::thread::sleep(PAUSE.saturating_sub(begin.elapsed())),
    }
    Ok(())
}

/// Receives the request over TCP: what was typed. The newline may be part of it, or not.
fn request(connection: &mut Connection<'_>, watch: &Watch<'_>, typed: &str) -> Result<(), Stop> {
    let begin = Instant::now();
    loop {
        let inbox = connection.inbox();
        if inbox.starts_with(typed.as_bytes()) {
            return arrived(typed, inbox);
        }
        if !typed.as_bytes().starts_with(inbox) {
            return arrived(typed, inbox);
        }
        match connection.receive(Duration::ZERO)? {
            Received::Bytes => {}
            Received::End => return arrived(typed, connection.inbox()),
            Received::Nothing => {
                watch.look()?;
                if begin.elapsed() > watch.patience {
                    return arrived(typed, connection.inbox());
                }
            }
        }
    }
}

/// Fails unless the request is what was typed, with or without its newline.
pub(super) fn arrived(typed: &str, request: &[u8]) -> Result<(), Stop> {
    let text = request.strip_suffix(b"\n").unwrap_or(request);
    if text.strip_suffix(b"\r").unwrap_or(text) == typed.as_bytes() {
        return Ok(());
    }
    if request.len() < typed.len() && typed.as_bytes().starts_with(request) && typed.len() > 200 {
        return fail(format!(
            "of {} that were typed, {} arrived",
            counted(typed.len(), "byte"),
            request.len()
        ));
    }
    fail(format!("{} was typed, and {} arrived", quoted(typed.as_bytes()), quoted(request)))
}

/// Ends the stream, and waits until the client has closed: a close with unread bytes would reset the connection.
pub(super) fn close(connection: &mut Connection<'_>) -> Result<(), Stop> {
    connection.shutdown();
    // A client that does not close is told by its exit.
    connection.at_end(Duration::from_secs(2)).map(drop)
}
