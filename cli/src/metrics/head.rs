//! The head of a request for the metrics: what it asks for, or the status that refuses it.
//!
//! It knows no socket, and of the crate the head of any request alone: the fuzz target `metrics_head` includes it.

use httparse::Request;

use crate::http::head::{is_head, path, values};

/// What a GET or a HEAD wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) page: Page,
    /// Whether it is a HEAD: the reply has no content.
    pub(crate) head: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// `/metrics`.
    Metrics {
        /// Whether the text is that of OpenMetrics, and else that of Prometheus, which any reader accepts.
        open_metrics: bool,
    },
    /// `/healthz`.
    Health,
    /// `/readyz`.
    Readiness,
}

/// What a request asks for, or the status that refuses it.
pub(crate) fn wanted(request: &Request<'_, '_>) -> Result<Wanted, u16> {
    let page = match path(request) {
        "/metrics" => Page::Metrics { open_metrics: prefers_open_metrics(values(request, "accept")) },
        "/healthz" => Page::Health,
        "/readyz" => Page::Readiness,
        _ => return Err(404),
    };
    Ok(Wanted { page, head: is_head(request)? })
}

/// Whether the fields `Accept` prefer OpenMetrics 1.0 to plain text (RFC 9110, 12.5.1).
fn prefers_open_metrics<'a>(fields: impl Iterator<Item = &'a [u8]>) -> bool {
    let (mut open, mut plain) = (0.0f32, 0.0f32);
    for range in fields.filter_map(|field| str::from_utf8(field).ok()).flat_map(|field| field.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut quality, mut version) = (1.0f32, "1.0.0");
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim().to_ascii_lowercase().as_str() {
                // What is no number between 0 and 1 prefers nothing.
                "q" => quality = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0),
                "version" => version = value.trim().trim_matches('"'),
                _ => {}
            }
        }
        match media_type.as_str() {
            "application/openmetrics-text" if version == "1.0.0" => open = quality.max(open),
            "text/plain" => plain = quality.max(plain),
            _ => {}
        }
    }
    open > 0.0 && open >= plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head::{Head, MAX_HEAD, parse as parse_any};

    const METRICS: Page = Page::Metrics { open_metrics: false };

    fn get(page: Page) -> Head<Wanted> {
        Head::Wants(Wanted { page, head: false })
    }

    fn parse(bytes: &[u8]) -> Head<Wanted> {
        parse_any(bytes, wanted)
    }

    /// Each row: the line of the request, the fields, and what the head is.
    #[test]
    fn a_head_asks_for_a_page_or_is_refused() {
        for (line, fields, head) in [
            ("GET /metrics HTTP/1.1", "Host: x", get(METRICS)),
            ("GET /metrics?name[]=a HTTP/1.1", "host: x", get(METRICS)),
            ("GET http://x:1/metrics HTTP/1.1", "Host: x", get(METRICS)),
            ("GET /metrics HTTP/1.0", "", get(METRICS)),
            ("GET /healthz HTTP/1.1", "Host: x", get(Page::Health)),
            ("GET /readyz HTTP/1.1", "Host: x", get(Page::Readiness)),
            ("HEAD /readyz HTTP/1.1", "Host: x", Head::Wants(Wanted { page: Page::Readiness, head: true })),
            ("POST /metrics HTTP/1.1", "Host: x", Head::Refused(405)),
            ("OPTIONS /healthz HTTP/1.1", "Host: x", Head::Refused(405)),
            ("get /metrics HTTP/1.1", "Host: x", Head::Refused(405)),
            ("GET / HTTP/1.1", "Host: x", Head::Refused(404)),
            ("POST /other HTTP/1.1", "Host: x", Head::Refused(404)),
            ("GET /metrics/ HTTP/1.1", "Host: x", Head::Refused(404)),
            ("GET /x://y/metrics HTTP/1.1", "Host: x", Head::Refused(404)),
            ("GET http://x HTTP/1.1", "Host: x", Head::Refused(404)),
            ("OPTIONS * HTTP/1.1", "Host: x", Head::Refused(404)),
            ("GET /metrics HTTP/1.1", "", Head::Refused(400)),
            ("GET /metrics HTTP/1.1", "Host: x\r\nHost: y", Head::Refused(400)),
            ("GET /metrics HTTP/1.1", "Host : x", Head::Refused(400)),
            ("GET /metrics HTTP/1.1", "no field", Head::Refused(400)),
            ("GET /metrics", "", Head::Refused(400)),
            ("\x16\x03\x01\x02\x00", "", Head::Refused(400)),
            ("GET /metrics HTTP/2.0", "Host: x", Head::Refused(505)),
            ("PRI * HTTP/2.0", "", Head::Refused(505)),
        ] {
            let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
            let text = format!("{line}\r\n{fields}\r\nmore");
            assert_eq!(parse(text.as_bytes()), head, "{text:?}");
        }
    }

    #[test]
    fn a_head_has_a_greatest_length_and_number_of_fields() {
        let with = |fields: &str| format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        let padded = |length| {
            let rest = length - with("a: \r\n").len();
            with(&format!("a: {}\r\n", "b".repeat(rest)))
        };
        assert_eq!(parse(padded(MAX_HEAD).as_bytes()), get(METRICS));
        assert_eq!(parse(padded(MAX_HEAD + 1).as_bytes()), Head::Refused(431));
        assert_eq!(parse(&vec![b'a'; MAX_HEAD - 1]), Head::Incomplete);
        assert_eq!(parse(&vec![b'a'; MAX_HEAD]), Head::Refused(431));
        assert_eq!(parse(with(&"a: b\r\n".repeat(63)).as_bytes()), get(METRICS));
        assert_eq!(parse(with(&"a: b\r\n".repeat(64)).as_bytes()), Head::Refused(431));
    }

    #[test]
    fn what_has_not_arrived_is_waited_for() {
        let text = "\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..end]), Head::Incomplete, "{:?}", &text[..end]);
        }
        assert_eq!(parse(text.as_bytes()), get(Page::Health));
    }

    #[test]
    fn open_metrics_is_for_a_reader_that_prefers_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        for (accept, open) in [
            (prometheus, true),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", true),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"", true),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text;q=0.1, text/plain;q=0.2", false),
            ("application/openmetrics-text;version=2.0.0, text/plain;q=0.2", false),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=nan", false),
            ("application/openmetrics-text;q=-1", false),
            ("text/plain;version=0.0.4", false),
            ("*/*", false),
            (";;=,,;q", false),
            ("", false),
        ] {
            let text = format!("GET /metrics HTTP/1.0\r\nAccept: {accept}\r\n\r\n");
            assert_eq!(parse(text.as_bytes()), get(Page::Metrics { open_metrics: open }), "{accept}");
        }
        let two =
            "GET /metrics HTTP/1.0\r\nAccept: text/html\r\nAccept: application/openmetrics-text\r\n\r\n";
        assert_eq!(parse(two.as_bytes()), get(Page::Metrics { open_metrics: true }));
        let bytes = b"GET /metrics HTTP/1.0\r\nAccept: \xff\xfe\r\n\r\n";
        assert_eq!(parse(bytes), get(METRICS));
    }
}
