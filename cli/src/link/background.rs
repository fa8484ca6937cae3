//! A link on a thread of its own, while this process does something else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use capsock::net::Endpoint;
use capsock_link::{DatagramLink, StreamLink};

use super::options::Common;
use super::relay::Relay;
use super::reporter::{Reporter, relay};
use super::text::LinkText;
use crate::failure::{Failure, Result};
use crate::stdio::message;

/// Where a link stands.
#[derive(Debug, Clone)]
pub(crate) struct Between {
    /// Over UDP.
    pub(crate) datagrams: bool,
    /// Where clients are served.
    pub(crate) listen: Endpoint,
    /// The server.
    pub(crate) to: Endpoint,
}

/// A link that relays until it is stopped or dropped. Its calls are the recording of this process meanwhile.
#[derive(Debug)]
pub(crate) struct Background {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Background {
    /// Starts it, and its recording to a file. When this returns, clients are served.
    ///
    /// # Errors
    /// The options are of the other transport, the file cannot be written, or those of binding.
    pub(crate) fn start(text: &LinkText, between: Between, file: &Path, payload: bool) -> Result<Background> {
        let other = |of: &str, is: &str, why: &str| {
            Failure::usage(format!("its options are of {of}, and the server is of {is}: {why}"))
        };
        match (&text.udp, &text.tcp) {
            (Err(why), _) if between.datagrams => return Err(other("TCP", "UDP", why)),
            (_, Err(why)) if !between.datagrams => return Err(other("UDP", "TCP", why)),
            _ => {}
        }
        capsock::trace::set_process_info("rust", "capsock link");
        capsock::trace::start(file, payload)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, told) = channel();
        let thread = {
            let (text, stop) = (text.clone(), Arc::clone(&stop));
            thread::spawn(move || run(text, between, &stop, tell))
        };
        let background = Background { stop, thread: Some(thread) };
        match told.recv() {
            Ok(()) => Ok(background),
            // It has ended before it was ready.
            Err(_) => Err(background.stop().err().unwrap_or_else(|| Failure::new("it has ended"))),
        }
    }

    /// Ends it, and prints its totals.
    ///
    /// # Errors
    /// That for which it has ended before.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        self.stop.store(true, Ordering::SeqCst);
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let ended = thread.join().unwrap_or_else(|_| Err(Failure::new("the link has failed")));
        capsock::trace::stop();
        ended
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Err(Failure { text: Some(text), .. }) = self.end() {
            message(text);
        }
    }
}

/// Binds the link and relays. A link belongs to its thread.
fn run(text: LinkText, between: Between, stop: &AtomicBool, ready: Sender<()>) -> Result<()> {
    let Between { datagrams, listen, to } = between;
    match text {
        LinkText { udp: Ok(udp), .. } if datagrams => {
            let seed = udp.common.seed();
            let options = capsock_link::DatagramOptions { listen, to, ..udp.options(seed)? };
            stand(DatagramLink::bind(&options)?, &udp.common, seed, stop, ready)
        }
        LinkText { tcp: Ok(tcp), .. } if !datagrams => {
            let seed = tcp.common.seed();
            let options = capsock_link::StreamOptions { listen, to, ..tcp.options(seed)? };
            stand(StreamLink::bind(&options)?, &tcp.common, seed, stop, ready)
        }
        LinkText { udp: Err(why), .. } | LinkText { tcp: Err(why), .. } => Err(Failure::usage(why)),
        LinkText { .. } => Ok(()),
    }
}

fn stand(
    mut link: impl Relay,
    common: &Common,
    seed: u64,
    stop: &AtomicBool,
    ready: Sender<()>,
) -> Result<()> {
    let mut reporter = Reporter::new(common)?;
    reporter.ready(&link, seed, "")?;
    // Who waits for it gives up only if its thread has ended.
    let _ = ready.send(());
    drop(ready);
    relay(&mut link, common, &mut reporter, &|| stop.load(Ordering::SeqCst))?;
    reporter.totals("stopped", "link: ", &link)
}
