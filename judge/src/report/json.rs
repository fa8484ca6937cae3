//! A report as a JSON object.

use serde_json::{Value, json as object};

use crate::verdict::{ProbeResult, Report};

/// The object of a report.
#[must_use]
pub fn json(report: &Report) -> Value {
    object!({
        "program": report.program,
        "role": report.role.name(),
        "transport": report.transport.name(),
        "passed": report.passed(),
        "probes": report.probes.iter().map(probe).collect::<Vec<_>>(),
    })
}

/// The object of several reports.
#[must_use]
pub fn all(reports: &[Report]) -> Value {
    object!({ "submissions": reports.iter().map(json).collect::<Vec<_>>() })
}

fn probe(result: &ProbeResult) -> Value {
    object!({
        "name": result.name,
        "shows": result.shows,
        "outcome": result.outcome.name(),
        "seen": result.seen,
        "required": result.required,
        "ended": result.ended,
        "seconds": result.duration.as_secs_f64(),
        "picture": result.picture.as_ref().map(|picture| &picture.text),
    })
}
