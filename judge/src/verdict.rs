//! What the probes have found.

use std::time::Duration;

use capsock::Transport;

use crate::options::Role;

/// What came of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The program did what the probe asks for.
    Pass,
    /// It did not.
    Fail,
    /// The probe has no meaning for this program.
    NotApplicable,
}

impl Outcome {
    /// `pass`, `fail` or `not-applicable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::NotApplicable => "not-applicable",
        }
    }
}

/// The picture of an exchange: the socket calls of the judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// For a terminal of 100 columns, without colours.
    pub text: String,
    /// An `svg` element.
    pub svg: String,
}

/// The result of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeResult {
    /// The name of the probe.
    pub name: &'static str,
    /// What it shows.
    pub shows: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen, or why the probe is not applicable.
    pub seen: String,
    /// Whether it has to pass.
    pub required: bool,
    /// Whether a server was not running any more after the probe, so that the next one met it started afresh.
    pub ended: bool,
    /// The exchange, if the probe failed in one.
    pub picture: Option<Picture>,
    /// How long the probe took.
    pub duration: Duration,
}

/// The results of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name of the program.
    pub program: String,
    /// What it is.
    pub role: Role,
    /// The transport.
    pub transport: Transport,
    /// The results, in the order of the probes.
    pub probes: Vec<ProbeResult>,
}

impl Report {
    /// Whether no required probe failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.probes.iter().any(|probe| probe.required && probe.outcome == Outcome::Fail)
    }

    /// The number of probes with an outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.probes.iter().filter(|probe| probe.outcome == outcome).count()
    }
}
