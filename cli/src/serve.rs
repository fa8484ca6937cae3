//! `capsock serve`: a server that runs until Ctrl-C.

use std::net::SocketAddr;
use std::time::Duration;

use capsock::{
    Concurrency, ErrorKind, Features, Framing, Server, ServerOptions, Stats, StopReport, Transport,
};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::port::port;
use crate::record::Record;
use crate::seconds::{Microseconds, Seconds};
use crate::signals;
use crate::stdio::{Output, message};

const STATS_EVERY: Duration = Duration::from_secs(1);

const AFTER: &str = "\
Examples:
  capsock serve tcp                                       on port 12000, for this machine
  capsock serve tcp --concurrency threads --port 5000     a thread for each connection
  capsock serve udp --host '' --stats                     for every machine, with totals
  capsock serve tcp --port 0 --json                       on a free port; a program reads which

It serves until Ctrl-C or SIGTERM: then what is in hand is finished, and the totals are printed.
A second Ctrl-C cuts the rest at once. The exit status is 130 after Ctrl-C, 143 after SIGTERM.";

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
    /// Where a request ends: `stream`, whatever has arrived; `line`, with a newline; `once`, one
    /// receive, then the connection is closed.
    #[arg(long, value_name = "F", value_parser = framing(), default_value = defaults().framing.name())]
    framing: Framing,
    /// Connections that the system holds until they are accepted.
    #[arg(long, value_name = "N", default_value_t = defaults().backlog)]
    backlog: u32,
    /// Connections served at once; a further one is closed. 0 is 1024 for threads, 256 for
    /// processes, 65536 for events.
    #[arg(long, value_name = "N", default_value_t = defaults().max_connections)]
    max_connections: usize,
    /// Seconds without a byte from the client after which its connection is closed; `inf` for no
    /// limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true,
          default_value_t = Seconds(defaults().idle_timeout))]
    idle_timeout: Seconds,
    /// Seconds in which a client makes no room for more of its reply, after which its connection is closed;
    /// `inf` for no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true,
          default_value_t = Seconds(defaults().write_timeout))]
    write_timeout: Seconds,
}

#[derive(Debug, clap::Args)]
struct Udp {
    #[command(flatten)]
    common: Common,
    /// The longest reply, in bytes for each byte of its request; a longer one is not sent. 0 for no limit: upper
    /// case is three times as long as its request at most.
    #[arg(long, value_name = "TIMES", default_value_t = defaults().max_amplification)]
    max_amplification: usize,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The name or address to serve on; empty for every address of the machine.
    #[arg(long, value_name = "H", default_value = capsock::DEFAULT_HOST)]
    host: String,
    /// The port to serve on; 0 for any free one.
    #[arg(long, value_name = "P", value_parser = port, default_value_t = capsock::DEFAULT_PORT)]
    port: u16,
    /// How many clients are served at once, and by what.
    #[arg(long, value_name = "C", value_parser = concurrency(), default_value = defaults().concurrency.name())]
    concurrency: Concurrency,
    /// Event loops; over UDP also threads or processes, so many for each address of the host. 0 is one for each
    /// processor.
    #[arg(long, value_name = "N", default_value_t = defaults().workers)]
    workers: usize,
    /// The longest request, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = defaults().max_request)]
    max_request: usize,
    /// Microseconds for which a server without a request looks again and again before it sleeps, at most
    /// 1000000: quicker replies, and a processor for itself while requests come so often.
    #[arg(long, value_name = "MICROSECONDS", allow_negative_numbers = true,
          default_value_t = Microseconds(defaults().busy_poll))]
    busy_poll: Microseconds,
    /// Seconds to finish what is in hand after Ctrl-C, before the rest is cut; `inf` for no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true,
          default_value_t = Seconds(Some(capsock::DEFAULT_STOP_TIMEOUT)))]
    stop_timeout: Seconds,
    /// Print what of the system's optional calls is used, and a line of totals each second, on standard
    /// error.
    #[arg(long)]
    stats: bool,
    /// Print JSON on standard output, an object per line: when ready, the totals each second with --stats,
    /// when stopped, and of an error.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    trace: Record,
}

/// The core's defaults, which are the same for every transport and address.
fn defaults() -> ServerOptions {
    ServerOptions::new(Transport::Tcp, (capsock::DEFAULT_HOST, capsock::DEFAULT_PORT))
}

fn concurrency() -> impl TypedValueParser<Value = Concurrency> {
    PossibleValuesParser::new(Concurrency::ALL.iter().map(|one| one.name())).try_map(|name| name.parse())
}

fn framing() -> impl TypedValueParser<Value = Framing> {
    PossibleValuesParser::new(Framing::ALL.iter().map(|one| one.name())).try_map(|name| name.parse())
}

pub(crate) fn run(serve: &Serve) -> Result<()> {
    let (common, options) = match &serve.on {
        On::Tcp(tcp) => (&tcp.common, tcp.options()),
        On::Udp(udp) => (&udp.common, udp.options()),
    };
    let _recording = common.trace.start()?;
    let server = options.start_unless(Some(signals::once))?;
    let mut teller = Teller::new(common)?;
    teller.ready(&server)?;
    if common.stats {
        message(uses(&server.stats()));
    }

    let between = common.stats.then_some(STATS_EVERY);
    loop {
        match server.wait(between, Some(signals::once)) {
            Ok(true) => break,
            Ok(false) => teller.totals(&server.stats())?,
            Err(error) if error.kind() == ErrorKind::Interrupted => break,
            Err(error) => return Err(error.into()),
        }
    }
    teller.stopping(&server.stats());
    teller.stopped(stop(&server, common.stop_timeout)?, &server.stats())
}

/// Drains until the time is over; a second signal cuts what is left at once.
fn stop(server: &Server, timeout: Seconds) -> Result<StopReport> {
    match server.stop_unless(timeout.0.unwrap_or(Duration::MAX), Some(signals::twice)) {
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

impl Common {
    fn options(&self, transport: Transport) -> ServerOptions {
        ServerOptions::new(transport, (self.host.as_str(), self.port))
            .concurrency(self.concurrency)
            .workers(self.workers)
            .max_request(self.max_request)
            .busy_poll(self.busy_poll.0)
    }
}

impl Udp {
    fn options(&self) -> ServerOptions {
        self.common.options(Transport::Udp).max_amplification(self.max_amplification)
    }
}

impl Tcp {
    fn options(&self) -> ServerOptions {
        self.common
            .options(Transport::Tcp)
            .framing(self.framing)
            .backlog(self.backlog)
            .max_connections(self.max_connections)
            .idle_timeout(self.idle_timeout.0)
            .write_timeout(self.write_timeout.0)
    }
}

/// Tells what the server does: people on standard error, programs on standard output.
struct Teller {
    json: Option<Output>,
}

impl Teller {
    fn new(common: &Common) -> Result<Teller> {
        let json = common.json.then(Output::beyond_signals).transpose();
        Ok(Teller { json: json.map_err(|error| Failure::output(&error))? })
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
        self.program(&json!({
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
        self.program(&json!({ "event": "stats", "stats": object(stats) }))
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
        let StopReport { completed, cut, running } = report;
        self.program(&json!({
            "event": "stopped",
            "completed": completed,
            "cut": cut,
            "running": running,
            "stats": object(stats),
        }))
    }

    fn program(&mut self, value: &Value) -> Result<()> {
        match &mut self.json {
            Some(output) => output.line(value).map_err(|error| Failure::output(&error)),
            None => Ok(()),
        }
    }
}

/// The totals by their names, in the order in which they are told.
fn by_name(stats: &Stats) -> [(&'static str, u64); 16] {
    // Taken apart, so that a new total is not forgotten here.
    let Stats {
        connections_accepted,
        connections_active,
        connections_refused,
        requests,
        bytes_received,
        bytes_sent,
        datagrams_received,
        datagrams_sent,
        handler_errors,
        oversized_requests,
        idle_timeouts,
        write_timeouts,
        datagrams_guarded,
        replies_unsent,
        amplified_replies,
        descriptor_shortages,
        features: _,
    } = *stats;
    [
        ("connections_accepted", connections_accepted),
        ("connections_active", connections_active),
        ("connections_refused", connections_refused),
        ("requests", requests),
        ("bytes_received", bytes_received),
        ("bytes_sent", bytes_sent),
        ("datagrams_received", datagrams_received),
        ("datagrams_sent", datagrams_sent),
        ("handler_errors", handler_errors),
        ("oversized_requests", oversized_requests),
        ("idle_timeouts", idle_timeouts),
        ("write_timeouts", write_timeouts),
        ("datagrams_guarded", datagrams_guarded),
        ("replies_unsent", replies_unsent),
        ("amplified_replies", amplified_replies),
        ("descriptor_shortages", descriptor_shortages),
    ]
}

/// `uses blocking-receive, recvmmsg, ...`
fn uses(stats: &Stats) -> String {
    match Features::from_bits(stats.features) {
        Features::NONE => "uses none of the system's optional calls".to_owned(),
        features => format!("uses {features}"),
    }
}

fn object(stats: &Stats) -> Value {
    let features: Vec<_> = Features::from_bits(stats.features).names().collect();
    let totals = by_name(stats).into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    totals.chain([("features".to_owned(), Value::from(features))]).collect()
}

/// `requests 3, bytes received 15, ...`: the requests and bytes always, the others if there are any.
fn totals(stats: &Stats) -> String {
    let always = ["requests", "bytes_received", "bytes_sent"];
    let told = by_name(stats).into_iter().filter(|(name, value)| *value > 0 || always.contains(name));
    told.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
}
