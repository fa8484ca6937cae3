//! `capsock serve`: a server that runs until Ctrl-C.

mod reporter;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capsock::net::Endpoint;
use capsock::{ErrorKind, Server, StopReport, Transport};

use crate::failure::{Failure, Result};
use crate::log::LogFormat;
use crate::metrics::{Address, Bound};
use crate::options::{ServerArgs, TcpServerArgs, UdpServerArgs};
use crate::record::Record;
use crate::restart::{Event, Lifecycle, Replacement, Served};
use crate::seconds::Seconds;
use crate::signals;
use crate::systemd::{Notifier, Watchdog};
use reporter::Reporter;

const STATS_EVERY: Duration = Duration::from_secs(1);

const AFTER: &str = "\
Examples:
  capsock serve tcp                                       on port 12000, for this machine only
  capsock serve tcp --concurrency threads --port 5000     a thread for each connection
  capsock serve udp --host '' --stats                     for any machine, with totals
  capsock serve tcp --port 0 --json                       on a free port, printed as JSON
  systemd-socket-activate -l 12000 capsock serve tcp      on a socket of systemd
  capsock serve tcp --host unix:/run/capsock.sock         on a Unix domain socket, for who may write to its file
  capsock serve tcp --metrics 9100 --log-format json      with totals for Prometheus, for this machine only
  capsock serve tcp --replace /run/capsock.sock           in place of the one that waits there, if any

The server runs until Ctrl-C or SIGTERM. It then finishes the requests in progress and prints the totals.
If systemd has passed sockets (LISTEN_FDS), it serves on those, and tells systemd when it is ready.
A second Ctrl-C cuts the remaining connections at once. The exit status is 130 after Ctrl-C, 143 after SIGTERM, and 0
after the server has been replaced: by SIGUSR2, which starts the same command again, or by another one with --replace.";

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
    /// Of the sockets that systemd has passed, serve on those of this name (FileDescriptorName= of the socket unit) alone.
    /// Without it, all of them are served, in the place of the host and the port.
    #[arg(long, value_name = "NAME")]
    socket: Option<String>,
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
    replacement: Replacement,
    #[command(flatten)]
    trace: Record,
}

pub(crate) fn run(serve: &Serve) -> Result<()> {
    let (common, mut options) = match &serve.on {
        On::Tcp(tcp) => (&tcp.common, tcp.args.set(tcp.common.args.options(Transport::Tcp))),
        On::Udp(udp) => (&udp.common, udp.args.set(udp.common.args.options(Transport::Udp))),
    };
    let mut lifecycle = Lifecycle::begin(&common.replacement, options.transport())?;
    // A successor has those of the server that it replaces.
    let given = if lifecycle.is_successor() { None } else { Some(common.socket.as_deref()) };
    let sockets = given.map(|name| options.add_systemd_sockets(name)).transpose()?.unwrap_or_default();
    if let (Some(Some(name)), true) = (given, sockets.is_empty()) {
        return Err(Failure::usage(format!("--socket {name}: systemd has passed no socket to this process")));
    }
    let (notifier, mut watchdog) = (Notifier::of_environment(common.log_format), Watchdog::of_environment());
    let options = match common.log_format {
        // Without a log, the server writes its lines as the command does.
        LogFormat::Text => options,
        LogFormat::Json => options.log(LogFormat::write_of_server),
    };
    let _recording = common.trace.start()?;
    let endpoint = Endpoint::from((common.args.host.as_str(), common.args.port));
    let options = lifecycle.adopt(options, &endpoint)?;
    let metrics = common.metrics.as_ref().map(|address| bind(address, &mut lifecycle)).transpose()?;
    let server = Arc::new(options.start_interruptible(Some(signals::once))?);
    lifecycle.take_over(&server)?;
    let metrics = metrics.map(|bound| bound.serve(&server)).transpose()?;
    let mut reporter = Reporter::new(common.json, common.log_format)?;
    notifier.ready(&reporter.ready(&server, &sockets, metrics.as_ref())?);
    if common.stats {
        reporter.features(&server.stats());
    }
    let (reporter, notifier) = (Arc::new(Mutex::new(reporter)), Arc::new(notifier));
    let metrics = Arc::new(Mutex::new(metrics));
    let served = Served { server: Arc::clone(&server), metrics: Arc::clone(&metrics) };
    let waiting = lifecycle.wait_for_successors(served, {
        let (reporter, notifier) = (Arc::clone(&reporter), Arc::clone(&notifier));
        move |event| {
            if let Event::Replaced { process, .. } = event {
                notifier.replaced_by(process);
            }
            lock(&reporter).replacement(&event);
        }
    })?;

    let mut next_totals = common.stats.then(|| Instant::now() + STATS_EVERY);
    loop {
        let next = [next_totals, watchdog.as_ref().map(Watchdog::next)].into_iter().flatten().min();
        let time = next.map(|next| next.saturating_duration_since(Instant::now()));
        match server.wait(time, Some(signals::once)) {
            Ok(true) => break,
            Ok(false) => {
                if next_totals.is_some_and(|next| next <= Instant::now()) {
                    lock(&reporter).totals(&server.stats())?;
                    next_totals = Some(Instant::now() + STATS_EVERY);
                }
                // The successor reports from now on.
                watchdog = watchdog.filter(|_| !waiting.is_replaced());
                if let Some(watchdog) = &mut watchdog {
                    watchdog.report_if_due(&server, &notifier);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => break,
            Err(error) => return Err(error.into()),
        }
    }
    if !waiting.is_replaced() {
        notifier.stopping("finishing the requests in progress");
    }
    // The endpoint answers until the server has stopped.
    if let Some(metrics) = lock(&metrics).as_ref() {
        metrics.drain();
    }
    lock(&reporter).stopping(&server.stats());
    let report = stop(&server, common.stop_timeout)?;
    lock(&reporter).stopped(report, &server.stats())
}

fn bind(address: &Address, lifecycle: &mut Lifecycle) -> Result<Bound> {
    Bound::new(address, lifecycle.metrics_listeners(address.endpoint())?)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
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
