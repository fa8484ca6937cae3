//! A report for a terminal.

use std::fmt::Write;

use crate::verdict::{Outcome, ProbeResult, Report};

/// The width of the column of names, that of the longest.
const NAMES: usize = 13;
/// The width of the column of outcomes.
const OUTCOMES: usize = 14;

/// The lines of a result, and the picture of a failure behind them.
#[must_use]
pub fn result(result: &ProbeResult) -> String {
    let mut text = format!("{:NAMES$}  {:OUTCOMES$}  {}\n", result.name, result.outcome.name(), result.seen);
    let indent = " ".repeat(NAMES + 2 + OUTCOMES + 2);
    let mut more = |line: &str| {
        // A string takes all that is written.
        let _ = writeln!(text, "{indent}{line}");
    };
    if result.outcome == Outcome::Fail {
        more(&format!("It should show: {}.", result.shows));
        if !result.required {
            more("The probe is not required.");
        }
    }
    if result.ended {
        more("The program is not running any more: the next probe meets it started afresh.");
    }
    if let Some(picture) = &result.picture {
        text.push('\n');
        picture.text.lines().for_each(|line| {
            let _ = writeln!(text, "    {line}");
        });
        text.push('\n');
    }
    text
}

/// One line with the numbers.
#[must_use]
pub fn summary(report: &Report) -> String {
    let required = report.probes.iter().filter(|probe| probe.required);
    let failed = required.filter(|probe| probe.outcome == Outcome::Fail).count();
    let mut text = format!(
        "{} ({} {}): {} passed, {} failed, {} not applicable",
        report.program,
        report.transport.name(),
        report.role.name(),
        report.count(Outcome::Pass),
        report.count(Outcome::Fail),
        report.count(Outcome::NotApplicable)
    );
    if failed < report.count(Outcome::Fail) {
        let _ = write!(text, "; {failed} of the failed were required");
    }
    text
}
