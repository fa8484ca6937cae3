//! What a link tells while it relays.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use capsock_link::Event;
use serde_json::{Value, json};

use super::options::Common;
use super::relay::Relay;
use crate::failure::{Failure, Result};
use crate::stdio::{Output, message};

const STATS_EVERY: Duration = Duration::from_secs(1);

/// Relays until `stop`.
pub(super) fn relay(
    link: &mut impl Relay,
    common: &Common,
    reporter: &mut Reporter,
    stop: &dyn Fn() -> bool,
) -> Result<()> {
    let mut next = Instant::now() + STATS_EVERY;
    while !stop() {
        // With totals, it returns each second for them.
        link.relay(&|| stop() || common.stats && Instant::now() >= next, &mut |event| {
            reporter.event(&event);
        })?;
        if common.stats && Instant::now() >= next {
            reporter.totals("stats", "", link)?;
            next += STATS_EVERY;
        }
        reporter.failed()?;
    }
    Ok(())
}

/// Reports what the link does: as text on standard error, and as JSON on standard output.
pub(super) struct Reporter {
    json: Option<Output>,
    log: bool,
    /// Whether a failed connect has been reported: without `log`, the first one alone is.
    connect_failed: bool,
    /// An error of standard output.
    failure: Option<Failure>,
}

impl Reporter {
    pub(super) fn new(common: &Common) -> Result<Reporter> {
        let json =
            common.json.then(Output::beyond_signals).transpose().map_err(|error| Failure::output(&error))?;
        Ok(Reporter { json, log: common.log, connect_failed: false, failure: None })
    }

    /// It is ready, for as long as this says.
    pub(super) fn ready(&mut self, link: &impl Relay, seed: u64, until: &str) -> Result<()> {
        let addresses = link.addresses();
        let local = addresses.iter().all(|address| address.ip().is_loopback());
        let text = |addresses: &[SocketAddr]| addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>();
        message(format_args!(
            "linking {} from {} to {} with seed {seed}, for {}{until}",
            link.transport(),
            text(addresses).join(" and "),
            text(link.servers()).join(" or "),
            if local { "this machine only" } else { "any machine that reaches this one" },
        ));
        self.json(&json!({
            "event": "ready",
            "transport": link.transport(),
            "address": addresses[0].ip().to_string(),
            "port": addresses[0].port(),
            "addresses": text(addresses),
            "to": text(link.servers()),
            "local": local,
            "seed": seed,
        }))
    }

    fn event(&mut self, event: &Event) {
        let logged = matches!(event, Event::Impaired { .. } | Event::Ended { .. });
        let again =
            matches!(event, Event::ConnectFailed { .. }) && std::mem::replace(&mut self.connect_failed, true);
        if (logged || again) && !self.log {
            return;
        }
        let (text, object) = described(event);
        message(text);
        if logged && let Err(failure) = self.json(&object) {
            self.failure.get_or_insert(failure);
        }
    }

    pub(super) fn totals(&mut self, event: &str, before: &str, link: &impl Relay) -> Result<()> {
        let (text, mut object) = link.totals();
        message(format_args!("{before}{text}"));
        object.insert("event".to_owned(), event.into());
        self.json(&Value::Object(object))
    }

    fn failed(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn json(&mut self, value: &Value) -> Result<()> {
        match &mut self.json {
            Some(output) => output.line(value).map_err(|error| Failure::output(&error)),
            None => Ok(()),
        }
    }
}

/// The line of an event, and its object.
fn described(event: &Event) -> (String, Value) {
    match event {
        Event::Impaired { direction, number, length, impairment } => (
            format!("{direction} {number}: {impairment}, {length} bytes"),
            json!({
                "event": "impaired",
                "direction": direction.name(),
                "number": number,
                "bytes": length,
                "impairment": impairment.name(),
            }),
        ),
        Event::Ended { direction, client, bytes, reset } => (
            format!("{direction}: {} {client} after {bytes} bytes", if *reset { "reset" } else { "cut" }),
            json!({
                "event": if *reset { "reset" } else { "cut" },
                "direction": direction.name(),
                "client": client.to_string(),
                "bytes": bytes,
            }),
        ),
        Event::DatagramRefused { server } => (
            format!("{server} refuses datagrams (port unreachable): is a server running there?"),
            Value::Null,
        ),
        Event::ConnectFailed { error } => (format!("{error}; the client was reset"), Value::Null),
        Event::NoSocket { error } => (format!("{error}; the client is not served"), Value::Null),
        Event::TooMany { most } => (
            format!("there are {most} clients: a further one takes the place of another or is reset"),
            Value::Null,
        ),
        other => (format!("{other:?}"), Value::Null),
    }
}
