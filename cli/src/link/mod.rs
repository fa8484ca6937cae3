//! `capsock link`: a link between clients and a server that impairs what it relays.

mod options;
mod relay;

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use capsock_link::{DatagramLink, Event, StreamLink};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::signals;
use crate::stdio::{Output, message};
pub(crate) use options::Link;
use options::{Common, On};
use relay::Relay;

const STATS_EVERY: Duration = Duration::from_secs(1);

/// Seeds of so many are short enough to be typed again.
const SEEDS: u64 = 1_000_000;

pub(crate) fn run(link: &Link) -> Result<()> {
    capsock::trace::set_process_info("rust", "capsock link");
    let common = match &link.on {
        On::Udp(udp) => &udp.common,
        On::Tcp(tcp) => &tcp.common,
    };
    let seed = common.seed.unwrap_or_else(|| RandomState::new().hash_one(0) % SEEDS);
    let _recording = common.trace.start()?;
    match &link.on {
        On::Udp(udp) => relay(DatagramLink::bind(&udp.options(seed)?)?, common, seed),
        On::Tcp(tcp) => relay(StreamLink::bind(&tcp.options(seed)?)?, common, seed),
    }
}

/// Relays until a signal.
fn relay(mut link: impl Relay, common: &Common, seed: u64) -> Result<()> {
    let mut reporter = Reporter::new(common)?;
    reporter.ready(&link, seed)?;
    let mut next = Instant::now() + STATS_EVERY;
    while !signals::once() {
        // With totals, it returns each second for them.
        link.relay(&|| signals::once() || common.stats && Instant::now() >= next, &mut |event| {
            reporter.event(&event)
        })?;
        if common.stats && Instant::now() >= next {
            reporter.totals("stats", "", &link)?;
            next += STATS_EVERY;
        }
        reporter.failed()?;
    }
    reporter.totals("stopped", "stopped: ", &link)
}

/// Reports what the link does: as text on standard error, and as JSON on standard output.
struct Reporter {
    json: Option<Output>,
    log: bool,
    /// Whether a failed connect has been told.
    told: bool,
    /// An error of standard output.
    failure: Option<Failure>,
}

impl Reporter {
    fn new(common: &Common) -> Result<Reporter> {
        let json =
            common.json.then(Output::beyond_signals).transpose().map_err(|error| Failure::output(&error))?;
        Ok(Reporter { json, log: common.log, told: false, failure: None })
    }

    fn ready(&mut self, link: &impl Relay, seed: u64) -> Result<()> {
        let addresses = link.addresses();
        let local = addresses.iter().all(|address| address.ip().is_loopback());
        let text = |addresses: &[SocketAddr]| addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>();
        message(format_args!(
            "linking {} from {} to {} with seed {seed}, for {}; Ctrl-C stops it",
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
        let once = matches!(event, Event::ConnectFailed { .. }) && std::mem::replace(&mut self.told, true);
        if (logged || once) && !self.log {
            return;
        }
        let (text, object) = described(event);
        message(text);
        if logged && let Err(failure) = self.json(&object) {
            self.failure.get_or_insert(failure);
        }
    }

    fn totals(&mut self, event: &str, before: &str, link: &impl Relay) -> Result<()> {
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
