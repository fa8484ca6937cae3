//! The response to a request for the metrics.

use std::fmt::Write;
use std::time::SystemTime;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
pub(super) const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Each status code that a response has, its phrase (RFC 9110, 15; RFC 6585), and what to do about a refusal.
pub(super) const STATUSES: [(u16, &str, &str); 8] = [
    (200, "OK", ""),
    (400, "Bad Request", "this is no request of HTTP/1.1, or has not one field Host"),
    (404, "Not Found", "there are /metrics, /healthz and /readyz"),
    (405, "Method Not Allowed", "use GET or HEAD"),
    (408, "Request Timeout", "the request was not complete in time"),
    (431, "Request Header Fields Too Large", "send a request of at most 8 KiB and 64 fields"),
    (503, "Service Unavailable", ""),
    (505, "HTTP Version Not Supported", "use HTTP/1.1"),
];

/// A response that is to be sent.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) code: u16,
    kind: &'static str,
    content: String,
    /// Whether the content is left out, as for a HEAD.
    head: bool,
}

impl Response {
    pub(super) fn new(code: u16, kind: &'static str, content: String, head: bool) -> Response {
        Response { code, kind, content, head }
    }

    /// The response that refuses a request, with the reason as text.
    pub(super) fn refusal(code: u16) -> Response {
        let (_, phrase, advice) = status(code);
        Response::new(code, TEXT, format!("{phrase}: {advice}\n"), false)
    }

    /// The bytes to send.
    pub(super) fn bytes(&self, now: SystemTime) -> Vec<u8> {
        let Response { code, kind, content, head } = self;
        let (_, phrase, _) = status(*code);
        let mut text = format!(
            "HTTP/1.1 {code} {phrase}\r\nDate: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n",
            httpdate::fmt_http_date(now.max(SystemTime::UNIX_EPOCH)),
            content.len(),
        );
        if [OPEN_METRICS, PROMETHEUS].contains(kind) {
            text += "Vary: Accept\r\n";
        }
        if *code == 405 {
            text += "Allow: GET, HEAD\r\n";
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "\r\n{}", if *head { "" } else { content });
        text.into_bytes()
    }
}

fn status(code: u16) -> (u16, &'static str, &'static str) {
    let found = STATUSES.iter().find(|(one, _, _)| *one == code);
    *found.unwrap_or(&(500, "Internal Server Error", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_says_what_it_is() {
        let text = |response: Response| {
            let bytes = response.bytes(SystemTime::UNIX_EPOCH);
            String::from_utf8(bytes).expect("UTF-8")
        };
        assert_eq!(
            text(Response::new(200, TEXT, "ok\n".to_owned(), false)),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: 3\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\
             \r\nok\n"
        );
        let head = text(Response::new(200, OPEN_METRICS, "# EOF\n".to_owned(), true));
        assert!(head.contains("Content-Length: 6\r\n") && head.ends_with("Vary: Accept\r\n\r\n"), "{head}");
        let refused = text(Response::refusal(405));
        assert!(refused.contains("Allow: GET, HEAD\r\n"), "{refused}");
        assert!(refused.ends_with("\r\n\r\nMethod Not Allowed: use GET or HEAD\n"), "{refused}");
    }
}
