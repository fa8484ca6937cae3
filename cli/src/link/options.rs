//! The arguments of `capsock link`, and the link's options of them.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use capsock::net::Endpoint;
use capsock_link::{
    Bytes, Chance, DatagramOptions, Delay, Directed, Direction, Impairments, Numbers, PerDirection, Rate,
    StreamImpairments, StreamOptions,
};

use crate::failure::{Failure, Result};
use crate::port::port;
use crate::record::Record;
use crate::seconds::Seconds;

/// Seeds of so many are short enough to be typed again.
const SEEDS: u64 = 1_000_000;

const AFTER: &str = "\
Examples:
  capsock link udp --loss 30% --seed 7                 lose the same three of ten in each run
  capsock link udp --drop up:1                         lose the first datagram from a client
  capsock link udp --delay 40ms --jitter 20ms          each takes 20 to 60 ms
  capsock link udp --loss up:10% --loss down:1%        each direction by itself
  capsock link tcp --rate 1mbit --delay 40ms           a slow line
  capsock link tcp --cut down:1000                     the reply ends after 1000 bytes
  capsock link tcp --segment 3                         three bytes a segment

Clients use the link's address in place of the server's. An option is for both directions; after `up:` it is for those
from clients to the server, after `down:` for those from the server to clients, and it may be given for each.

Times have a unit: 40ms, 1.5s, 200us. Rates are those of tc(8): 1mbit, 500kbit; 125kB/s counts bytes. A chance is 30%
or 0.3.

The link runs until Ctrl-C or SIGTERM and then prints the totals. The exit status is 130 after Ctrl-C, 143 after SIGTERM.";

/// Relay between clients and a server, and lose, delay, duplicate, reorder or corrupt on the way.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Link {
    #[command(subcommand)]
    pub(super) on: On,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum On {
    /// Relay datagrams: lose, delay, duplicate, reorder, corrupt.
    #[command(after_help = AFTER)]
    Udp(Udp),
    /// Relay connections: delay, throttle, cut, reset, send in small segments.
    #[command(after_help = AFTER)]
    Tcp(Tcp),
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// The port, or the host and port, at which clients are served; without a host this machine alone, `:PORT` any
    /// machine. Port 0 selects a free port.
    #[arg(long, value_name = "[HOST:]PORT", value_parser = listen, default_value = "12001")]
    listen: Endpoint,
    /// The server's host and port.
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:12000")]
    to: Endpoint,
    /// How long a datagram or byte is on its way.
    #[arg(long, value_name = "TIME")]
    delay: Vec<Directed<Delay>>,
    /// The most by which the delay is longer or shorter; all times between are equally likely. Datagrams may overtake each
    /// other, bytes of a stream do not.
    #[arg(long, value_name = "TIME")]
    jitter: Vec<Directed<Delay>>,
    /// How fast payload is transmitted, before its delay.
    #[arg(long, value_name = "RATE")]
    rate: Vec<Directed<Rate>>,
    /// The number whence all follows that happens by chance: the same seed gives the same fate to the same datagram
    /// [default: another one for each run, which is printed].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print a line for each datagram that is impaired, and each connection that is cut, on standard error.
    #[arg(long)]
    pub(super) log: bool,
    /// Print a line of totals each second on standard error.
    #[arg(long)]
    pub(super) stats: bool,
    /// Print JSON on standard output, an object per line: when the link is ready, what --log and --stats print, when it has
    /// stopped, and for an error.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) trace: Record,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Udp {
    #[command(flatten)]
    pub(super) common: Common,
    /// The chance that a datagram is lost.
    #[arg(long, value_name = "CHANCE")]
    loss: Vec<Directed<Chance>>,
    /// Lose these datagrams of a direction, counted from 1 over all clients: `2,5`, `2-4`, `10-`.
    #[arg(long, value_name = "NUMBERS")]
    drop: Vec<Directed<Numbers>>,
    /// The chance that a datagram is sent twice.
    #[arg(long, value_name = "CHANCE")]
    duplicate: Vec<Directed<Chance>>,
    /// The chance that a datagram is sent after the next one, or 100 ms later if none follows.
    #[arg(long, value_name = "CHANCE")]
    reorder: Vec<Directed<Chance>>,
    /// The chance that one bit of a datagram is inverted. The checksum is that of the inverted datagram, so the receiver
    /// gets it.
    #[arg(long, value_name = "CHANCE")]
    corrupt: Vec<Directed<Chance>>,
    /// The most datagrams that a direction holds, of 16 MiB at most; those that find it full are dropped.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    queue: usize,
    /// The most clients at once; a further one takes the place of the one that was idle longest.
    #[arg(long, value_name = "N", default_value_t = 512)]
    max_clients: usize,
    /// The time without a datagram after which a client is forgotten, in seconds; `inf` never forgets one.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value = "60")]
    idle_timeout: Seconds,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Tcp {
    #[command(flatten)]
    pub(super) common: Common,
    /// Close a connection in order, both ways, after so many bytes of a direction.
    #[arg(long, value_name = "BYTES")]
    cut: Vec<Directed<Bytes>>,
    /// Reset a connection, both ways, after so many bytes of a direction.
    #[arg(long, value_name = "BYTES")]
    reset: Vec<Directed<Bytes>>,
    /// Send at most so many bytes in a segment, and the next a millisecond later.
    #[arg(long, value_name = "BYTES")]
    segment: Vec<Directed<Bytes>>,
    /// The most connections at once; a further client is reset.
    #[arg(long, value_name = "N", default_value_t = 256)]
    max_connections: usize,
}

/// A port, or a host and a port.
fn listen(text: &str) -> std::result::Result<Endpoint, String> {
    if text.contains(':') {
        return text.parse().map_err(|error: capsock::Error| error.to_string());
    }
    Ok(Endpoint::from((capsock::DEFAULT_HOST, port(text)?)))
}

fn last<T: Clone>(given: &[Directed<T>], direction: Direction) -> Option<T> {
    Directed::last_for(given, direction).cloned()
}

fn time(given: &[Directed<Delay>], direction: Direction) -> Duration {
    last(given, direction).unwrap_or_default().0
}

impl Link {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.on {
            On::Udp(udp) => udp.common.json,
            On::Tcp(tcp) => tcp.common.json,
        }
    }
}

impl Common {
    /// The seed, or another one for each run.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| RandomState::new().hash_one(0) % SEEDS)
    }

    /// The longest time that a datagram or byte is delayed on purpose.
    pub(super) fn longest_delay(&self) -> Duration {
        let of = |direction| time(&self.delay, direction).saturating_add(time(&self.jitter, direction));
        Direction::BOTH.map(of).into_iter().max().unwrap_or_default()
    }
}

impl Udp {
    pub(super) fn options(&self, seed: u64) -> Result<DatagramOptions> {
        let common = &self.common;
        let idle_timeout = self.idle_timeout.0.unwrap_or(Duration::MAX);
        if idle_timeout.is_zero() {
            return Err(Failure::usage(
                "could not start the link: with --idle-timeout 0 no reply returns to its client",
            ));
        }
        let impairments = |direction| Impairments {
            loss: last(&self.loss, direction).unwrap_or_default(),
            drop: last(&self.drop, direction).unwrap_or_default(),
            duplicate: last(&self.duplicate, direction).unwrap_or_default(),
            reorder: last(&self.reorder, direction).unwrap_or_default(),
            corrupt: last(&self.corrupt, direction).unwrap_or_default(),
            delay: time(&common.delay, direction),
            jitter: time(&common.jitter, direction),
            rate: last(&common.rate, direction),
        };
        Ok(DatagramOptions {
            listen: common.listen.clone(),
            to: common.to.clone(),
            seed,
            impairments: PerDirection::of(impairments),
            queue: self.queue,
            max_clients: self.max_clients,
            idle_timeout,
        })
    }
}

impl Tcp {
    pub(super) fn options(&self, seed: u64) -> Result<StreamOptions> {
        let common = &self.common;
        if self.segment.iter().any(|segment| segment.value == Bytes(0)) {
            return Err(Failure::usage("could not start the link: with --segment 0 no byte could be sent"));
        }
        let impairments = |direction| StreamImpairments {
            delay: time(&common.delay, direction),
            jitter: time(&common.jitter, direction),
            rate: last(&common.rate, direction),
            cut: last(&self.cut, direction).map(|Bytes(bytes)| bytes),
            reset: last(&self.reset, direction).map(|Bytes(bytes)| bytes),
            segment: last(&self.segment, direction)
                .map(|Bytes(bytes)| usize::try_from(bytes).unwrap_or(usize::MAX)),
        };
        Ok(StreamOptions {
            listen: common.listen.clone(),
            to: common.to.clone(),
            seed,
            impairments: PerDirection::of(impairments),
            max_connections: self.max_connections,
        })
    }
}
