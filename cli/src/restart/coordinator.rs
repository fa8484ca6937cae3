//! The thread that waits for SIGUSR2 and for successors that connect, and replaces the server.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use super::channel::Channel;
use super::control::Control;
use super::event::{Event, Served};
use super::message::Purpose;
use super::program::Program;
use super::successor::{ENDED, GivenUp, Successor};
use crate::metrics::Endpoint;

use crate::signals::Restarts;

/// How long a program that connects to the control socket may take to say what it wants.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause after an accept that failed, for want of descriptors for instance.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether the command is about to end: a replacement in progress is given up.
static ENDING: AtomicBool = AtomicBool::new(false);

fn is_ending() -> bool {
    ENDING.load(Ordering::Acquire)
}

/// The time limits of a replacement; `None` is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) replace: Option<Duration>,
    pub(super) drain: Option<Duration>,
}

/// The running thread. Dropping it gives up a replacement in progress, and waits for the thread.
pub(crate) struct Coordinator {
    replaced: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Its other end wakes the thread when it is closed.
    ending: Option<UnixStream>,
}

impl Coordinator {
    /// Starts the thread.
    pub(super) fn start(
        served: Served,
        limits: Limits,
        control: Option<Control>,
        restarts: Restarts,
        program: Program,
        report: impl Fn(Event<'_>) + Send + 'static,
    ) -> io::Result<Coordinator> {
        ENDING.store(false, Ordering::Release);
        let (ending, ended) = UnixStream::pair()?;
        let replaced = Arc::<AtomicBool>::default();
        let has_been = Arc::clone(&replaced);
        let waiting = Waiting { has_been, served, limits, control, restarts, ended, program, report };
        let thread =
            thread::Builder::new().name("capsock-replace".to_owned()).spawn(move || waiting.run())?;
        Ok(Coordinator { replaced, thread: Some(thread), ending: Some(ending) })
    }

    /// Whether another process serves in this one's place.
    pub(crate) fn is_replaced(&self) -> bool {
        self.replaced.load(Ordering::Acquire)
    }
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        ENDING.store(true, Ordering::Release);
        self.ending = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Waiting<R> {
    /// Whether the server has been replaced.
    has_been: Arc<AtomicBool>,
    served: Served,
    limits: Limits,
    control: Option<Control>,
    restarts: Restarts,
    ended: UnixStream,
    program: Program,
    report: R,
}

impl<R: Fn(Event<'_>)> Waiting<R> {
    fn run(self) {
        loop {
            let replaced = match self.wait() {
                Wakeup::Ended => return,
                Wakeup::Signal => self.restart(),
                Wakeup::Connection(stream) => self.hand_over(stream),
                Wakeup::None => continue,
            };
            match replaced {
                Ok(successor) => return self.step_down(successor),
                Err(_) if is_ending() => return,
                Err(GivenUp { why, .. }) => {
                    // One replacement at a time: a signal that arrived meanwhile makes none, one that follows this report
                    // does.
                    self.restarts.take();
                    (self.report)(Event::Kept { why: &why });
                }
            }
        }
    }

    fn wait(&self) -> Wakeup {
        let mut fds =
            vec![PollFd::new(&self.ended, PollFlags::IN), PollFd::new(&self.restarts, PollFlags::IN)];
        fds.extend(self.control.iter().map(|control| PollFd::new(control.listener(), PollFlags::IN)));
        if poll(&mut fds, None).is_err() {
            return Wakeup::None;
        }
        let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        match (ready[0] || is_ending(), ready[1], &self.control) {
            (true, _, _) => Wakeup::Ended,
            (false, true, _) => {
                self.restarts.take();
                Wakeup::Signal
            }
            (false, false, Some(control)) => match control.listener().accept() {
                Ok((stream, _)) => Wakeup::Connection(stream),
                Err(_) => {
                    thread::sleep(PAUSE);
                    Wakeup::None
                }
            },
            (false, false, None) => Wakeup::None,
        }
    }

    /// Starts the same command again.
    fn restart(&self) -> Result<Successor, GivenUp> {
        if std::process::id() == 1 {
            return Err(OF_A_CONTAINER.to_owned().into());
        }
        let text = |error: io::Error| format!("could not start the program: {error}");
        let (own, other) = UnixStream::pair().map_err(text)?;
        let mut child = self.program.start(OwnedFd::from(other)).map_err(text)?;
        (self.report)(Event::Starting { process: child.id() });
        let ready = self.limit();
        let successor = Channel::new(own, is_ending).map_err(text).and_then(|channel| {
            let sockets = self.sockets()?;
            Ok((channel, sockets))
        });
        let successor = successor
            .map_err(GivenUp::from)
            .and_then(|(channel, sockets)| self.admit(channel, &sockets, ready, ready));
        successor.map_err(|given_up| match given_up.may_accept {
            // It ends by itself.
            true => given_up,
            false => end(&mut child, &given_up.why).into(),
        })
    }

    fn hand_over(&self, stream: UnixStream) -> Result<Successor, GivenUp> {
        let channel = Channel::new(stream, is_ending).map_err(|error| error.to_string())?;
        let sockets = self.sockets()?;
        self.admit(channel, &sockets, Some(Instant::now() + HELLO_TIMEOUT), self.limit())
    }

    fn limit(&self) -> Option<Instant> {
        self.limits.replace.and_then(|limit| Instant::now().checked_add(limit))
    }

    fn sockets(&self) -> Result<Vec<OwnedFd>, String> {
        self.served.server.sockets().map_err(|error| error.to_string())
    }

    fn admit(
        &self,
        channel: Channel,
        sockets: &[OwnedFd],
        hello: Option<Instant>,
        ready: Option<Instant>,
    ) -> Result<Successor, GivenUp> {
        let metrics = self.served.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        let copies = metrics.iter().flat_map(Endpoint::sockets).map(TcpListener::try_clone);
        let listeners = copies.collect::<io::Result<Vec<_>>>().map_err(|error| error.to_string())?;
        drop(metrics);
        let mut all: Vec<(Purpose, BorrowedFd<'_>)> =
            sockets.iter().map(|socket| (Purpose::Server, socket.as_fd())).collect();
        all.extend(listeners.iter().map(|listener| (Purpose::Metrics, listener.as_fd())));
        all.extend(self.control.iter().map(|control| (Purpose::Control, control.listener().as_fd())));
        Successor::admit(channel, self.served.server.transport(), &all, hello, ready)
    }

    /// Accepts nothing more, serves the connections until they end, and stops the server.
    fn step_down(self, successor: Successor) {
        let server = &self.served.server;
        // An error is that of a server that has been stopped.
        let _ = server.pause();
        // Only one process answers at a time: a monitoring system does not see totals that jump.
        let metrics = self.served.metrics.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(metrics);
        if let Some(control) = self.control {
            control.hand_over();
        }
        self.has_been.store(true, Ordering::Release);
        // Before the successor goes on: what it then tells a service manager counts.
        let connections = server.stats().connections_active;
        (self.report)(Event::Replaced { process: successor.process, connections });
        successor.release();
        let _ = server.drain(self.limits.drain.unwrap_or(Duration::MAX));
    }
}

enum Wakeup {
    Ended,
    Signal,
    Connection(UnixStream),
    None,
}

/// Why process 1 is not replaced.
const OF_A_CONTAINER: &str = "the end of process 1 ends its container: replace the container, or run the server under an \
                              init (docker run --init)";

/// How long a program that has closed the connection may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// Ends a successor that is given up, and that serves nobody. Returns why, with its exit status if it ended by itself.
fn end(child: &mut Child, why: &str) -> String {
    let limit = Instant::now() + if why == ENDED { END_TIMEOUT } else { Duration::ZERO };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return format!("{why} ({status})"),
            Ok(None) if Instant::now() < limit => thread::sleep(Duration::from_millis(5)),
            _ => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    why.to_owned()
}
