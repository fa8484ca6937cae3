//! The head of a request for the metrics: any bytes are a head, a part of one, or refused, and what they are does not
//! depend on how they arrive.
#![no_main]

#[path = "../../cli/src/http/head.rs"]
mod head;
mod http {
    pub(crate) use super::head;
}
#[path = "../../cli/src/metrics/head.rs"]
mod metrics;

use http::head::{Head, MAX_HEAD};

fn parse(bytes: &[u8]) -> Head<metrics::Wanted> {
    http::head::parse(bytes, metrics::wanted)
}

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    // As it is read from a connection: no more than the longest head.
    let bytes = &bytes[..bytes.len().min(MAX_HEAD)];
    let first = &bytes[..usize::from(cut).min(bytes.len())];
    let (early, whole) = (parse(first), parse(bytes));
    if early != Head::Incomplete {
        assert_eq!(early, whole, "what follows a head, or what is none, does not change it");
    }
    if bytes.len() == MAX_HEAD {
        assert_ne!(whole, Head::Incomplete, "there is no room for more");
    }
    if let Head::Refused(code) = whole {
        assert!([400, 404, 405, 431, 505].contains(&code), "{code}");
    }
});
