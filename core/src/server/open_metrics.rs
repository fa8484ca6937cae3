//! The totals of a server as text for a monitoring system: OpenMetrics 1.0, and the text format of Prometheus that
//! preceded it.
//!
//! The formats differ in what they call a counter: OpenMetrics has a family `x` whose sample is `x_total`, the older
//! format a family `x_total`.

use std::fmt::Write;

use super::state::{BOUNDS, LatencySnapshot, Metric, Stats};
use crate::choices::{Concurrency, Transport};
use crate::net::Features;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/>, version 0.0.4
    Prometheus,
}

/// What the text is made of.
pub(super) struct Exposition {
    pub(super) transport: Transport,
    pub(super) concurrency: Concurrency,
    pub(super) stats: Stats,
    /// If the server counts it.
    pub(super) latency: Option<LatencySnapshot>,
}

/// A type that is no counter: its name in OpenMetrics, its name in the older format, and what both append to the
/// family's name.
struct Kind(&'static str, &'static str, &'static str);

const GAUGE: Kind = Kind("gauge", "gauge", "");
const HISTOGRAM: Kind = Kind("histogram", "histogram", "");
const COUNTER: Kind = Kind("counter", "counter", "_total");
const INFO: Kind = Kind("info", "gauge", "_info");
const STATE_SET: Kind = Kind("stateset", "gauge", "");

impl Exposition {
    pub(super) fn text(&self, format: Format) -> String {
        let mut text = String::with_capacity(8 << 10);
        head(&mut text, format, &INFO, "capsock_build", "", "The version of the library.");
        line(&mut text, format_args!("capsock_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")));
        let labels = self.labels();
        for Metric { family, gauge, unit, help, value } in self.stats.metrics() {
            let kind = if gauge { GAUGE } else { COUNTER };
            head(&mut text, format, &kind, family, unit, help);
            line(&mut text, format_args!("{family}{}{{{labels}}} {value}", kind.2));
        }
        if let Some(latency) = &self.latency {
            histogram(&mut text, format, &labels, latency);
        }
        features(&mut text, format, &labels, Features::from_bits(self.stats.features));
        if format == Format::OpenMetrics {
            line(&mut text, format_args!("# EOF"));
        }
        text
    }

    /// Those of each sample. No name of a choice has a character that has to be escaped.
    fn labels(&self) -> String {
        format!("transport=\"{}\",concurrency=\"{}\"", self.transport.name(), self.concurrency.name())
    }
}

/// Appends the metadata of a family.
fn head(text: &mut String, format: Format, kind: &Kind, family: &str, unit: &str, help: &str) {
    match format {
        Format::OpenMetrics => {
            line(text, format_args!("# TYPE {family} {}", kind.0));
            if !unit.is_empty() {
                line(text, format_args!("# UNIT {family} {unit}"));
            }
            line(text, format_args!("# HELP {family} {help}"));
        }
        Format::Prometheus => {
            line(text, format_args!("# HELP {family}{} {help}", kind.2));
            line(text, format_args!("# TYPE {family}{} {}", kind.2, kind.1));
        }
    }
}

fn histogram(text: &mut String, format: Format, labels: &str, latency: &LatencySnapshot) {
    const FAMILY: &str = "capsock_handler_duration_seconds";
    head(text, format, &HISTOGRAM, FAMILY, "seconds", "The time of the calls of the handler.");
    let bounds = BOUNDS.iter().map(|(_, bound)| *bound).chain(["+Inf"]);
    for (bound, count) in bounds.zip(latency.cumulative) {
        line(text, format_args!("{FAMILY}_bucket{{{labels},le=\"{bound}\"}} {count}"));
    }
    let [.., count] = latency.cumulative;
    let (seconds, nanos) = (latency.nanos / 1_000_000_000, latency.nanos % 1_000_000_000);
    line(text, format_args!("{FAMILY}_count{{{labels}}} {count}"));
    line(text, format_args!("{FAMILY}_sum{{{labels}}} {seconds}.{nanos:09}"));
}

fn features(text: &mut String, format: Format, labels: &str, used: Features) {
    const FAMILY: &str = "capsock_feature";
    let help = "Whether the server uses this optional feature of the system.";
    head(text, format, &STATE_SET, FAMILY, "", help);
    for name in Features::from_bits(u64::MAX).names() {
        let state = u8::from(used.names().any(|one| one == name));
        line(text, format_args!("{FAMILY}{{{labels},{FAMILY}=\"{name}\"}} {state}"));
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{content}");
}
