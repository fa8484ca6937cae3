//! A server that runs: its start, and the address at which it can be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use capsock::Transport;
use socket2::{Domain, Socket, Type};

use crate::options::Options;
use crate::proc;
use crate::stop::{Stop, fail};
use crate::submission::{Input, Submission};
use crate::timer::Timer;
use crate::watch::Watch;
use crate::words::seconds;

/// What a whole probe may take, as a multiple of the patience, and at least.
const PROBE: u32 = 30;
const LONGEST: Duration = Duration::from_secs(300);
/// How long a start is awaited, as a multiple of the patience: a JVM compiles its source first.
const START: u32 = 3;
/// How long a port is awaited that an earlier run keeps: TIME_WAIT takes a minute.
const IN_USE: Duration = Duration::from_secs(70);
const AGAIN: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(10);
/// What programs of several languages say of EADDRINUSE.
const ADDRESS_IN_USE: [&str; 4] = ["in use", "EADDRINUSE", "AddrInUse", "BindException"];

/// A server that has bound its port.
pub(super) struct Running {
    pub(super) submission: Submission,
    pub(super) address: SocketAddr,
}

/// Refuses a port that is another program's, and a check without a port where the system does not tell it.
pub(super) fn free(options: &Options) -> Result<(), String> {
    if options.port.is_none() && !options.tells_port() && cfg!(not(target_os = "linux")) {
        return Err(
            "this system does not tell which port a program binds: give --port N, the port of the program, \
                    or write {port} where the program takes it"
                .to_owned(),
        );
    }
    match options.port {
        Some(port) if taken(options.transport, port) => Err(format!(
            "{} port {port} is taken by another program: end that one, or give another --port",
            options.transport.name()
        )),
        _ => Ok(()),
    }
}

impl Running {
    /// Starts the program. If an earlier run of it keeps the port, it is started again until the port is free.
    pub(super) fn start(options: &Options, home: &Path) -> Result<Running, Stop> {
        let until = Instant::now() + IN_USE;
        let mut told = false;
        loop {
            let port = match options.port {
                None if options.tells_port() => free_port(options.transport),
                port => port,
            };
            match Running::once(options, home, port)? {
                Ok(running) => return Ok(running),
                Err(end) if end.in_use && Instant::now() < until => {
                    if !std::mem::replace(&mut told, true) {
                        (options.notice)(
                            "the port is in use, maybe by an earlier run: waiting until it is free",
                        );
                    }
                    pause(options, AGAIN)?;
                }
                Err(end) => return fail(end.seen),
            }
        }
    }

    /// What a probe looks out for.
    pub(super) fn watch(&self, options: &Options) -> Watch<'_> {
        let limit = (options.patience * PROBE).max(LONGEST);
        Watch {
            submission: &self.submission,
            patience: options.patience,
            end: Instant::now() + limit,
            interrupted: options.interrupted,
        }
    }

    /// Starts the program once on a port.
    pub(super) fn once(
        options: &Options,
        home: &Path,
        port: Option<u16>,
    ) -> Result<Result<Running, NotStarted>, Stop> {
        let command = options.words(port);
        let submission = match Submission::start(&command, &options.bounds, home, Input::Open) {
            Ok(submission) => submission,
            Err(error) => return Ok(Err(NotStarted { seen: error, in_use: false })),
        };
        let limit = options.patience * START;
        let mut timer = Timer::new(&submission, limit);
        let address = loop {
            if let Some(address) = address(options, &submission, port) {
                break address;
            }
            if let Some(end) = submission.ended() {
                let in_use = ADDRESS_IN_USE.iter().any(|word| submission.mentions(word));
                let seen = format!("it did not get so far as to bind a port: {end}");
                return Ok(Err(NotStarted { seen, in_use }));
            }
            if timer.over() {
                let seen = never_bound(options, &submission, port, limit);
                return Ok(Err(NotStarted { seen, in_use: false }));
            }
            pause(options, POLL)?;
        };
        Ok(Ok(Running { submission, address }))
    }
}

/// Why a program is not running.
pub(super) struct NotStarted {
    pub(super) seen: String,
    /// Whether it said that the address is in use.
    pub(super) in_use: bool,
}

fn pause(options: &Options, time: Duration) -> Result<(), Stop> {
    thread::sleep(time);
    if (options.interrupted)() { Err(Stop::Interrupted) } else { Ok(()) }
}

/// Where the program can be asked, once it can.
fn address(options: &Options, submission: &Submission, port: Option<u16>) -> Option<SocketAddr> {
    let bound = proc::bound(&submission.processes(), options.transport);
    let own = bound.into_iter().flatten().filter(|address| port.is_none_or(|port| address.port() == port));
    // The lowest port, and of its addresses one of IPv4.
    match own.min_by_key(|address| (address.port(), address.is_ipv6())) {
        Some(address) => Some(reached(options.transport, address)),
        // Not a process of the tree, such as one in a container, or a system that does not tell.
        None => {
            let port = port?;
            taken(options.transport, port).then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        }
    }
}

/// The address of the loopback at which a socket is reached that is bound to `address`.
fn reached(transport: Transport, address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        // With IPV6_V6ONLY the port is free for IPv4.
        IpAddr::V6(ip) if ip.is_unspecified() => {
            if bind(transport, (Ipv4Addr::UNSPECIFIED, address.port()).into(), false).is_ok() {
                Ipv6Addr::LOCALHOST.into()
            } else {
                Ipv4Addr::LOCALHOST.into()
            }
        }
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Whether a program has bound a port. A connection in TIME_WAIT is no program.
fn taken(transport: Transport, port: u16) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    bind(transport, address, transport == Transport::Tcp)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

fn free_port(transport: Transport) -> Option<u16> {
    let socket = bind(transport, (Ipv4Addr::LOCALHOST, 0).into(), false).ok()?;
    socket.local_addr().ok()?.as_socket().map(|address| address.port())
}

fn bind(transport: Transport, address: SocketAddr, reuse: bool) -> std::io::Result<Socket> {
    let kind = if transport == Transport::Tcp { Type::STREAM } else { Type::DGRAM };
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    socket.set_reuse_address(reuse)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn never_bound(options: &Options, submission: &Submission, port: Option<u16>, limit: Duration) -> String {
    let name = options.transport.name();
    let wanted = port.map_or_else(|| format!("no {name} port"), |port| format!("not {name} port {port}"));
    let processes = submission.processes();
    let others: Vec<String> = [Transport::Tcp, Transport::Udp]
        .into_iter()
        .flat_map(|transport| {
            let bound = proc::bound(&processes, transport).unwrap_or_default();
            bound.into_iter().map(move |address| format!("{} port {}", transport.name(), address.port()))
        })
        .collect();
    let instead = if others.is_empty() { String::new() } else { format!(", but {}", others.join(", ")) };
    let said = submission.said().map(|said| format!("; it said: {said}")).unwrap_or_default();
    format!("it bound {wanted} within {}{instead}{said}", seconds(limit))
}
