//! The response to a request.

use std::fmt::Write;
use std::time::SystemTime;

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// Each status code that a response has, and its phrase (RFC 9110, 15; RFC 6585).
pub(crate) const STATUSES: [(u16, &str); 9] = [
    (200, "OK"),
    (400, "Bad Request"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (408, "Request Timeout"),
    (431, "Request Header Fields Too Large"),
    (503, "Service Unavailable"),
    (505, "HTTP Version Not Supported"),
];

/// A response that is to be sent.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) code: u16,
    kind: &'static str,
    content: String,
    /// Whether the content is left out, as for a HEAD.
    head: bool,
    /// Further fields, each with its end of line.
    fields: &'static str,
}

impl Response {
    pub(crate) fn new(code: u16, kind: &'static str, content: String, head: bool) -> Response {
        let fields = if code == 405 { "Allow: GET, HEAD\r\n" } else { "" };
        Response { code, kind, content, head, fields }
    }

    /// The response that refuses a request, with what to do about it as text.
    pub(crate) fn refusal(code: u16, not_found: &str) -> Response {
        let advice = match code {
            400 => "this is no request of HTTP/1.1, or has not one field Host",
            403 => "ask for the address as it was printed",
            404 => not_found,
            405 => "use GET or HEAD",
            408 => "the request was not complete in time",
            431 => "send a request of at most 8 KiB and 64 fields",
            505 => "use HTTP/1.1",
            _ => "",
        };
        Response::new(code, TEXT, format!("{}: {advice}\n", phrase(code)), false)
    }

    /// The response with further fields, each of which ends with CR LF.
    pub(crate) fn with(self, fields: &'static str) -> Response {
        Response { fields, ..self }
    }

    /// The bytes to send.
    pub(crate) fn bytes(&self, now: SystemTime) -> Vec<u8> {
        let Response { code, kind, content, head, fields } = self;
        let mut text = format!(
            "HTTP/1.1 {code} {}\r\nDate: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n",
            phrase(*code),
            httpdate::fmt_http_date(now.max(SystemTime::UNIX_EPOCH)),
            content.len(),
        );
        // Writing to a String cannot fail.
        let _ = write!(text, "{fields}\r\n{}", if *head { "" } else { content });
        text.into_bytes()
    }
}

fn phrase(code: u16) -> &'static str {
    let found = STATUSES.iter().find(|(one, _)| *one == code);
    found.map_or("Internal Server Error", |(_, phrase)| phrase)
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
        let head = text(Response::new(200, TEXT, "# EOF\n".to_owned(), true).with("Vary: Accept\r\n"));
        assert!(head.contains("Content-Length: 6\r\n") && head.ends_with("Vary: Accept\r\n\r\n"), "{head}");
        let refused = text(Response::refusal(405, "there is /a"));
        assert!(refused.contains("Allow: GET, HEAD\r\n"), "{refused}");
        assert!(refused.ends_with("\r\n\r\nMethod Not Allowed: use GET or HEAD\n"), "{refused}");
        let refused = text(Response::refusal(404, "there is /a"));
        assert!(refused.ends_with("\r\n\r\nNot Found: there is /a\n"), "{refused}");
    }
}
