//! Starting a server: its options are resolved, its sockets bound, and its engine started.

use std::sync::Arc;

use super::bind::{bind, bind_unix};
use super::config::{ServerOptions, pending_limit, proxies, proxies_have_no_address, settings_from};
use super::handle::Server;
use super::state::{BoundSocket, Context, State};
use super::{children, tcp, udp};
use crate::choices::{Concurrency, Transport};
use crate::error::{Error, Result};
use crate::net::fd::OwnedFd;
use crate::net::{Errno, Features, InterruptHook, Socket, adopt, adopt_unix};
use crate::unix_address::{NO_ADDRESS, UnixAddress};

/// What a server does without on sockets that others may have: a call that blocks would be ended by a shutdown(2) of
/// the socket, or block because another process took what poll(2) had reported; and the others do not expect several
/// datagrams in one.
const NOT_WHEN_SHARED: Features = Features::BLOCKING_RECEIVE.union(Features::UDP_GRO);

/// Prepares copies of the sockets that the server was given; a copy has close-on-exec. Their addresses are of IP, or there is
/// one of a Unix domain socket.
fn adopt_all(
    given: &[Arc<OwnedFd>],
    transport: Transport,
    backlog: u32,
) -> Result<(Vec<BoundSocket>, Option<UnixAddress>)> {
    let copy =
        |fd: &OwnedFd| fd.try_clone().map_err(|error| Error::os(Errno::from(error).0, "serve on the socket"));
    if let [one] = given {
        let socket = Socket::from(copy(one)?);
        if socket.is_unix() {
            let address = adopt_unix(&socket, transport, backlog, "it")?;
            return Ok((vec![(socket, NO_ADDRESS)], Some(address)));
        }
    }
    let adopt_one = |(index, fd): (usize, &Arc<OwnedFd>)| {
        let which = match given.len() {
            1 => "it".to_owned(),
            count => format!("number {} of {count}", index + 1),
        };
        adopt(copy(fd)?, transport, backlog, &which)
    };
    let sockets: Result<Vec<_>> = given.iter().enumerate().map(adopt_one).collect();
    Ok((sockets?, None))
}

impl ServerOptions {
    /// Binds the sockets and starts the server: when this returns, clients can connect.
    ///
    /// # Errors
    /// `InvalidArgument` for options that contradict each other (a handler with `Stream` framing or with
    /// `Processes`); `Unsupported` if the system refuses to create processes; `AddressInUse`, `AddressNotAvailable`, `NameNotResolved`, `PermissionDenied` and the other
    /// errors of bind(2). For sockets that were given, `InvalidArgument` if one cannot be served, and none of those
    /// of an address. For a Unix domain socket `AddressInUse` if a server is live on it, or a file that is no socket has
    /// its path; `TimedOut` if another process keeps its directory locked (flock(2)).
    pub fn start(self) -> Result<Server> {
        self.start_interruptible(None)
    }

    /// [`start`](ServerOptions::start), which a signal may interrupt while the host name is resolved.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` returns `true`; those of `start`.
    pub fn start_interruptible(self, on_interrupt: Option<InterruptHook>) -> Result<Server> {
        let (settings, mut features) = settings_from(&self)?;
        let (proxies, pending_limit) = (proxies(&settings)?, pending_limit(&self));
        let failed = |errno: Errno| Error::os(errno.0, "start the server");
        let (transport, concurrency) = (self.transport, settings.concurrency);
        let shared = !self.sockets.is_empty();
        let (sockets, unix, file) = match self.endpoint.unix() {
            _ if shared => {
                features = features.without(NOT_WHEN_SHARED);
                let (sockets, unix) = adopt_all(&self.sockets, transport, settings.backlog)?;
                if unix.is_some() && proxies.is_some() {
                    return Err(proxies_have_no_address());
                }
                (sockets, unix, None)
            }
            Some(address) => {
                let (sockets, file) = bind_unix(transport, address, &settings)?;
                (sockets, Some(address.clone()), file)
            }
            None => (bind(transport, &self.endpoint, settings.backlog, on_interrupt)?, None, None),
        };
        let addresses = sockets.iter().map(|(_, address)| *address).collect();
        let mut context = Context::new(settings, proxies, features, self.handler, pending_limit, self.log)
            .map_err(failed)?;
        context.is_unix = unix.is_some();
        let state = Arc::new(State::new(context).map_err(failed)?);
        if shared {
            state.sharing.begin();
        }
        if let Some(file) = file {
            state.set_socket_file(file);
        }
        state.context.gate.set_closed(self.paused);
        // If the start fails from here on, dropping the server ends the threads that have been started.
        let server = Server { state: Arc::clone(&state), addresses, unix, transport, concurrency };
        let starting = state.keep_running();
        let started = match transport {
            Transport::Tcp => tcp::start(&state, sockets),
            Transport::Udp if state.context.is_unix => udp::start_unix(&state, sockets),
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
