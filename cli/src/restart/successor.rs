//! The side of the server that is replaced: it hands over its sockets, and gives the successor up if that is not ready in
//! time.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use capsock::Transport;

use super::channel::{Channel, ChannelError};
use super::message::{Message, Purpose};

/// How long a successor that is ready may take to accept.
const SERVING_TIMEOUT: Duration = Duration::from_secs(10);

/// It says why on its own standard error.
pub(super) const ENDED: &str = "it ended before it was ready";

/// A successor that accepts.
pub(super) struct Successor {
    channel: Channel,
    pub(super) process: u32,
}

impl Successor {
    /// Hands these sockets to the program at the other end, and waits until it accepts. It has until `hello` to ask for
    /// them, and until `ready` to be ready; `None` sets no limit.
    ///
    /// # Errors
    /// Why it is given up, which it has been told.
    pub(super) fn admit(
        mut channel: Channel,
        transport: Transport,
        sockets: &[(Purpose, BorrowedFd<'_>)],
        hello: Option<Instant>,
        ready: Option<Instant>,
    ) -> Result<Successor, GivenUp> {
        let mut may_accept = false;
        match hand_over(&mut channel, transport, sockets, hello, ready, &mut may_accept) {
            Ok(process) => Ok(Successor { channel, process }),
            Err(why) => {
                // It may have ended.
                let _ = channel.send(&Message::refused(&format!("the server goes on: {why}")), &[]);
                Err(GivenUp { why, may_accept })
            }
        }
    }

    /// Tells it that nobody else accepts any more.
    pub(super) fn release(self) {
        // It may have ended, which changes nothing.
        let _ = self.channel.send(&Message::Bye, &[]);
    }
}

/// There is no successor.
pub(super) struct GivenUp {
    pub(super) why: String,
    /// Whether it may have accepted connections, which it then serves to their ends.
    pub(super) may_accept: bool,
}

impl From<String> for GivenUp {
    fn from(why: String) -> GivenUp {
        GivenUp { why, may_accept: false }
    }
}

fn hand_over(
    channel: &mut Channel,
    transport: Transport,
    sockets: &[(Purpose, BorrowedFd<'_>)],
    hello: Option<Instant>,
    ready: Option<Instant>,
    may_accept: &mut bool,
) -> Result<u32, String> {
    let text = |error: ChannelError| error.to_string();
    let process = match channel.receive(hello) {
        Err(ChannelError::Closed) => return Err(ENDED.to_owned()),
        hello => hello.map_err(text)?,
    };
    let process = match process {
        Message::Hello { transport: wanted, process } if wanted == transport => process,
        Message::Hello { .. } => return Err(format!("it serves {}", transport.name())),
        _ => return Err(text(ChannelError::Unexpected)),
    };
    let purposes = sockets.iter().map(|(purpose, _)| *purpose).collect();
    let descriptors: Vec<_> = sockets.iter().map(|(_, descriptor)| *descriptor).collect();
    channel.send(&Message::Sockets(purposes), &descriptors).map_err(text)?;
    expect(channel, &Message::Ready, ready)?;
    *may_accept = true;
    channel.send(&Message::Go, &[]).map_err(text)?;
    expect(channel, &Message::Serving, Some(Instant::now() + SERVING_TIMEOUT))?;
    Ok(process)
}

fn expect(channel: &mut Channel, expected: &Message, deadline: Option<Instant>) -> Result<(), String> {
    match channel.receive(deadline) {
        Ok(message) if message == *expected => Ok(()),
        Ok(_) => Err(ChannelError::Unexpected.to_string()),
        Err(ChannelError::Closed) => Err(ENDED.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
