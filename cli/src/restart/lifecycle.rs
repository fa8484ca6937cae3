//! The life of `capsock serve` as a successor and as a server that has one.

use std::net::TcpListener;
use std::time::Duration;

use capsock::net::Endpoint;
use capsock::{Server, ServerOptions, Transport};

use super::control::Control;
use super::coordinator::{Coordinator, Limits};
use super::event::{Event, Served};
use super::options::Replacement;
use super::predecessor::Predecessor;
use super::program::Program;
use crate::failure::{Failure, Result};
use crate::signals::Restarts;

/// From the command line on.
pub(crate) struct Lifecycle {
    limits: Limits,
    predecessor: Option<Predecessor>,
    control: Option<Control>,
    restarts: Restarts,
    program: Program,
}

impl Lifecycle {
    /// Finds the server that is to be replaced, if any, and catches SIGUSR2.
    pub(crate) fn begin(options: &Replacement, transport: Transport) -> Result<Lifecycle> {
        let restarts =
            Restarts::catch().map_err(|error| Failure::new(format!("could not catch signals: {error}")))?;
        let path = options.replace.as_deref();
        let mut predecessor = Predecessor::find(path, transport)?;
        let inherited = predecessor.as_mut().and_then(Predecessor::control_listener);
        let control = match (path, inherited) {
            (Some(path), Some(listener)) => Some(Control::inherited(listener, path)),
            (Some(path), None) => Some(Control::bind(path)?),
            (None, _) => None,
        };
        let limits = Limits { replace: options.replace_timeout.0, drain: options.drain_timeout.0 };
        let program = Program::current();
        Ok(Lifecycle { limits, predecessor, control, restarts, program })
    }

    /// Whether it takes the place of another server.
    pub(crate) fn is_successor(&self) -> bool {
        self.predecessor.is_some()
    }

    /// The options for the sockets that the server is to have: those of the one that it replaces, from which it takes
    /// nothing yet, or its own.
    pub(crate) fn adopt(&mut self, options: ServerOptions, endpoint: &Endpoint) -> Result<ServerOptions> {
        match &mut self.predecessor {
            Some(predecessor) => {
                let sockets = predecessor.server_sockets(endpoint)?;
                Ok(options.sockets(sockets).paused(true))
            }
            None => Ok(options),
        }
    }

    /// The listeners for metrics at this address that are handed over, if any.
    pub(crate) fn metrics_listeners(&mut self, endpoint: &Endpoint) -> Result<Vec<TcpListener>> {
        match &mut self.predecessor {
            Some(predecessor) => predecessor.metrics_listeners(endpoint),
            None => Ok(Vec::new()),
        }
    }

    /// Takes the place of the server that is replaced: from now on this one alone accepts.
    pub(crate) fn take_over(&mut self, server: &Server) -> Result<()> {
        let Some(mut predecessor) = self.predecessor.take() else { return Ok(()) };
        predecessor.ready()?;
        server.resume()?;
        predecessor.serving().inspect_err(|_| {
            // It has given this one up, and goes on: what this one has accepted is served all the same.
            let _ = server.drain(self.limits.drain.unwrap_or(Duration::MAX));
        })?;
        self.control.iter_mut().for_each(Control::take_over);
        Ok(())
    }

    /// Waits for successors from now on, until the result is dropped, and passes on to `report` what happens.
    pub(crate) fn wait_for_successors(
        self,
        served: Served,
        report: impl Fn(Event<'_>) + Send + 'static,
    ) -> Result<Coordinator> {
        let Lifecycle { limits, control, restarts, program, .. } = self;
        Coordinator::start(served, limits, control, restarts, program, report)
            .map_err(|error| Failure::new(format!("could not wait for successors: {error}")))
    }
}
