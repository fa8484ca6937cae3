//! Starting a server: its options are resolved, its sockets bound, and its engine started.

use std::sync::Arc;

use super::bind::bind;
use super::config::{ServerOptions, pending_limit, settings_from};
use super::handle::Server;
use super::state::{Context, State};
use super::{children, tcp, udp};
use crate::choices::{Concurrency, Transport};
use crate::error::{Error, Result};
use crate::net::{Errno, InterruptHook};

impl ServerOptions {
    /// Binds the sockets and starts the server: when this returns, clients can connect.
    ///
    /// # Errors
    /// `InvalidArgument` for options that contradict each other (a handler with `Stream` framing or with
    /// `Processes`); `Unsupported` if the system refuses to create processes; `AddressInUse`, `AddressNotAvailable`, `NameNotResolved`, `PermissionDenied` and the other
    /// errors of bind(2).
    pub fn start(self) -> Result<Server> {
        self.start_interruptible(None)
    }

    /// [`start`](ServerOptions::start), which a signal may interrupt while the host name is resolved.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` returns `true`; those of `start`.
    pub fn start_interruptible(self, on_interrupt: Option<InterruptHook>) -> Result<Server> {
        let (settings, features) = settings_from(&self)?;
        let pending_limit = pending_limit(&self);
        let failed = |errno: Errno| Error::os(errno.0, "start the server");
        let (transport, concurrency) = (self.transport, settings.concurrency);
        let sockets = bind(transport, &self.endpoint, settings.backlog, on_interrupt)?;
        let addresses = sockets.iter().map(|(_, address)| *address).collect();
        let context =
            Context::new(settings, features, self.handler, pending_limit, self.log).map_err(failed)?;
        let state = Arc::new(State::new(context).map_err(failed)?);
        // If the start fails from here on, dropping the server ends the threads that have been started.
        let server = Server { state: Arc::clone(&state), addresses, transport, concurrency };
        let starting = state.keep_running();
        let started = match transport {
            Transport::Tcp => tcp::start(&state, sockets),
            Transport::Udp => udp::start(&state, sockets),
        };
        drop(starting);
        started.map_err(|errno| match concurrency {
            Concurrency::Processes => children::start_error(errno),
            _ => failed(errno),
        })?;
        Ok(server)
    }
}
