//! Accepts connections, and answers each on a thread of its own. Slow clients delay no other one: of too many
//! connections, the oldest is closed.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How many connections, and so threads, a listener has at once.
const MAX_CONNECTIONS: usize = 16;

/// The pause after an accept that failed, for want of descriptors for instance.
const PAUSE: Duration = Duration::from_millis(100);

/// How long the end of a listener takes to wake it at most.
const WAKE_TIMEOUT: Duration = Duration::from_secs(1);

/// A thread that accepts. Dropping it ends its connections and waits for its threads.
pub(crate) struct Listener {
    thread: Option<JoinHandle<()>>,
    ended: Arc<AtomicBool>,
    address: SocketAddr,
    /// Made beforehand: at the end there may be no descriptor for it.
    waking: Socket,
}

impl Listener {
    /// Calls `answer` with each connection, and `unanswered` for one that gets no thread.
    pub(crate) fn start(
        listener: TcpListener,
        answer: impl Fn(&TcpStream) + Send + Sync + 'static,
        unanswered: impl Fn() + Send + 'static,
    ) -> io::Result<Listener> {
        let address = listener.local_addr()?;
        let waking = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let answer = Arc::new(answer);
        let thread = spawn(move || accept(&listener, &answer, &unanswered, &seen))?;
        Ok(Listener { thread: Some(thread), ended, address, waking })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        // A connection wakes the accept; if the backlog is full, one of those in it has.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let loopback =
                if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        let _ = self.waking.connect_timeout(&address.into(), WAKE_TIMEOUT);
        let _ = thread.join();
    }
}

fn spawn(body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("capsock-http".to_owned()).spawn(body)
}

/// A connection that is being answered.
struct Open {
    /// Its thread closes it.
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Open {
    /// Ends the connection, whatever its thread waits for.
    fn end(self) {
        if let Some(stream) = self.stream.upgrade() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = self.thread.join();
    }
}

fn accept(
    listener: &TcpListener,
    answer: &Arc<impl Fn(&TcpStream) + Send + Sync + 'static>,
    unanswered: &impl Fn(),
    ended: &AtomicBool,
) {
    let mut open = VecDeque::<Open>::with_capacity(MAX_CONNECTIONS);
    loop {
        let accepted = listener.accept();
        if ended.load(Ordering::Acquire) {
            break;
        }
        let Ok((stream, _)) = accepted else {
            thread::park_timeout(PAUSE);
            continue;
        };
        // A thread that has ended needs no join.
        open.retain(|one| !one.thread.is_finished());
        if open.len() >= MAX_CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            oldest.end();
        }
        let stream = Arc::new(stream);
        let (ours, answer) = (Arc::downgrade(&stream), Arc::clone(answer));
        match spawn(move || answer(&stream)) {
            Ok(thread) => open.push_back(Open { stream: ours, thread }),
            Err(_) => unanswered(),
        }
    }
    open.into_iter().for_each(Open::end);
}
