//! The options of `capsock serve` that are about its replacement.

use std::path::PathBuf;
use std::time::Duration;

use crate::seconds::Seconds;

/// How long a successor may take until it is ready.
const REPLACE_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of `capsock serve` that are about its replacement.
#[derive(Debug, clap::Args)]
pub(crate) struct Replacement {
    /// Replace the server at PATH, a Unix socket, without losing a request: take over its sockets, and end it once this one
    /// serves. If there is none, start as usual; either way wait at PATH for the next one. SIGUSR2 replaces a server by its
    /// own command, with or without this option.
    #[arg(long, value_name = "PATH")]
    pub(super) replace: Option<PathBuf>,
    /// The time limit, in seconds, for a server that is to replace this one: one that is not ready by then is given up;
    /// `inf` sets none.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true,
          default_value_t = Seconds(Some(REPLACE_TIMEOUT)))]
    pub(super) replace_timeout: Seconds,
    /// The time limit, in seconds, for serving the connections of a server that has been replaced; `inf` sets none. Those
    /// that are left then are closed as after Ctrl-C.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true,
          default_value_t = Seconds(Some(capsock::DEFAULT_DRAIN_TIMEOUT)))]
    pub(super) drain_timeout: Seconds,
}
