//! `--trace`: a record of the socket calls.

use std::path::PathBuf;

use crate::failure::Result;

#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    /// Append a record of every socket call to FILE, a line of JSON each; several programs may write one file.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Leave the first bytes of what is sent and received out of the record.
    #[arg(long, requires = "trace")]
    no_payload: bool,
}

impl Record {
    /// The options as they were given.
    pub(crate) fn words(&self) -> String {
        let payload = if self.no_payload { " --no-payload" } else { "" };
        let trace = self.trace.as_ref().map(|file| format!(" --trace {}{payload}", file.display()));
        trace.unwrap_or_default()
    }

    /// Records until the value that it returns is dropped.
    pub(crate) fn start(&self) -> Result<Option<Recording>> {
        let Some(file) = &self.trace else { return Ok(None) };
        capsock::trace::start(file, !self.no_payload)?;
        Ok(Some(Recording))
    }
}

pub(crate) struct Recording;

impl Drop for Recording {
    fn drop(&mut self) {
        capsock::trace::stop();
    }
}
