//! The endpoint of `--metrics`: the totals of a server, its health and its readiness, over HTTP/1.1.
//!
//! [`head`] says what a request wants, [`counts`] counts them, and [`address`] binds. None of it runs on a thread of the
//! server or touches its sockets, and none of its sockets is recorded by `--trace`.

mod address;
mod counts;
mod head;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use capsock::Server;

pub(crate) use address::Address;
use counts::Counts;
use head::{Page, Wanted, wanted};

use crate::failure::{Failure, Result};
use crate::http::head::parse;
use crate::http::{Connection, Head, Listener, Response, TEXT};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The sockets, bound before the server starts.
pub(crate) struct Bound(Vec<TcpListener>);

impl Bound {
    /// Binds the address, unless these listeners have been handed over for it.
    pub(crate) fn new(address: &Address, handed_over: Vec<TcpListener>) -> Result<Bound> {
        if handed_over.is_empty() { address.bind().map(Bound) } else { Ok(Bound(handed_over)) }
    }

    /// Starts to answer; dropping the endpoint ends that.
    pub(crate) fn serve(self, server: &Arc<Server>) -> Result<Endpoint> {
        let failed = |error: std::io::Error| Failure::new(format!("could not serve the metrics: {error}"));
        let pages = Arc::new(Pages {
            server: Arc::clone(server),
            draining: AtomicBool::new(false),
            counts: Counts::default(),
        });
        let mut endpoint =
            Endpoint { pages, addresses: Vec::new(), sockets: Vec::new(), listeners: Vec::new() };
        for listener in self.0 {
            endpoint.sockets.push(listener.try_clone().map_err(failed)?);
            let address = listener.local_addr().map_err(failed)?;
            let (answering, unanswered) = (Arc::clone(&endpoint.pages), Arc::clone(&endpoint.pages));
            let started = Listener::start(
                listener,
                move |stream| answering.answer(stream),
                move || unanswered.counts.unanswered(),
            );
            endpoint.listeners.push(started.map_err(failed)?);
            endpoint.addresses.push(address);
        }
        Ok(endpoint)
    }
}

/// The running endpoint.
pub(crate) struct Endpoint {
    pages: Arc<Pages>,
    addresses: Vec<SocketAddr>,
    /// Copies, for a successor.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is none"))]
    sockets: Vec<TcpListener>,
    /// Each ends when it is dropped.
    listeners: Vec<Listener>,
}

impl Endpoint {
    /// The addresses that it is bound to.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What it listens on.
    #[cfg(unix)]
    pub(crate) fn sockets(&self) -> &[TcpListener] {
        &self.sockets
    }

    /// From now on the server is not ready.
    pub(crate) fn drain(&self) {
        self.pages.draining.store(true, Ordering::Relaxed);
    }
}

/// What the pages are made of.
struct Pages {
    server: Arc<Server>,
    /// Whether the server finishes what it has begun, and takes no more.
    draining: AtomicBool,
    counts: Counts,
}

impl Pages {
    /// Answers the request of a connection.
    fn answer(&self, stream: &TcpStream) {
        let connection = Connection::new(stream);
        let response = match connection.head(|bytes| parse(bytes, wanted)) {
            Some(Head::Wants(wanted)) => self.page(wanted),
            Some(Head::Refused(code)) => Response::refusal(code, "there are /metrics, /healthz and /readyz"),
            Some(Head::Incomplete) | None => return self.counts.unanswered(),
        };
        self.counts.response(response.code);
        // A client that has gone misses its response, which nobody else does.
        let _ = connection.respond(&response);
    }

    fn page(&self, Wanted { page, head }: Wanted) -> Response {
        let (code, kind, content) = match page {
            Page::Metrics { open_metrics: true } => {
                (200, OPEN_METRICS, self.counts.append_to(self.server.open_metrics(), true))
            }
            Page::Metrics { open_metrics: false } => {
                (200, PROMETHEUS, self.counts.append_to(self.server.prometheus_text(), false))
            }
            Page::Health => (200, TEXT, "ok\n".to_owned()),
            Page::Readiness if self.draining.load(Ordering::Relaxed) => (503, TEXT, "draining\n".to_owned()),
            Page::Readiness => (200, TEXT, "ready\n".to_owned()),
        };
        let response = Response::new(code, kind, content, head);
        match page {
            Page::Metrics { .. } => response.with("Vary: Accept\r\n"),
            Page::Health | Page::Readiness => response,
        }
    }
}
