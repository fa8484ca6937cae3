//! Probes of a client that gets no answer, or has nothing to ask: it must not hang.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use capsock::Transport;
use socket2::{Domain, Socket, Type};

use crate::stop::{Seen, Stop, fail};
use crate::submission::Submission;
use crate::timer::Timer;
use crate::watch::{STEP, Watch};
use crate::wire::{Connection, Received};

use super::asked::{arrived, close};
use super::trial::Trial;

/// Nobody listens at the port, which stays the judge's meanwhile.
pub(super) fn no_server(trial: &Trial<'_>) -> Seen {
    let _held =
        held(trial).map_err(|error| Stop::Fail(format!("the judge could not hold the port: {error}")))?;
    let submission = trial.start("one fine day")?;
    if trial.ended(&submission, trial.limit()).map_err(hangs)? {
        return fail("it ended with exit status 0 though there was no server");
    }
    Ok("without a server it reports an error".to_owned())
}

/// A socket at the port that refuses: one of TCP does not listen, one of UDP is connected to itself.
fn held(trial: &Trial<'_>) -> std::io::Result<Socket> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, trial.port));
    if trial.options.transport == Transport::Udp {
        let socket = UdpSocket::bind(address)?;
        socket.connect(address)?;
        return Ok(socket.into());
    }
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// The first reply is lost; a client that asks again gets one.
pub(super) fn lost_reply(trial: &Trial<'_>) -> Seen {
    let sockets = trial.udp_sockets()?;
    let submission = trial.start("one fine day")?;
    let watch = trial.watch(&submission);
    let (server, _, _) = trial.first_datagram(&watch, sockets)?;
    let mut timer = Timer::new(&submission, trial.limit());
    loop {
        if let Some((_, from)) = server.receive(STEP)? {
            server.send(b"ONE FINE DAY", from)?;
            trial.printed(&submission, "ONE FINE DAY")?;
            return Ok("it asked again and printed the reply".to_owned());
        }
        match submission.succeeded() {
            Some(true) => return fail("it ended with exit status 0 though no reply came"),
            Some(false) => return Ok("it reported that no reply came".to_owned()),
            None if timer.over() => return Err(hangs(Stop::Fail(String::new()))),
            None => {}
        }
        if (trial.options.interrupted)() {
            return Err(Stop::Interrupted);
        }
    }
}

/// An empty line is asked, and answered, or refused by the client; it may not wait for what cannot come.
pub(super) fn empty_line(trial: &Trial<'_>) -> Seen {
    if trial.tcp() {
        let listeners = trial.listeners()?;
        let submission = trial.start("")?;
        let watch = trial.watch(&submission);
        let answered =
            trial.accept(&watch, &listeners).and_then(|connection| empty_exchange(connection, &watch));
        return ended(trial, &submission, answered);
    }
    let sockets = trial.udp_sockets()?;
    let submission = trial.start("")?;
    let watch = trial.watch(&submission);
    let answered =
        trial.first_datagram(&watch, sockets).and_then(|(server, request, from)| server.send(&request, from));
    ended(trial, &submission, answered)
}

/// Receives an empty line and answers it. A client that sends nothing and keeps its connection open waits for what cannot
/// come; one that closes has not asked.
fn empty_exchange(mut connection: Connection<'_>, watch: &Watch<'_>) -> Result<(), Stop> {
    let mut timer = Timer::new(watch.submission, watch.patience);
    loop {
        match connection.receive(Duration::ZERO)? {
            Received::Bytes => break,
            Received::End => return fail(""),
            Received::Nothing if timer.over() => {
                return fail(format!("it sent nothing {}, and waits for a reply", watch.within()));
            }
            Received::Nothing => watch.look()?,
        }
    }
    arrived("", connection.inbox())?;
    connection.send(b"\n")?;
    close(&mut connection)
}

fn ended(trial: &Trial<'_>, submission: &Submission, answered: Result<(), Stop>) -> Seen {
    if answered == Err(Stop::Interrupted) {
        return Err(Stop::Interrupted);
    }
    if let Err(Stop::Fail(seen)) = &answered
        && !seen.is_empty()
        && submission.succeeded().is_none()
    {
        return fail(seen.as_str());
    }
    let success = trial.ended(submission, trial.limit()).map_err(hangs)?;
    Ok(match (success, answered) {
        (true, Ok(())) => "an empty line was asked and answered".to_owned(),
        (true, Err(_)) => "an empty line was not asked".to_owned(),
        (false, _) => "an empty line was refused with an error".to_owned(),
    })
}

fn hangs(stop: Stop) -> Stop {
    match stop {
        Stop::Fail(seen) if seen.is_empty() => Stop::Fail("it waits for a reply for ever".to_owned()),
        Stop::Fail(seen) => Stop::Fail(format!("{seen}: it waits for ever")),
        other => other,
    }
}
