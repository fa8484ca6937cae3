//! What a browser asks for.

use httparse::Request;

use crate::http::head::{is_head, path, values};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The page, or a picture for one that is open, which are the same.
    Page {
        /// Whether the reply is to have no content.
        head: bool,
    },
    /// The events that tell of pictures.
    Events,
}

/// What a request asks for of the server at `port`, whose secret is `token`.
///
/// A request that names another host is refused: a page of that name would otherwise read this one, once its name has
/// been given this machine's address (DNS rebinding).
pub(super) fn wanted(request: &Request<'_, '_>, port: u16, token: &str) -> Result<Wanted, u16> {
    let named = |host: &[u8]| {
        ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{port}").as_bytes())
    };
    if !values(request, "host").all(named) {
        return Err(403);
    }
    let page = path(request).strip_prefix('/').and_then(|path| path.strip_prefix(token));
    match page.ok_or(404_u16)? {
        "/" | "/picture" => Ok(Wanted::Page { head: is_head(request)? }),
        "/events" if !is_head(request)? => Ok(Wanted::Events),
        "/events" => Err(405),
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
            ("GET /s3cret/", "127.0.0.1", Head::Refused(403)),
            ("GET /s3cret/", "127.0.0.1:81", Head::Refused(403)),
            ("GET /s3cret/", "example.org:80", Head::Refused(403)),
            ("GET /s3cret/", "localhost:80.example.org", Head::Refused(403)),
        ] {
            let text = format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(parse(text.as_bytes(), |request| wanted(request, 80, "s3cret")), head, "{text}");
        }
    }
}
