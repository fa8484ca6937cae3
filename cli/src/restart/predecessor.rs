//! The side of the successor: it takes the sockets of a running server, and tells it when it may end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use capsock::net::{Endpoint, Purpose as Use, WaitPolicy};
use capsock::{Transport, UnixAddress};
use socket2::{SockAddr, SockRef};

use super::channel::{Channel, ChannelError, is_stale};
use super::control;
use super::message::{Message, Purpose};
use super::program::{BY_STDIN, FROM};
use crate::failure::{Failure, Result};
use crate::signals;

/// The time limit of finding the addresses of a name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a server may take to hand over its sockets: it may have others to talk to first.
const SOCKETS_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that this one is to replace.
pub(crate) struct Predecessor {
    channel: Channel,
    /// Whether it has started this process, by its own command.
    same_command: bool,
    /// Set once it has ended before it was told to: nobody else serves.
    gone: bool,
    server: Vec<OwnedFd>,
    metrics: Vec<TcpListener>,
    control: Option<UnixListener>,
}

impl Predecessor {
    /// The server that has started this process, or else the one at `path`. `None` if there is none.
    pub(crate) fn find(path: Option<&Path>, transport: Transport) -> Result<Option<Predecessor>> {
        let same_command = std::env::var_os(FROM).is_some_and(|value| value == BY_STDIN);
        let stream = if same_command {
            Some(from_stdin().map_err(|error| failed(&error))?)
        } else {
            path.map(connect).transpose()?.flatten()
        };
        let Some(stream) = stream else { return Ok(None) };
        let channel = Channel::new(stream, signals::once).map_err(|error| failed(&error))?;
        Predecessor::ask(channel, same_command, transport).map(Some)
    }

    fn ask(mut channel: Channel, same_command: bool, transport: Transport) -> Result<Predecessor> {
        let hello = Message::Hello { transport, process: std::process::id() };
        channel.send(&hello, &[]).map_err(|error| failed(&error))?;
        let purposes = match channel.receive(Some(Instant::now() + SOCKETS_TIMEOUT)) {
            Ok(Message::Sockets(purposes)) => purposes,
            Ok(Message::Refused(why)) => return Err(failed(&why)),
            Ok(_) => return Err(failed(&ChannelError::Unexpected)),
            Err(error) => return Err(failed(&error)),
        };
        let descriptors = channel.take_descriptors();
        if descriptors.len() != purposes.len() {
            // The system leaves out those for which this process has no number.
            return Err(failed(&format!(
                "{} of its {} sockets came (ulimit -n)",
                descriptors.len(),
                purposes.len()
            )));
        }
        let (mut server, mut metrics, mut control) = (Vec::new(), Vec::new(), None);
        for (purpose, descriptor) in purposes.into_iter().zip(descriptors) {
            match purpose {
                Purpose::Server => server.push(descriptor),
                Purpose::Metrics => metrics.push(TcpListener::from(descriptor)),
                Purpose::Control => control = Some(UnixListener::from(descriptor)),
            }
        }
        Ok(Predecessor { channel, same_command, gone: false, server, metrics, control })
    }

    /// The sockets to serve on.
    ///
    /// # Errors
    /// They are bound to an address that `endpoint` is not: the command says another one than the server has.
    pub(crate) fn server_sockets(&mut self, endpoint: &Endpoint) -> Result<Vec<OwnedFd>> {
        let checked = if self.same_command { &[] } else { &self.server[..] };
        for socket in checked {
            let bound = SockRef::from(socket).local_addr().map_err(|error| failed(&error))?;
            let (shown, is_asked_for) = match bound.as_socket() {
                Some(bound) => (bound.to_string(), is_among(bound, endpoint)?),
                None => named(&bound, endpoint),
            };
            if !is_asked_for {
                return Err(failed(&format!(
                    "it serves on {shown}, which is not among the addresses of this command's --host and --port; to \
                     move a server, stop it and start another one"
                )));
            }
        }
        Ok(std::mem::take(&mut self.server))
    }

    /// The listeners of its endpoint for metrics, if it has one at this address.
    pub(crate) fn metrics_listeners(&mut self, endpoint: &Endpoint) -> Result<Vec<TcpListener>> {
        let listeners = std::mem::take(&mut self.metrics);
        for listener in &listeners {
            let bound = listener.local_addr().map_err(|error| failed(&error))?;
            if !is_among(bound, endpoint)? {
                // The command says another address, which is bound instead.
                return Ok(Vec::new());
            }
        }
        Ok(listeners)
    }

    /// The listener that its successors connect to.
    pub(crate) fn control_listener(&mut self) -> Option<UnixListener> {
        self.control.take()
    }

    /// Tells it that this server could serve now, and waits for its consent.
    pub(crate) fn ready(&mut self) -> Result<()> {
        self.exchange(&Message::Ready, &Message::Go)
    }

    /// Tells it that this server accepts, and waits until it accepts no more.
    pub(crate) fn serving(&mut self) -> Result<()> {
        self.exchange(&Message::Serving, &Message::Bye)
    }

    /// A server that ends meanwhile has no objection any more. One that gives this one up says so.
    fn exchange(&mut self, say: &Message, expected: &Message) -> Result<()> {
        if self.gone {
            return Ok(());
        }
        let answer = match self.channel.send(say, &[]) {
            // It decides how long it takes.
            Ok(()) => self.channel.receive(None),
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) if answer == *expected => Ok(()),
            Ok(Message::Refused(why)) => Err(failed(&why)),
            Ok(_) => Err(failed(&ChannelError::Unexpected)),
            Err(ChannelError::Closed) => {
                self.gone = true;
                Ok(())
            }
            Err(error) => Err(failed(&error)),
        }
    }
}

fn failed(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("could not replace the server: {why}"))
}

/// The connection that this process was started with. Standard input is empty from then on.
fn from_stdin() -> io::Result<UnixStream> {
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    let nothing = std::fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    Ok(UnixStream::from(channel))
}

/// `None` if nobody listens there.
fn connect(path: &Path) -> Result<Option<UnixStream>> {
    match UnixStream::connect(path) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if is_stale(&error) => control::check_stale(path).map(|()| None),
        Err(error) => Err(Failure::new(format!("could not reach the server at {}: {error}", path.display()))),
    }
}

/// The name of a Unix domain socket, and whether the endpoint means it.
fn named(bound: &SockAddr, endpoint: &Endpoint) -> (String, bool) {
    let name = match (bound.as_pathname(), bound.as_abstract_namespace()) {
        (Some(path), _) => UnixAddress::from_path(path),
        (_, Some(name)) => UnixAddress::from_abstract_name(name),
        _ => return ("a socket of another kind".to_owned(), false),
    };
    let absolute = |one: &UnixAddress| one.as_path().and_then(|path| std::path::absolute(path).ok());
    let is_it = endpoint.unix().is_some_and(|asked| {
        *asked == name || absolute(asked).zip(absolute(&name)).is_some_and(|(asked, bound)| asked == bound)
    });
    (name.to_string(), is_it)
}

/// Whether the endpoint means the address; its port 0 means any.
fn is_among(bound: SocketAddr, endpoint: &Endpoint) -> Result<bool> {
    let policy = WaitPolicy { timeout: Some(RESOLVE_TIMEOUT), on_interrupt: Some(signals::once) };
    let addresses = endpoint.addresses(Use::Bind, policy)?;
    Ok(addresses.iter().any(|one| one.ip() == bound.ip() && [0, bound.port()].contains(&one.port())))
}
