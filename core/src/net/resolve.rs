//! Resolving a name to addresses, with a deadline.
//!
//! getaddrinfo(3) can neither be interrupted nor given a deadline, so it runs on a thread of its own, which ends by
//! itself if its caller has given up. Numeric addresses and `localhost` need no thread: by RFC 6761, 6.3,
//! `localhost` and all names below it are the loopback addresses, whatever the system's files say.

use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::endpoint::Endpoint;
use super::sys::{self, Errno, GaiError};
use super::wait::{Deadline, WaitOptions, WaitPolicy, Waker, wait_readable};
use crate::error::{Error, Result};
use crate::netc;

/// The use of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To connect: an empty host is the loopback address.
    Connect,
    /// To bind: an empty host is the unspecified address.
    Bind,
}

const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
const UNSPECIFIED: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];

/// The addresses of an endpoint in the order to try them; at least one.
pub(crate) fn resolve(
    endpoint: &Endpoint,
    purpose: Purpose,
    wait: WaitOptions<'_>,
) -> Result<Vec<SocketAddr>> {
    let (host, port) = (endpoint.host(), endpoint.port());
    if endpoint.unix().is_some() {
        let why = "a Unix domain socket has no IP address".to_owned();
        return Err(Error::gai(netc::EAI_NONAME, None, why, host));
    }
    if let Some(known) = without_resolver(host, port, purpose) {
        return Ok(known);
    }
    let name = CString::new(host).map_err(|_| {
        Error::invalid("find the address of", "the name contains a NUL character").at(host.escape_debug())
    })?;
    getaddrinfo(name, host, port, wait)
}

impl Endpoint {
    /// The addresses of the endpoint in the order to try them; at least one. getaddrinfo(3) runs on a thread of its
    /// own, so that the call ends by its wait policy.
    ///
    /// # Errors
    /// `NameNotResolved`, `TimedOut`, `Interrupted`, `InvalidArgument` for a name with a NUL.
    pub fn addresses(&self, purpose: Purpose, policy: WaitPolicy) -> Result<Vec<SocketAddr>> {
        let deadline = Deadline::after(policy.timeout);
        let wait = WaitOptions { deadline, waker: None, on_interrupt: policy.on_interrupt.into() };
        resolve(self, purpose, wait)
    }
}

fn without_resolver(host: &str, port: u16, purpose: Purpose) -> Option<Vec<SocketAddr>> {
    let both = |ips: [IpAddr; 2]| Some(ips.map(|ip| SocketAddr::new(ip, port)).to_vec());
    if host.is_empty() {
        return both(if purpose == Purpose::Bind { UNSPECIFIED } else { LOOPBACK });
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return both(LOOPBACK);
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(vec![SocketAddr::new(ip, port)]);
    }
    let (ip, scope) = host.split_once('%')?;
    let ip = ip.parse::<Ipv6Addr>().ok()?;
    let scope = scope.parse().ok().or_else(|| sys::interface_index(scope))?;
    Some(vec![SocketAddr::V6(SocketAddrV6::new(ip, port, 0, scope))])
}

type Answer = std::result::Result<Vec<SocketAddr>, GaiError>;

fn getaddrinfo(name: CString, host: &str, port: u16, wait: WaitOptions<'_>) -> Result<Vec<SocketAddr>> {
    let tried = "find the address of";
    let os = |errno: Errno| Error::os(errno.0, tried).at(host);
    let question: Arc<(Mutex<Option<Answer>>, Waker)> =
        Arc::new((Mutex::new(None), Waker::new().map_err(os)?));
    let asked = Arc::clone(&question);
    sys::with_signals_blocked(|| {
        thread::Builder::new().name("capsock-resolve".to_owned()).spawn(move || {
            let answer = sys::addresses_of(&name, port);
            *asked.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            asked.1.notify();
        })
    })
    .map_err(|error| os(Errno::from(error)))?;
    wait_readable(question.1.fd(), wait).map_err(|error| error.while_trying(tried).at(host))?;
    let answer = question.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match answer {
        Some(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Some(Err(failed)) => Err(Error::gai(failed.code, failed.errno, failed.text, host)),
        _ => Err(Error::gai(netc::EAI_NONAME, None, "it has no IPv4 or IPv6 address".to_owned(), host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn addresses(host: &str, purpose: Purpose) -> Result<Vec<SocketAddr>> {
        resolve(&Endpoint::from((host, 7)), purpose, WaitOptions::until(Deadline::NEVER))
    }

    #[test]
    fn names_that_need_no_resolver() {
        use Purpose::{Bind, Connect};
        let table = [
            ("", Bind, &["0.0.0.0:7", "[::]:7"][..]),
            ("", Connect, &["127.0.0.1:7", "[::1]:7"]),
            ("LocalHost", Bind, &["127.0.0.1:7", "[::1]:7"]),
            ("a.localhost.", Connect, &["127.0.0.1:7", "[::1]:7"]),
            ("192.0.2.1", Connect, &["192.0.2.1:7"]),
            ("2001:db8::1", Connect, &["[2001:db8::1]:7"]),
            ("[2001:db8::1]", Connect, &["[2001:db8::1]:7"]),
            ("fe80::1%1", Connect, &["[fe80::1%1]:7"]),
            ("fe80::1%lo", Connect, &["[fe80::1%1]:7"]),
        ];
        for (host, purpose, expected) in table {
            let found = addresses(host, purpose).unwrap();
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{host}");
        }
    }

    #[test]
    fn names_that_have_no_address() {
        let unknown = addresses("does-not-exist.invalid", Purpose::Connect).unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::NameNotResolved);
        assert!(unknown.gai_code().is_some());
        assert!(unknown.to_string().contains("does-not-exist.invalid"), "{unknown}");
        let unix = addresses("unix:/run/x.sock", Purpose::Connect).unwrap_err();
        assert_eq!(unix.kind(), ErrorKind::NameNotResolved);
        assert_eq!(addresses("a\0b", Purpose::Connect).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}
