//! What `capsock serve` says of its server: lines on standard error, and with `--json` objects on standard output.

use std::net::SocketAddr;

use capsock::{Features, Server, Stats, StopReport};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::log::{LogFormat, Severity};
use crate::metrics::Endpoint;
use crate::restart::Event;
use crate::signals;
use crate::stdio::Output;

/// Reports what the server does: on standard error, and as JSON on standard output.
pub(super) struct Reporter {
    json: Option<Output>,
    log: LogFormat,
}

impl Reporter {
    pub(super) fn new(json: bool, log: LogFormat) -> Result<Reporter> {
        let json = json.then(Output::beyond_signals).transpose();
        Ok(Reporter { json: json.map_err(|error| Failure::output(&error))?, log })
    }

    /// Returns what it has said. `sockets` are the names of those of systemd that are served.
    pub(super) fn ready(
        &mut self,
        server: &Server,
        sockets: &[String],
        metrics: Option<&Endpoint>,
    ) -> Result<String> {
        let reach = Reach::of(server);
        let Reach { addresses, address, port, local, whom } = &reach;
        let mut object = json!({
            "event": "ready",
            "transport": server.transport().name(),
            "concurrency": server.concurrency().name(),
            "address": address,
            "port": port,
            "addresses": addresses,
            "local": local,
        });
        let metrics = metrics.map(|metrics| texts(metrics.addresses()));
        if let Some(metrics) = &metrics {
            object["metrics"] = json!(metrics);
        }
        if !sockets.is_empty() {
            object["sockets"] = json!(sockets);
        }
        let status = format!(
            "serving {} ({}) on {}{}, for {}",
            server.transport().name(),
            server.concurrency().name(),
            addresses.join(" and "),
            of_systemd(sockets),
            whom,
        );
        self.say(format!("{status}; {} stops it", signals::stop()), &object);
        if let Some(metrics) = metrics {
            let urls: Vec<_> = metrics.iter().map(|address| format!("http://{address}/metrics")).collect();
            let message = format!("serving metrics on {}", urls.join(" and "));
            self.say(message, &json!({ "event": "metrics", "addresses": metrics }));
        }
        self.json(&object)?;
        Ok(status)
    }

    pub(super) fn features(&self, stats: &Stats) {
        let features = Features::from_bits(stats.features);
        let message = match features {
            Features::NONE => "uses none of the system's optional calls".to_owned(),
            features => format!("uses {features}"),
        };
        let names: Vec<_> = features.names().collect();
        self.say(message, &json!({ "event": "features", "features": names }));
    }

    pub(super) fn totals(&mut self, stats: &Stats) -> Result<()> {
        let object = json!({ "event": "stats", "stats": object(stats) });
        self.say(totals(stats), &object);
        self.json(&object)
    }

    pub(super) fn replacement(&mut self, event: &Event<'_>) {
        let (severity, message, object) = match event {
            Event::Starting { process } => (
                Severity::Info,
                format!("starting process {process} to replace this one"),
                json!({ "event": "replacing", "process": process }),
            ),
            Event::Replaced { process, connections } => {
                let rest = match connections {
                    0 => String::new(),
                    1 => "; 1 connection is served to its end".to_owned(),
                    several => format!("; {several} connections are served to their ends"),
                };
                (
                    Severity::Info,
                    format!("replaced by process {process}{rest}"),
                    json!({ "event": "replaced", "process": process, "connections": connections }),
                )
            }
            Event::Kept { why } => (
                Severity::Error,
                format!("not replaced, the server goes on: {why}"),
                json!({ "event": "kept", "why": why }),
            ),
        };
        self.log.write(severity, message, &object);
        // If nobody reads it, the server goes on.
        let _ = self.json(&object);
    }

    pub(super) fn stopping(&self, stats: &Stats) {
        let connections = stats.connections_active;
        let message = match connections {
            0 => return,
            1 => "stopping: 1 connection is finished first; Ctrl-C again cuts it".to_owned(),
            several => format!("stopping: {several} connections are finished first; Ctrl-C again cuts them"),
        };
        self.say(message, &json!({ "event": "stopping", "connections": connections }));
    }

    pub(super) fn stopped(&mut self, report: StopReport, stats: &Stats) -> Result<()> {
        let StopReport { completed, cut, running, .. } = report;
        let object = json!({
            "event": "stopped",
            "completed": completed,
            "cut": cut,
            "running": running,
            "stats": object(stats),
        });
        let at_the_deadline = match cut {
            0 => String::new(),
            cut => format!("; cut {cut} of them at the deadline"),
        };
        self.say(format!("stopped: {}{at_the_deadline}", totals(stats)), &object);
        self.json(&object)
    }

    fn say(&self, message: String, object: &Value) {
        self.log.write(Severity::Info, message, object);
    }

    fn json(&mut self, value: &Value) -> Result<()> {
        match &mut self.json {
            Some(output) => output.line(value).map_err(|error| Failure::output(&error)),
            None => Ok(()),
        }
    }
}

/// Which sockets of systemd are served, if any are.
fn of_systemd(sockets: &[String]) -> String {
    let names: Vec<_> = sockets.iter().map(|name| name.escape_debug().to_string()).collect();
    match names.len() {
        0 => String::new(),
        1 => format!(" (systemd's socket {})", names[0]),
        _ => format!(" (systemd's sockets {})", names.join(", ")),
    }
}

/// Where a server is reached, and by whom.
struct Reach {
    addresses: Vec<String>,
    /// The first of them, and the port.
    address: String,
    port: u16,
    /// Whether that is this machine alone.
    local: bool,
    whom: &'static str,
}

impl Reach {
    fn of(server: &Server) -> Reach {
        if let Some(unix) = server.unix_addr() {
            let address = unix.to_string();
            let whom = match unix.as_path() {
                Some(_) => "those who may write to that file",
                None => "any program on this machine",
            };
            return Reach { addresses: vec![address.clone()], address, port: 0, local: true, whom };
        }
        let first = server.local_addr();
        let local = server.local_addrs().iter().all(|address| address.ip().is_loopback());
        Reach {
            addresses: texts(server.local_addrs()),
            address: first.ip().to_string(),
            port: first.port(),
            local,
            whom: if local { "this machine only" } else { "any machine that reaches this one" },
        }
    }
}

fn texts(addresses: &[SocketAddr]) -> Vec<String> {
    addresses.iter().map(SocketAddr::to_string).collect()
}

fn object(stats: &Stats) -> Value {
    let features: Vec<_> = Features::from_bits(stats.features).names().collect();
    let totals = stats.by_name().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    totals.chain([("features".to_owned(), Value::from(features))]).collect()
}

/// `requests 3, bytes received 15, ...`: requests and bytes always, other totals if they are not 0.
fn totals(stats: &Stats) -> String {
    let always = ["requests", "bytes_received", "bytes_sent"];
    let shown = stats.by_name().into_iter().filter(|(name, value)| *value > 0 || always.contains(name));
    shown.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
}
