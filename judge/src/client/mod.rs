//! The check of a client: the judge plays the server, and each probe runs the client once.

mod asked;
mod run;
mod trial;
mod unanswered;

use std::time::{Duration, Instant};

use crate::options::Options;
use crate::picture::picture;
use crate::probe::{Probe, probes};
use crate::recorder::Recorder;
use crate::stop::{Seen, Stop, fail};
use crate::verdict::{Outcome, ProbeResult, Report};

use trial::Trial;

/// The port of the textbook's programs.
const PORT: u16 = 12000;

type Put = fn(&Trial<'_>) -> Seen;

const PUT: &[(&str, Put)] = &[
    ("asks", asked::asks),
    ("pieces", asked::pieces),
    ("no-server", unanswered::no_server),
    ("lost-reply", unanswered::lost_reply),
    ("stranger", asked::stranger),
    ("empty-line", unanswered::empty_line),
    ("unicode", asked::unicode),
    ("long", asked::long),
];

/// Checks a client.
pub(crate) fn check(options: &Options, progress: &mut dyn FnMut(&ProbeResult)) -> Result<Report, String> {
    let home = tempfile::Builder::new()
        .prefix("capsock-check-")
        .tempdir()
        .map_err(|error| format!("could not make a temporary home: {error}"))?;
    let port = match options.port {
        None if options.tells_port() => run::free_port(options.transport)?,
        port => port.unwrap_or(PORT),
    };
    run::free(options.transport, port)?;
    let mut report = Report {
        program: options.program.clone(),
        role: options.role,
        transport: options.transport,
        probes: Vec::new(),
    };
    let mut run_time = Duration::ZERO;
    for probe in probes(options.role, options.transport).filter(|probe| options.runs(probe.name)) {
        let record = Recorder::new();
        let trial = Trial { options, home: home.path(), record, port, run_time };
        let result = put(&trial, probe)?;
        if probe.name == "asks" && result.outcome == Outcome::Pass {
            run_time = result.duration;
        }
        progress(&result);
        report.probes.push(result);
    }
    Ok(report)
}

fn put(trial: &Trial<'_>, probe: &'static Probe) -> Result<ProbeResult, String> {
    let begin = Instant::now();
    let seen = match PUT.iter().find(|(name, _)| *name == probe.name) {
        Some((_, put)) => put(trial),
        None => fail("there is no such probe"),
    };
    let (outcome, seen) = match seen {
        Ok(seen) => (Outcome::Pass, seen),
        Err(Stop::NotApplicable(why)) => (Outcome::NotApplicable, why),
        Err(Stop::Fail(seen)) => (Outcome::Fail, seen),
        Err(Stop::Interrupted) => return Err("the check was interrupted".to_owned()),
    };
    let title = format!("{}: {}", trial.options.program, probe.name);
    Ok(ProbeResult {
        name: probe.name,
        shows: probe.shows,
        outcome,
        seen,
        required: trial.options.requires(probe.name),
        ended: false,
        picture: (outcome == Outcome::Fail).then(|| picture(&trial.record, &title)).flatten(),
        duration: begin.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Role;
    use capsock::Transport;

    #[test]
    fn each_probe_of_the_table_can_be_put() {
        for probe in [Transport::Tcp, Transport::Udp].into_iter().flat_map(|one| probes(Role::Client, one)) {
            assert!(PUT.iter().any(|(name, _)| *name == probe.name), "{}", probe.name);
        }
    }
}
