//! What a browser asks for.

use httparse::Request;

use crate::http::head::{is_head, path, values};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The page, or a picture for one that is open, which are the same.
    Page {
        /// Whether the reply is to have no content.
        head: bool,
    },
    /// The events that tell of pictures.
    Events,
    /// To let calls go.
    Go(Go),
}

/// Which calls of programs that are stepped are to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    Next,
    /// That of the thread with this number.
    Of(u32),
    All,
    Message,
    End,
}

impl Go {
    fn of(word: &str) -> Option<Go> {
        Some(match word {
            "next" => Go::Next,
            "all" => Go::All,
            "message" => Go::Message,
            "end" => Go::End,
            number => Go::Of(number.parse().ok()?),
        })
    }
}

/// What a request asks for of the server at `port`, whose secret is `token`.
///
/// A request that names another host is refused: a page of that name would otherwise read this one, once its name has
/// been given this machine's address (DNS rebinding).
pub(crate) fn wanted(request: &Request<'_, '_>, port: u16, token: &str) -> Result<Wanted, u16> {
    let named = |host: &[u8]| {
        ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{port}").as_bytes())
    };
    if !values(request, "host").all(named) {
        return Err(403);
    }
    let origin = |origin: &[u8]| origin.strip_prefix(b"http://").is_some_and(named);
    let page = path(request).strip_prefix('/').and_then(|path| path.strip_prefix(token));
    match page.ok_or(404_u16)? {
        "/" | "/picture" => Ok(Wanted::Page { head: is_head(request)? }),
        "/events" if !is_head(request)? => Ok(Wanted::Events),
        "/events" => Err(405),
        other if request.method == Some("POST") => {
            let go = other.strip_prefix("/go/").and_then(Go::of).ok_or(404_u16)?;
            // Only this page's own script may: a browser names the origin of whoever posts.
            let mut origins = values(request, "origin");
            if origins.next().is_some_and(origin) && origins.next().is_none() {
                Ok(Wanted::Go(go))
            } else {
                Err(403)
            }
        }
        _ => Err(404),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Head;
    use crate::http::head::parse;

    #[test]
    fn a_request_needs_the_secret_and_the_right_host() {
        let page = Head::Wants(Wanted::Page { head: false });
        for (line, host, head) in [
            ("GET /s3cret/", "127.0.0.1:80", page),
            ("GET /s3cret/?again", "localhost:80", page),
            ("HEAD /s3cret/", "localhost:80", Head::Wants(Wanted::Page { head: true })),
            ("GET /s3cret/picture", "127.0.0.1:80", page),
            ("GET /s3cret/events", "127.0.0.1:80", Head::Wants(Wanted::Events)),
            ("HEAD /s3cret/events", "127.0.0.1:80", Head::Refused(405)),
            ("POST /s3cret/", "127.0.0.1:80", Head::Refused(405)),
            ("GET /s3cret/other", "127.0.0.1:80", Head::Refused(404)),
            ("GET /s3cret", "127.0.0.1:80", Head::Refused(404)),
            ("GET /s3cre/", "127.0.0.1:80", Head::Refused(404)),
            ("GET /", "127.0.0.1:80", Head::Refused(404)),
            ("GET /s3cret/go/next", "127.0.0.1:80", Head::Refused(404)),
            ("GET /s3cret/", "127.0.0.1", Head::Refused(403)),
            ("GET /s3cret/", "127.0.0.1:81", Head::Refused(403)),
            ("GET /s3cret/", "example.org:80", Head::Refused(403)),
            ("GET /s3cret/", "localhost:80.example.org", Head::Refused(403)),
        ] {
            let text = format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(parse(text.as_bytes(), |request| wanted(request, 80, "s3cret")), head, "{text}");
        }
    }

    #[test]
    fn calls_are_let_go_by_the_page_alone() {
        let own = "Origin: http://127.0.0.1:80\r\n";
        for (path, fields, head) in [
            ("/s3cret/go/next", own, Head::Wants(Wanted::Go(Go::Next))),
            ("/s3cret/go/message", "Origin: http://localhost:80\r\n", Head::Wants(Wanted::Go(Go::Message))),
            ("/s3cret/go/all", own, Head::Wants(Wanted::Go(Go::All))),
            ("/s3cret/go/end", own, Head::Wants(Wanted::Go(Go::End))),
            ("/s3cret/go/2", own, Head::Wants(Wanted::Go(Go::Of(2)))),
            ("/s3cret/go/-2", own, Head::Refused(404)),
            ("/s3cret/go/", own, Head::Refused(404)),
            ("/s3cret/go/quit", own, Head::Refused(404)),
            ("/other/go/next", own, Head::Refused(404)),
            ("/s3cret/go/next", "", Head::Refused(403)),
            ("/s3cret/go/next", "Origin: null\r\n", Head::Refused(403)),
            ("/s3cret/go/next", "Origin: https://127.0.0.1:80\r\n", Head::Refused(403)),
            ("/s3cret/go/next", "Origin: http://127.0.0.1:81\r\n", Head::Refused(403)),
            ("/s3cret/go/next", "Origin: http://example.org\r\n", Head::Refused(403)),
            ("/s3cret/go/next", &format!("{own}{own}"), Head::Refused(403)),
        ] {
            let text = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:80\r\n{fields}\r\n");
            assert_eq!(parse(text.as_bytes(), |request| wanted(request, 80, "s3cret")), head, "{text}");
        }
    }
}
