//! `capsock completions`: completion scripts for shells.

use std::io::Write;

use clap::Command;
use clap_complete::Shell;

use crate::failure::{Failure, Result};
use crate::stdio::Output;

/// Print the completion script for a shell.
///
/// For bash: `capsock completions bash > ~/.local/share/bash-completion/completions/capsock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &Completions, mut command: Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "capsock", &mut script);
    let mut output = Output::new().map_err(|error| Failure::output(&error))?;
    output.write_all(&script).map_err(|error| Failure::output(&error))
}
