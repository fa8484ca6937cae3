//! The options `--trace` and `--no-payload`.

use std::path::{Path, PathBuf};

use crate::failure::Result;
use crate::trace_file;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Record {
    /// Append a line of JSON to FILE for each socket call; several programs may write to one file.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Record no bytes of what is sent and received.
    #[arg(long, requires = "trace")]
    no_payload: bool,
}

impl Record {
    /// The file.
    ///
    /// # Errors
    /// It is no trace.
    pub(crate) fn file(&self) -> Result<Option<&Path>> {
        self.trace.as_deref().map(trace_file::checked).transpose()
    }

    pub(crate) fn no_payload(&self) -> bool {
        self.no_payload
    }

    /// Starts the record, which ends when the returned value is dropped.
    pub(crate) fn start(&self) -> Result<Option<Recording>> {
        let Some(file) = self.file()? else { return Ok(None) };
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
