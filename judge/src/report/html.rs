//! Reports as pages that need nothing else: no script, no font, no other file.

use std::fmt::Write;

use crate::verdict::{Outcome, ProbeResult, Report};

use super::markup::escaped;

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: .4rem .6rem; text-align: left; vertical-align: top; }
.pass { color: #0a7d38; }
.fail { color: #c62828; font-weight: bold; }
.not-applicable { color: #777; }
@media (prefers-color-scheme: dark) { .pass { color: #5fd38d; } .fail { color: #ff8a80; } .not-applicable { color: #aaa; } }
figure { margin: 1rem 0; overflow-x: auto; background: #fff; }
figure svg { max-width: 100%; height: auto; }
";

/// The page of a report, with the picture of each failure.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = format!("{} ({} {})", report.program, report.transport.name(), report.role.name());
    let mut text = head(&title);
    let verdict = if report.passed() { "pass" } else { "fail" };
    // A string takes all that is written.
    let _ = writeln!(
        text,
        "<p class=\"{verdict}\">{} passed, {} failed, {} not applicable</p>\n\
         <table>\n<thead><tr><th>Probe</th><th>Outcome</th><th>Seen</th></tr></thead>\n<tbody>",
        report.count(Outcome::Pass),
        report.count(Outcome::Fail),
        report.count(Outcome::NotApplicable)
    );
    report.probes.iter().for_each(|result| text.push_str(&row(result)));
    text.push_str("</tbody>\n</table>\n");
    for result in &report.probes {
        if let Some(picture) = &result.picture {
            let _ = writeln!(
                text,
                "<h2 id=\"{0}\">{0}</h2>\n<p>{1}</p>\n<figure>\n{2}\n</figure>",
                result.name,
                escaped(&result.seen),
                picture.svg
            );
        }
    }
    text.push_str("</body>\n</html>\n");
    text
}

fn row(result: &ProbeResult) -> String {
    let name = match result.picture {
        Some(_) => format!("<a href=\"#{0}\">{0}</a>", result.name),
        None => result.name.to_owned(),
    };
    let required = if result.required { "" } else { " (not required)" };
    let ended =
        if result.ended { "<br>The program was not running any more, and was started afresh." } else { "" };
    format!(
        "<tr><td title=\"{}\">{name}</td><td class=\"{1}\">{1}{required}</td><td>{2}{ended}</td></tr>\n",
        escaped(result.shows),
        result.outcome.name(),
        escaped(&result.seen)
    )
}

/// The page of several reports, with links to theirs: pairs of a page's file and its report.
#[must_use]
pub fn index(reports: &[(String, &Report)]) -> String {
    let mut text = head("Submissions");
    text.push_str(
        "<table>\n<thead><tr><th>Submission</th><th>Passed</th><th>Failed</th><th>Not applicable</th>\
         <th>Failed probes</th></tr></thead>\n<tbody>\n",
    );
    for (file, report) in reports {
        let failed: Vec<&str> = report
            .probes
            .iter()
            .filter(|result| result.outcome == Outcome::Fail)
            .map(|result| result.name)
            .collect();
        let _ = writeln!(
            text,
            "<tr><td><a class=\"{}\" href=\"{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            if report.passed() { "pass" } else { "fail" },
            escaped(file),
            escaped(&report.program),
            report.count(Outcome::Pass),
            failed.len(),
            report.count(Outcome::NotApplicable),
            failed.join(", ")
        );
    }
    text.push_str("</tbody>\n</table>\n</body>\n</html>\n");
    text
}

fn head(title: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )
}
