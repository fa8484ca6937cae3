//! Where sockets cannot be handed over.

use std::net::TcpListener;

use capsock::net::Endpoint;
use capsock::{Server, ServerOptions, Transport};

use super::event::{Event, Served};
use super::options::Replacement;
use crate::failure::{Failure, Result};

/// A server that is never replaced.
pub(crate) struct Lifecycle;

#[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "those of other systems can fail")]
impl Lifecycle {
    pub(crate) fn begin(options: &Replacement, _transport: Transport) -> Result<Lifecycle> {
        let _unused = (&options.replace_timeout, &options.drain_timeout);
        match options.replace {
            None => Ok(Lifecycle),
            Some(_) => Err(Failure::usage(
                "--replace needs sockets that a process can hand over, which this system does not have for the \
                 command: stop the server and start the other one, behind a balancer if no request may be lost",
            )),
        }
    }

    pub(crate) fn is_successor(&self) -> bool {
        false
    }

    pub(crate) fn is_replaced(&self) -> bool {
        false
    }

    pub(crate) fn adopt(&mut self, options: ServerOptions, _endpoint: &Endpoint) -> Result<ServerOptions> {
        Ok(options)
    }

    pub(crate) fn metrics_listeners(&mut self, _endpoint: &Endpoint) -> Result<Vec<TcpListener>> {
        Ok(Vec::new())
    }

    pub(crate) fn take_over(&mut self, _server: &Server) -> Result<()> {
        Ok(())
    }

    pub(crate) fn wait_for_successors(
        self,
        _served: Served,
        _report: impl Fn(Event<'_>) + Send + 'static,
    ) -> Result<Lifecycle> {
        Ok(self)
    }
}
