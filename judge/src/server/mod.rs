//! The check of a server: it is started, each probe is put to it, and it is started afresh where a probe has failed.

mod framing;
mod keeping;
mod leaving;
mod restart;
mod running;
mod several;
mod text;
mod trial;

use std::path::Path;
use std::time::Instant;

use crate::options::Options;
use crate::picture::picture;
use crate::probe::{Probe, probes};
use crate::recorder::Recorder;
use crate::stop::{Seen, Stop, fail};
use crate::verdict::{Outcome, ProbeResult, Report};

use running::Running;
use trial::{Known, Trial};

/// A probe that leaves the server running.
type Put = fn(&Trial<'_>) -> Seen;

const PUT: &[(&str, Put)] = &[
    ("answers", text::answers),
    ("unicode", text::unicode),
    ("empty", text::empty),
    ("not-text", text::not_text),
    ("long", text::long),
    ("exact", text::exact),
    ("two-clients", several::two_clients),
    ("silent-client", several::silent_client),
    ("many", several::many),
    ("split", framing::split),
    ("joined", framing::joined),
    ("leaves", leaving::leaves),
    ("reset", leaving::reset),
    ("half-close", leaving::half_close),
    ("keeps-well", keeping::keeps_well),
];

/// Checks a server.
pub(crate) fn check(options: &Options, progress: &mut dyn FnMut(&ProbeResult)) -> Result<Report, String> {
    let home = tempfile::Builder::new()
        .prefix("capsock-check-")
        .tempdir()
        .map_err(|error| format!("could not make a temporary home: {error}"))?;
    running::free(options)?;
    let mut check = Check { options, home: home.path(), running: None, known: Known::default() };
    let mut report = Report {
        program: options.program.clone(),
        role: options.role,
        transport: options.transport,
        probes: Vec::new(),
    };
    for probe in probes(options.role, options.transport).filter(|probe| options.runs(probe.name)) {
        let result = check.put(probe)?;
        progress(&result);
        report.probes.push(result);
    }
    Ok(report)
}

struct Check<'a> {
    options: &'a Options,
    home: &'a Path,
    running: Option<Running>,
    known: Known,
}

impl Check<'_> {
    fn put(&mut self, probe: &'static Probe) -> Result<ProbeResult, String> {
        let begin = Instant::now();
        let record = Recorder::new();
        let seen = self.seen(probe, &record);
        let ended = self.running.as_ref().is_none_or(|running| running.submission.ended().is_some());
        let (outcome, seen) = match seen {
            Ok(seen) => (Outcome::Pass, seen),
            Err(Stop::NotApplicable(why)) => (Outcome::NotApplicable, why),
            Err(Stop::Fail(seen)) => (Outcome::Fail, seen),
            Err(Stop::Interrupted) => return Err("the check was interrupted".to_owned()),
        };
        if ended || outcome == Outcome::Fail {
            // The next probe meets a server that has been started afresh.
            self.running = None;
        }
        let title = format!("{}: {}", self.options.program, probe.name);
        Ok(ProbeResult {
            name: probe.name,
            shows: probe.shows,
            outcome,
            seen,
            required: self.options.requires(probe.name),
            ended,
            picture: (outcome == Outcome::Fail).then(|| picture(&record, &title)).flatten(),
            duration: begin.elapsed(),
        })
    }

    fn seen(&mut self, probe: &Probe, record: &Recorder) -> Seen {
        let running = match self.running.take() {
            Some(running) => running,
            None => Running::start(self.options, self.home)?,
        };
        if probe.name == "restarts" {
            return restart::restarts(self.options, self.home, &mut self.running, running, record);
        }
        let running = self.running.insert(running);
        let trial = Trial {
            watch: running.watch(self.options),
            record: record.clone(),
            options: self.options,
            target: running.address,
            known: &self.known,
        };
        let Some((_, put)) = PUT.iter().find(|(name, _)| *name == probe.name) else {
            return fail("there is no such probe");
        };
        let seen = put(&trial)?;
        // A server that ends behind its last reply has not passed: another thread of it may be about to.
        trial.until_idle()?;
        trial.watch.look()?;
        Ok(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Role;
    use capsock::Transport;

    #[test]
    fn each_probe_of_the_table_can_be_put() {
        let all = [Transport::Tcp, Transport::Udp].into_iter().flat_map(|one| probes(Role::Server, one));
        for probe in all.filter(|probe| probe.name != "restarts") {
            assert!(PUT.iter().any(|(name, _)| *name == probe.name), "{}", probe.name);
        }
    }
}
