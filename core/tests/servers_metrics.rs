//! The totals of a server as text for a monitoring system.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/open_metrics.rs"]
mod open_metrics;
mod support;

use std::collections::BTreeMap;

use capsock::{Concurrency, Features, Framing, Server, Transport};
use open_metrics::{Family, families};
use support::*;

/// The value of a family with one sample.
fn value(families: &BTreeMap<String, Family>, name: &str) -> f64 {
    let [sample] = &*families[name].samples else { panic!("{name} has not one sample") };
    sample.value
}

/// The family and the unit of a total.
fn family_of(total: &str) -> (String, &'static str) {
    match total.strip_prefix("bytes_") {
        Some(rest) => (format!("capsock_{rest}_bytes"), "bytes"),
        None => (format!("capsock_{total}"), ""),
    }
}

#[test]
fn each_total_is_a_metric_of_each_kind_of_server() {
    for transport in [Transport::Tcp, Transport::Udp] {
        for concurrency in CONCURRENCIES {
            let server = options(transport, *concurrency).start().unwrap();
            let reply = match transport {
                Transport::Tcp => ask_to_the_end(&connect(&server), "straße".as_bytes()),
                Transport::Udp => exchange(&udp_peer(server.local_addr()), "straße".as_bytes()),
            };
            assert_eq!(reply, b"STRASSE");
            eventually("the connection is closed", || server.stats().connections_active == 0);

            let (stats, families) = (server.stats(), families(&server.open_metrics()));
            for (total, count) in stats.by_name() {
                let (name, unit) = family_of(total);
                let family = families.get(&name).unwrap_or_else(|| panic!("no {name}"));
                let kind = if total == "connections_active" { "gauge" } else { "counter" };
                assert_eq!((family.kind.as_str(), family.unit.as_str()), (kind, unit), "{name}");
                assert_eq!(value(&families, &name), count as f64, "{name}");
                let labels: Vec<_> = family.samples[0].labels.iter().map(|(k, v)| (&**k, &**v)).collect();
                let expected = [("concurrency", concurrency.name()), ("transport", transport.name())];
                assert_eq!(labels, expected, "{name}");
            }
            assert_eq!(value(&families, "capsock_received_bytes"), 7.0);
            assert_eq!(families["capsock_build"].samples[0].labels["version"], capsock::VERSION);
            let used = families["capsock_feature"].samples.iter().filter(|one| one.value == 1.0);
            let used: Vec<_> = used.map(|one| one.labels["capsock_feature"].as_str()).collect();
            assert_eq!(used, Features::from_bits(stats.features).names().collect::<Vec<_>>());
            assert_eq!(families.len(), stats.by_name().len() + 2);
        }
    }
}

#[test]
fn the_older_text_has_the_same_samples() {
    let handler = |request: &[u8]| request.to_vec();
    let options = tcp(Concurrency::Events).framing(Framing::Line).handler_latency(true);
    let server = options.handler(handler).start().unwrap();
    let samples = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    let (new, old) = (server.open_metrics(), server.prometheus_text());
    assert_eq!(samples(&new), samples(&old));
    for (metadata, there) in [
        ("# TYPE capsock_requests_total counter\n", true),
        ("# HELP capsock_requests_total Requests that got a reply", true),
        ("# TYPE capsock_received_bytes_total counter\n", true),
        ("# TYPE capsock_connections_active gauge\n", true),
        ("# TYPE capsock_handler_duration_seconds histogram\n", true),
        ("# TYPE capsock_build_info gauge\n", true),
        ("# TYPE capsock_feature gauge\n", true),
        ("# UNIT", false),
        ("# EOF", false),
    ] {
        assert_eq!(old.contains(metadata), there, "{metadata}");
    }
}

/// The sum, and how many calls took at most so long, of a histogram.
fn latency(server: &Server) -> (f64, BTreeMap<String, u64>) {
    let families = families(&server.open_metrics());
    let histogram = &families["capsock_handler_duration_seconds"];
    assert_eq!((histogram.kind.as_str(), histogram.unit.as_str()), ("histogram", "seconds"));
    let buckets =
        histogram.samples.iter().filter_map(|one| Some((one.labels.get("le")?.clone(), one.value as u64)));
    let sum = histogram.samples.iter().find(|one| one.name.ends_with("_sum")).unwrap();
    (sum.value, buckets.collect())
}

#[test]
fn the_calls_of_a_handler_are_counted_by_their_time() {
    let handler = |request: &[u8]| -> Vec<u8> {
        if request == b"slow\n" {
            let begun = std::time::Instant::now();
            while begun.elapsed().as_millis() < 30 {}
        }
        assert!(request != b"fail\n", "no reply to this");
        request.to_vec()
    };
    for concurrency in [Concurrency::Iterative, Concurrency::Threads, Concurrency::Events] {
        let options = tcp(concurrency).framing(Framing::Line).log(|_, _| ()).handler(handler);
        let server = options.handler_latency(true).start().unwrap();
        assert_eq!(latency(&server).1["+Inf"], 0);
        ask(&connect(&server), b"one\ntwo\n", b"one\ntwo\n");
        ask(&connect(&server), b"slow\n", b"slow\n");
        // A call that fails has taken time as well.
        assert_eq!(ask_to_the_end(&connect(&server), b"fail\n"), b"");
        let (sum, buckets) = latency(&server);
        assert_eq!(buckets["+Inf"], 4, "{concurrency:?}: {buckets:?}");
        assert!(buckets["0.025"] <= 3 && sum >= 0.03, "{concurrency:?}: {sum} {buckets:?}");
        assert_eq!(buckets.len(), 20);
    }
}

#[test]
fn without_the_option_or_a_handler_nothing_is_timed() {
    let handler = |request: &[u8]| request.to_vec();
    let line = || tcp(Concurrency::Events).framing(Framing::Line);
    for (options, request) in [(line().handler(handler), b"a\n"), (line().handler_latency(true), b"A\n")] {
        let server = options.start().unwrap();
        ask(&connect(&server), request, request);
        assert!(!families(&server.open_metrics()).contains_key("capsock_handler_duration_seconds"));
    }
}
