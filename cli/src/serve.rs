//! `capsock serve`: a server that runs until Ctrl-C.

mod reporter;

use std::sync::Arc;
use std::time::Duration;

use capsock::{ErrorKind, Server, StopReport, Transport};

use crate::failure::Result;
use crate::log::LogFormat;
use crate::metrics::{Address, Bound};
use crate::options::{ServerArgs, TcpServerArgs, UdpServerArgs};
use crate::record::Record;
use crate::seconds::Seconds;
use crate::signals;
use reporter::Reporter;

const STATS_EVERY: Duration = Duration::from_secs(1);

const AFTER: &str = "\
Examples:
  capsock serve tcp                                       on port 12000, for this machine only
  capsock serve tcp --concurrency threads --port 5000     a thread for each connection
  capsock serve udp --host '' --stats                     for any machine, with totals
  capsock serve tcp --port 0 --json                       on a free port, printed as JSON
  capsock serve tcp --host unix:/run/capsock.sock         on a Unix domain socket, for who may write to its file
  capsock serve tcp --metrics 9100 --log-format json      with totals for Prometheus, for this machine only

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
    /// Serve metrics over HTTP on ADDR: /metrics in the text format of OpenMetrics or of Prometheus, /healthz, and /readyz,
    /// which is 503 from Ctrl-C on. ADDR is a port, for this machine only, or HOST:PORT; an empty HOST means all addresses
    /// of the machine, and port 0 selects a free port.
    #[arg(long, value_name = "ADDR")]
    metrics: Option<Address>,
    /// Write the lines on standard error as text, or each as a JSON object, whose members are `time` (RFC 3339, UTC),
    /// `level`, `message`, and what the message says as fields.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    trace: Record,
}

pub(crate) fn run(serve: &Serve) -> Result<()> {
    let (common, options) = match &serve.on {
        On::Tcp(tcp) => (&tcp.common, tcp.args.set(tcp.common.args.options(Transport::Tcp))),
        On::Udp(udp) => (&udp.common, udp.args.set(udp.common.args.options(Transport::Udp))),
    };
    let options = match common.log_format {
        // Without a log, the server writes its lines as the command does.
        LogFormat::Text => options,
        LogFormat::Json => options.log(LogFormat::write_of_server),
    };
    let _recording = common.trace.start()?;
    let metrics = common.metrics.as_ref().map(Bound::new).transpose()?;
    let server = Arc::new(options.start_interruptible(Some(signals::once))?);
    let metrics = metrics.map(|bound| bound.serve(&server)).transpose()?;
    let mut reporter = Reporter::new(common.json, common.log_format)?;
    reporter.ready(&server, metrics.as_ref())?;
    if common.stats {
        reporter.features(&server.stats());
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
    // The endpoint answers until the server has stopped.
    if let Some(metrics) = &metrics {
        metrics.drain();
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
    fn common(&self) -> &Common {
        match &self.on {
            On::Tcp(tcp) => &tcp.common,
            On::Udp(udp) => &udp.common,
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.common().json
    }

    pub(crate) fn log_format(&self) -> LogFormat {
        self.common().log_format
    }
}
