//! Validates the options of a server, and makes of them the settings that it runs with: options that contradict each
//! other are an error, and a 0 that stands for a default is replaced by the default.

use std::time::Duration;

use super::options::ServerOptions;
use super::settings::ServerSettings;
use crate::choices::{Concurrency, Framing, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::framing::{check_delimiter, check_length_bytes};
use crate::net::{Child, Features};
use crate::proxy_protocol::Networks;
use crate::service::Handler;

/// More threads or processes than this for each address are a mistake on any machine.
const MAX_WORKERS: usize = 1_024;

/// The most requests that an asynchronous handler may have pending: each has a connection, or a datagram, and no thread.
const MAX_PENDING: usize = 65_536;

/// How many it may have pending by default.
const DEFAULT_PENDING: usize = 1_024;

/// The upper bound of `busy_poll`.
const MAX_BUSY_POLL: Duration = Duration::from_secs(1);

/// Every permission of a file.
const MAX_SOCKET_MODE: u32 = 0o777;

/// The error for the PROXY protocol on a Unix domain socket.
pub(in crate::server) fn proxies_have_no_address() -> Error {
    let why = "proxy_protocol believes proxies by their IP addresses, and the clients of a Unix domain socket have none";
    Error::invalid("start the server", why)
        .advise("bind the server to an IP address for the proxy, such as 127.0.0.1")
}

/// The settings with every default filled in, and the optional system calls that the engine uses.
///
/// # Errors
/// `InvalidArgument` for an option out of its range, for options that contradict each other, and for an unknown
/// name in `CAPSOCK_WITHOUT`; `Unsupported` for processes where the system has none.
pub(in crate::server) fn settings_from(options: &ServerOptions) -> Result<(ServerSettings, Features)> {
    check(options)?;
    check_concurrency(options.settings.concurrency, Child::SUPPORTED)?;
    let excluded = options.without.union(Features::excluded_by_environment()?);
    let features = Features::of_this_machine().intersection(useful_features(options)).without(excluded);
    let mut settings = options.settings.clone();
    settings.max_connections = max_connections(&settings);
    settings.workers = match is_async(options) {
        // The threads that call the handler, which returns at once.
        true => workers(0).min(pending_limit(options)),
        false => workers(settings.workers),
    };
    Ok((settings, features))
}

/// How many requests an asynchronous handler may have pending at the same time.
pub(in crate::server) fn pending_limit(options: &ServerOptions) -> usize {
    match (options.settings.concurrency, options.settings.workers) {
        (Concurrency::Iterative, _) => 1,
        (_, 0) => DEFAULT_PENDING,
        (_, given) => given,
    }
}

fn is_async(options: &ServerOptions) -> bool {
    matches!(options.handler, Some(Handler::Async(_)))
}

fn check(options: &ServerOptions) -> Result<()> {
    let refuse = |why: &str, advice: &str| Err(Error::invalid("start the server", why).advise(advice));
    let settings = &options.settings;
    if settings.max_request == 0 {
        return refuse("max_request is 0, so no request would be short enough", "give at least 1 byte");
    }
    check_length_bytes(settings.length_bytes).or_else(|(why, advice)| refuse(&why, advice))?;
    check_delimiter(&settings.delimiter).or_else(|(why, advice)| refuse(&why, advice))?;
    if settings.framing == Framing::Delimiter && settings.delimiter.len() > settings.max_request {
        let why = "the delimiter is longer than max_request, so no request would be short enough";
        return refuse(why, "set a larger max_request, which includes the delimiter");
    }
    for (name, limit) in [
        ("idle_timeout", settings.idle_timeout),
        ("write_timeout", settings.write_timeout),
        ("proxy_header_timeout", settings.proxy_header_timeout),
    ] {
        if limit == Some(Duration::ZERO) {
            let why = format!("{name} is 0, so every connection would be closed at once");
            return refuse(&why, "set a value above 0, or no limit");
        }
    }
    if settings.busy_poll > MAX_BUSY_POLL {
        let why = format!("busy_poll is {} s, and 1 s is the most", settings.busy_poll.as_secs_f64());
        return refuse(&why, "some 50 microseconds do most of what it can do");
    }
    let most = if is_async(options) { MAX_PENDING } else { MAX_WORKERS };
    if settings.workers > most {
        let why = format!("{} workers are more than {most}", settings.workers);
        return refuse(&why, "0 takes one for each processor");
    }
    let counts_clients = settings.max_connections_per_peer > 0 && !settings.proxy_protocol.is_empty();
    if counts_clients && options.transport == Transport::Tcp && settings.concurrency == Concurrency::Processes
    {
        let why = "max_connections_per_peer counts the clients of a proxy by its header, which the process of a \
                   connection reads for itself alone";
        return refuse(why, "choose the concurrency threads or events, or let the proxy limit its clients");
    }
    if !settings.proxy_protocol.is_empty() && options.endpoint.unix().is_some() {
        return Err(proxies_have_no_address());
    }
    if settings.socket_mode > MAX_SOCKET_MODE {
        let why = format!("socket_mode is {:#o}, which is no permission of a file", settings.socket_mode);
        return refuse(&why, "give three octal digits, such as 0o660");
    }
    if settings.socket_mode != 0 && options.endpoint.unix().is_none_or(|unix| unix.as_path().is_none()) {
        let why = "socket_mode is for the file of a Unix domain socket, and there is none";
        return refuse(why, "take a path as the host, as in unix:/run/capsock.sock, or leave the mode at 0");
    }
    if options.handler.is_none() {
        return Ok(());
    }
    if settings.concurrency == Concurrency::Processes {
        let why = "a handler cannot run in forked processes, which may only do async-signal-safe work";
        return refuse(why, "choose the concurrency threads or events");
    }
    if options.transport == Transport::Tcp && settings.framing == Framing::Stream {
        let why = "the framing stream has no request boundaries, which a handler requires";
        return refuse(why, "choose the framing line, length, delimiter or once");
    }
    Ok(())
}

/// The networks that `proxy_protocol` names.
///
/// # Errors
/// `InvalidArgument` if it is no list of networks.
pub(in crate::server) fn proxies(settings: &ServerSettings) -> Result<Option<Networks>> {
    Networks::parse(&settings.proxy_protocol).map_err(|(why, advice)| {
        Error::invalid("start the server", format!("proxy_protocol: {why}")).advise(advice)
    })
}

/// Refuses `processes` where no child can be forked safely.
fn check_concurrency(concurrency: Concurrency, has_children: bool) -> Result<()> {
    if concurrency != Concurrency::Processes || has_children {
        return Ok(());
    }
    let why = "this system cannot fork a program that has threads, so there is no concurrency processes";
    let error = Error::new(ErrorKind::Unsupported, "start the server", why);
    Err(error.advise("choose the concurrency threads or events"))
}

/// The optional system calls that the engine has a use for.
fn useful_features(options: &ServerOptions) -> Features {
    if options.endpoint.unix().is_some() {
        // A shutdown that interrupts a receive on such a stream ends the output of its peer.
        let blocks =
            if options.transport == Transport::Udp { Features::BLOCKING_RECEIVE } else { Features::NONE };
        let processes = options.settings.concurrency == Concurrency::Processes;
        return blocks.union(if processes { Features::PIDFD } else { Features::NONE });
    }
    let batches = Features::RECVMMSG.union(Features::UDP_SEGMENT).union(Features::UDP_GRO);
    match (options.transport, options.settings.concurrency) {
        (Transport::Udp, Concurrency::Processes) => Features::BLOCKING_RECEIVE.union(Features::PIDFD),
        (Transport::Tcp, Concurrency::Processes) => Features::PIDFD,
        (Transport::Udp, Concurrency::Events) if options.handler.is_none() => {
            Features::BLOCKING_RECEIVE.union(batches)
        }
        (Transport::Udp, _) | (Transport::Tcp, Concurrency::Iterative | Concurrency::Threads) => {
            Features::BLOCKING_RECEIVE
        }
        (Transport::Tcp, Concurrency::Events) => Features::NONE,
    }
}

fn max_connections(settings: &ServerSettings) -> usize {
    match (settings.max_connections, settings.concurrency) {
        (0, Concurrency::Iterative) => 1,
        (0, Concurrency::Threads) => 1_024,
        (0, Concurrency::Processes) => 256,
        (0, Concurrency::Events) => 65_536,
        (given, _) => given,
    }
}

fn workers(given: usize) -> usize {
    match given {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        given => given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_refused_where_no_child_can_be_forked() {
        for (concurrency, has_children, refused) in [
            (Concurrency::Processes, false, true),
            (Concurrency::Processes, true, false),
            (Concurrency::Threads, false, false),
            (Concurrency::Events, false, false),
        ] {
            let result = check_concurrency(concurrency, has_children);
            assert_eq!(result.is_err(), refused, "{concurrency:?}");
            if let Err(error) = result {
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(error.to_string().contains("threads or events"), "{error}");
            }
        }
    }
}
