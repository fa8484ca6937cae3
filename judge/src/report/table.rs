//! A table of several reports for a terminal.

use std::fmt::Write;

use crate::verdict::{Outcome, Report};

/// A row for each report: its numbers, and the probes that failed.
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let head = "submission";
    let names = reports.iter().map(|report| report.program.chars().count());
    let width = names.max().unwrap_or(0).max(head.len());
    let mut text = format!("{head:width$}  kind        passed  failed  n/a  failed probes\n");
    for report in reports {
        let failed = report.probes.iter().filter(|result| result.outcome == Outcome::Fail);
        let failed: Vec<&str> = failed.map(|result| result.name).collect();
        let kind = format!("{} {}", report.transport.name(), report.role.name());
        let line = format!(
            "{:width$}  {kind:10}  {:6}  {:6}  {:3}  {}",
            report.program,
            report.count(Outcome::Pass),
            failed.len(),
            report.count(Outcome::NotApplicable),
            failed.join(" ")
        );
        // A string takes all that is written.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
