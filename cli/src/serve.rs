//! `capsock serve`: a server that runs until Ctrl-C.

use std::net::SocketAddr;
use std::time::Duration;

use capsock::{ErrorKind, Features, Server, Stats, StopReport, Transport};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::options::{ServerArgs, TcpServerArgs, UdpServerArgs};
use crate::record::Record;
use crate::seconds::Seconds;
use crate::signals;
use crate::stdio::{Output, message};

const STATS_EVERY: Duration = Duration::from_secs(1);

const AFTER: &str = "\
Examples:
  capsock serve tcp                                       on port 12000, for this machine only
  capsock serve tcp --concurrency threads --port 5000     a thread for each connection
  capsock serve udp --host '' --stats                     for any machine, with totals
  capsock serve tcp --port 0 --json                       on a free port, printed as JSON

The server runs until Ctrl-C or SIGTERM. It then finishes the requests in progress and prints the totals.
A second Ctrl-C cuts the remaining connections at once. The exit status is 130 after Ctrl-C, 143 after SIGTERM.";

/// Serve text in upper case until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Serve {
    #[command(subcommand)]
    on: On,
}

#[derive(Debug, clap::Subcommand)]
enum On {
    /// Serve over TCP: a reliable byte stream.
    #[command(after_help = AFTER)]
    Tcp(Tcp),
    /// Serve over UDP: each datagram is a request.
    #[command(after_help = AFTER)]
    Udp(Udp),
}

#[derive(Debug, clap::Args)]
struct Tcp {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    args: TcpServerArgs,
}

#[derive(Debug, clap::Args)]
struct Udp {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    args: UdpServerArgs,
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    args: ServerArgs,
    /// The time limit, in seconds, for finishing requests in progress after Ctrl-C; `inf` sets none. Connections that
    /// are left then are cut.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true,
          default_value_t = Seconds(Some(capsock::DEFAULT_STOP_TIMEOUT)))]
    stop_timeout: Seconds,
    /// Print the optional system calls in use, and a line of totals each second, on standard error.
    #[arg(long)]
    stats: bool,
    /// Print JSON on standard output, an object per line: when the server is ready, the totals each second with --stats,
    /// when it has stopped, and for an error.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    trace: Record,
}

pub(crate) fn run(serve: &Serve) -> Result<()> {
    let (common, options) = match &serve.on {
        On::Tcp(tcp) => (&tcp.common, tcp.args.set(tcp.common.args.options(Transport::Tcp))),
        On::Udp(udp) => (&udp.common, udp.args.set(udp.common.args.options(Transport::Udp))),
    };
    let _recording = common.trace.start()?;
    let server = options.start_interruptible(Some(signals::once))?;
    let mut reporter = Reporter::new(common)?;
    reporter.ready(&server)?;
    if common.stats {
        message(features_in_use(&server.stats()));
    }

    let between = common.stats.then_some(STATS_EVERY);
    loop {
        match server.wait(between, Some(signals::once)) {
            Ok(true) => break,
            Ok(false) => reporter.totals(&server.stats())?,
            Err(error) if error.kind() == ErrorKind::Interrupted => break,
            Err(error) => return Err(error.into()),
        }
    }
    reporter.stopping(&server.stats());
    reporter.stopped(stop(&server, common.stop_timeout)?, &server.stats())
}

/// Drains for the given time at most; a second signal cuts the remaining connections at once.
fn stop(server: &Server, timeout: Seconds) -> Result<StopReport> {
    match server.stop_interruptible(timeout.0.unwrap_or(Duration::MAX), Some(signals::twice)) {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(server.stop(Duration::ZERO)?),
        stopped => Ok(stopped?),
    }
}

impl Serve {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.on {
            On::Tcp(tcp) => tcp.common.json,
            On::Udp(udp) => udp.common.json,
        }
    }
}

/// Reports what the server does: as text on standard error, and as JSON on standard output.
struct Reporter {
    json: Option<Output>,
}

impl Reporter {
    fn new(common: &Common) -> Result<Reporter> {
        let json = common.json.then(Output::beyond_signals).transpose();
        Ok(Reporter { json: json.map_err(|error| Failure::output(&error))? })
    }

    fn ready(&mut self, server: &Server) -> Result<()> {
        let addresses: Vec<_> = server.local_addrs().iter().map(SocketAddr::to_string).collect();
        let local = server.local_addrs().iter().all(|address| address.ip().is_loopback());
        message(format_args!(
            "serving {} ({}) on {}, for {}; Ctrl-C stops it",
            server.transport().name(),
            server.concurrency().name(),
            addresses.join(" and "),
            if local { "this machine only" } else { "any machine that reaches this one" },
        ));
        let first = server.local_addr();
        self.json(&json!({
            "event": "ready",
            "transport": server.transport().name(),
            "concurrency": server.concurrency().name(),
            "address": first.ip().to_string(),
            "port": first.port(),
            "addresses": addresses,
            "local": local,
        }))
    }

    fn totals(&mut self, stats: &Stats) -> Result<()> {
        message(totals(stats));
        self.json(&json!({ "event": "stats", "stats": object(stats) }))
    }

    fn stopping(&self, stats: &Stats) {
        match stats.connections_active {
            0 => {}
            1 => message("stopping: 1 connection is finished first; Ctrl-C again cuts it"),
            several => message(format_args!(
                "stopping: {several} connections are finished first; Ctrl-C again cuts them"
            )),
        }
    }

    fn stopped(&mut self, report: StopReport, stats: &Stats) -> Result<()> {
        let cut = match report.cut {
            0 => String::new(),
            cut => format!("; cut {cut} of them at the deadline"),
        };
        message(format_args!("stopped: {}{cut}", totals(stats)));
        let StopReport { completed, cut, running, .. } = report;
        self.json(&json!({
            "event": "stopped",
            "completed": completed,
            "cut": cut,
            "running": running,
            "stats": object(stats),
        }))
    }

    fn json(&mut self, value: &Value) -> Result<()> {
        match &mut self.json {
            Some(output) => output.line(value).map_err(|error| Failure::output(&error)),
            None => Ok(()),
        }
    }
}

/// `uses blocking-receive, recvmmsg, ...`
fn features_in_use(stats: &Stats) -> String {
    match Features::from_bits(stats.features) {
        Features::NONE => "uses none of the system's optional calls".to_owned(),
        features => format!("uses {features}"),
    }
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
