//! Who lets the calls of the programs go while they run: nobody, unless they are stepped.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::failure::Result;

/// What the run is at when the conductor has its turn.
#[cfg_attr(not(unix), allow(dead_code, reason = "no program is stepped there"))]
pub(crate) struct Scene<'a> {
    /// The processes of the programs that run.
    pub(crate) running: &'a [u32],
    /// Another program is about to be started.
    pub(crate) starting: bool,
    /// Whether a program computes.
    pub(crate) busy: &'a dyn Fn() -> bool,
    /// The programs by their processes.
    pub(crate) names: &'a HashMap<u32, String>,
}

pub(crate) trait Conductor {
    /// The socket by which the programs are stepped. Such programs go on if this process is killed.
    fn socket(&self) -> Option<PathBuf> {
        None
    }

    /// A program was started.
    fn started(&mut self, _name: &str, _process: u32) {}

    /// Called every few milliseconds.
    fn turn(&mut self, _scene: &Scene<'_>) -> Result<()> {
        Ok(())
    }

    /// Whether a call is held, so that time does not count.
    fn holds(&self) -> bool {
        false
    }

    /// Whether the run is to end.
    fn has_quit(&self) -> bool {
        false
    }

    /// Lets all programs run.
    fn release(&mut self) {}
}

/// The programs run as they do.
pub(super) struct Nobody;

impl Conductor for Nobody {}
