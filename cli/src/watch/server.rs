//! The server of the page, for this machine alone: the page, and the events that tell a page of new pictures.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::pictures::{News, Pictures};
use super::request::{Go, Wanted, wanted};
use crate::failure::{Failure, Result};
use crate::http::head::parse;
use crate::http::{Connection, Head, Listener, Response, TEXT};

const HTML: &str = "text/html; charset=utf-8";

/// What the browser is to keep others from doing with the page; its own policy is in it.
const FIELDS: &str = "Cross-Origin-Resource-Policy: same-origin\r\nX-Frame-Options: DENY\r\n";

/// The head of the events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), and after how many
/// milliseconds a page whose connection has ended is to come again.
const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                      X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 1000\n\n";

/// The interval of a comment, by which a page that has gone is found.
const COMMENT_EVERY: Duration = Duration::from_secs(5);

/// How long a page that does not read holds its thread.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// How long the end waits until the pages have been told of it.
const END_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct Server {
    address: SocketAddr,
    token: String,
    pages: Arc<Pages>,
    listener: Listener,
}

/// What the threads of the connections share.
struct Pages {
    pictures: Arc<Pictures>,
    /// Who lets calls go, if programs are stepped.
    go: Option<Sender<Go>>,
    /// The pages that are open.
    open: Mutex<usize>,
    closed: Condvar,
}

impl Server {
    /// What a page says goes to `go`, if its programs are stepped.
    pub(crate) fn start(port: u16, pictures: &Arc<Pictures>, go: Option<Sender<Go>>) -> Result<Server> {
        let failed =
            |error: io::Error| Failure::new(format!("could not serve the page on 127.0.0.1:{port}: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(|error| failed(io::Error::other(error.to_string())))?;
        let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let pages =
            Pages { pictures: Arc::clone(pictures), go, open: Mutex::default(), closed: Condvar::new() };
        let pages = Arc::new(pages);
        let (answering, secret) = (Arc::clone(&pages), token.clone());
        let answer = move |stream: &TcpStream| answering.answer(stream, address.port(), &secret);
        let listener = Listener::start(listener, answer, || {}).map_err(failed)?;
        Ok(Server { address, token, pages, listener })
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}/{}/", self.address, self.token)
    }

    /// Tells the pages that are open that there will be no other picture, and ends.
    pub(crate) fn end(self) {
        let Server { pages, listener, .. } = self;
        pages.pictures.end();
        let open = pages.open.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = pages.closed.wait_timeout_while(open, END_LIMIT, |open| *open > 0);
        drop(listener);
    }
}

impl Pages {
    fn answer(&self, stream: &TcpStream, port: u16, token: &str) {
        let connection = Connection::new(stream);
        let response = match connection.head(|bytes| parse(bytes, |request| wanted(request, port, token))) {
            Some(Head::Wants(Wanted::Page { head })) => {
                Response::new(200, HTML, self.pictures.page().1.to_string(), head).with(FIELDS)
            }
            Some(Head::Wants(Wanted::Events)) => {
                *self.open.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                // A page that has gone misses its events, which nobody else does.
                let _ = self.events(stream);
                *self.open.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
                return self.closed.notify_all();
            }
            Some(Head::Wants(Wanted::Go(go))) => match &self.go {
                Some(obey) if obey.send(go).is_ok() => Response::new(200, TEXT, "let go\n".to_owned(), false),
                _ => Response::refusal(404, "no program is stepped here"),
            },
            Some(Head::Refused(code)) => Response::refusal(code, "ask for the address as it was printed"),
            Some(Head::Incomplete) | None => return,
        };
        let _ = connection.respond(&response);
    }

    /// Tells a page of each new picture, until the end.
    fn events(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_write_timeout(Some(WRITE_LIMIT))?;
        stream.write_all(EVENTS.as_bytes())?;
        let (mut seen, mut told) = (None, 0);
        loop {
            let text = match self.pictures.news(seen, told, COMMENT_EVERY) {
                News::Picture(number) => {
                    seen = Some(number);
                    format!("id: {number}\nevent: picture\ndata:\n\n")
                }
                News::Told(number, text) => {
                    told = number;
                    format!("event: step\ndata: {text}\n\n")
                }
                News::None => ":\n\n".to_owned(),
                News::End => return stream.write_all(b"event: end\ndata:\n\n"),
            };
            stream.write_all(text.as_bytes())?;
        }
    }
}
