//! Reports as the XML of JUnit, which the continuous integration of most hosts reads.

use std::fmt::Write;

use crate::verdict::{Outcome, ProbeResult, Report};

use super::markup::escaped;

/// A document with a test suite for each report. A probe that failed but is not required counts as skipped, as one does that
/// is not applicable.
#[must_use]
pub fn junit(reports: &[Report]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    // A string takes all that is written.
    for report in reports {
        let is = |result: &&ProbeResult, outcome| kind(result) == outcome;
        let count = |outcome| report.probes.iter().filter(|result| is(result, outcome)).count();
        let time: f64 = report.probes.iter().map(|result| result.duration.as_secs_f64()).sum();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{time:.3}\">",
            escaped(&report.program),
            report.probes.len(),
            count(Outcome::Fail),
            count(Outcome::NotApplicable),
        );
        let class = format!("capsock.check.{}.{}", report.role.name(), report.transport.name());
        for result in &report.probes {
            let _ = write!(
                text,
                "    <testcase classname=\"{class}\" name=\"{}\" time=\"{:.3}\"",
                result.name,
                result.duration.as_secs_f64()
            );
            text.push_str(&inside(result));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// The outcome that JUnit is told.
fn kind(result: &ProbeResult) -> Outcome {
    match result.outcome {
        Outcome::Fail if !result.required => Outcome::NotApplicable,
        outcome => outcome,
    }
}

fn inside(result: &ProbeResult) -> String {
    let seen = escaped(&result.seen).replace('\n', " ");
    match (kind(result), result.outcome) {
        (Outcome::Pass, _) => "/>\n".to_owned(),
        (Outcome::NotApplicable, Outcome::Fail) => {
            format!(">\n      <skipped message=\"not required; failed: {seen}\"/>\n    </testcase>\n")
        }
        (Outcome::NotApplicable, _) => {
            format!(">\n      <skipped message=\"not applicable: {seen}\"/>\n    </testcase>\n")
        }
        (Outcome::Fail, _) => {
            let picture = result.picture.as_ref().map_or("", |picture| picture.text.as_str());
            let text = escaped(&format!("It should show: {}.\n\n{picture}", result.shows));
            format!(">\n      <failure message=\"{seen}\">{text}</failure>\n    </testcase>\n")
        }
    }
}
