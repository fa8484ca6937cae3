//! What a server and its successor tell each other: a line each, `capsock 1 WORD...`.
//!
//! ```text
//! successor: hello TRANSPORT PID    it asks for the sockets
//! server:    sockets PURPOSE...     one for each descriptor that comes with the line
//! successor: ready                  it is started, and accepts nothing yet
//! server:    go
//! successor: serving                it accepts
//! server:    bye                    it accepts no more
//! ```
//!
//! Until `bye` the server may say `refused WHY` instead, and continues.
//!
//! This file uses no other one of the command: the fuzz target `restart_message` includes it.

use std::fmt::{self, Display};
use std::str::FromStr;

use capsock::Transport;

/// The first words of each line. Another number is another protocol.
const START: &str = "capsock 1 ";

/// The longest line, its newline included.
pub(crate) const MAX_LINE: usize = 1024;

/// The most characters of a refusal, of 4 bytes at most.
const MAX_REASON: usize = 200;

/// The most descriptors that come with a line.
pub(crate) const MAX_SOCKETS: usize = 64;

/// What a descriptor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A socket of the server.
    Server,
    /// A listener of the endpoint for metrics.
    Metrics,
    /// The listener that successors connect to.
    Control,
}

impl Purpose {
    const ALL: [(Purpose, &'static str); 3] =
        [(Purpose::Server, "server"), (Purpose::Metrics, "metrics"), (Purpose::Control, "control")];

    fn name(self) -> &'static str {
        Purpose::ALL.iter().find(|(purpose, _)| *purpose == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Purpose> {
        Purpose::ALL.iter().find(|(_, own)| *own == name).map(|(purpose, _)| *purpose)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Hello { transport: Transport, process: u32 },
    Sockets(Vec<Purpose>),
    Refused(String),
    Ready,
    Go,
    Serving,
    Bye,
}

impl Message {
    /// A refusal that fits into a line and moves no cursor.
    pub(crate) fn refused(why: &str) -> Message {
        let shown = why.chars().filter(|letter| !letter.is_control()).take(MAX_REASON);
        Message::Refused(shown.collect())
    }
}

impl Display for Message {
    /// The line, without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(START)?;
        match self {
            Message::Hello { transport, process } => write!(f, "hello {} {process}", transport.name()),
            Message::Sockets(purposes) => {
                f.write_str("sockets")?;
                purposes.iter().try_for_each(|purpose| write!(f, " {}", purpose.name()))
            }
            Message::Refused(why) => write!(f, "refused {why}"),
            Message::Ready => f.write_str("ready"),
            Message::Go => f.write_str("go"),
            Message::Serving => f.write_str("serving"),
            Message::Bye => f.write_str("bye"),
        }
    }
}

/// A line that is no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoMessage;

impl FromStr for Message {
    type Err = NoMessage;

    fn from_str(line: &str) -> Result<Message, NoMessage> {
        let words = line.strip_prefix(START).ok_or(NoMessage)?;
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        match (word, rest) {
            ("hello", rest) => {
                let (transport, process) = rest.split_once(' ').ok_or(NoMessage)?;
                let transport = Transport::ALL.iter().find(|one| one.name() == transport).ok_or(NoMessage)?;
                let process = process.parse().map_err(|_| NoMessage)?;
                Ok(Message::Hello { transport: *transport, process })
            }
            ("sockets", rest) => {
                let purposes: Option<Vec<_>> = rest.split(' ').map(Purpose::named).collect();
                let purposes = purposes.filter(|purposes| purposes.len() <= MAX_SOCKETS).ok_or(NoMessage)?;
                Ok(Message::Sockets(purposes))
            }
            // It is shown on a terminal.
            ("refused", why) if !why.chars().any(char::is_control) => Ok(Message::Refused(why.to_owned())),
            ("ready", "") => Ok(Message::Ready),
            ("go", "") => Ok(Message::Go),
            ("serving", "") => Ok(Message::Serving),
            ("bye", "") => Ok(Message::Bye),
            _ => Err(NoMessage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_line() {
        let all = [
            Message::Hello { transport: Transport::Tcp, process: 1 },
            Message::Hello { transport: Transport::Udp, process: u32::MAX },
            Message::Sockets(vec![Purpose::Server, Purpose::Server, Purpose::Metrics, Purpose::Control]),
            Message::Refused("it serves udp".to_owned()),
            Message::Ready,
            Message::Go,
            Message::Serving,
            Message::Bye,
        ];
        for message in all {
            assert_eq!(message.to_string().parse(), Ok(message));
        }
    }

    #[test]
    fn other_lines_are_none() {
        let too_many = format!("capsock 1 sockets{}", " server".repeat(MAX_SOCKETS + 1));
        for line in [
            "",
            "capsock",
            "capsock 1 ",
            "capsock 2 ready",
            "GET / HTTP/1.1",
            "capsock 1 ready now",
            "capsock 1 hello",
            "capsock 1 hello sctp 1",
            "capsock 1 hello tcp",
            "capsock 1 hello tcp -1",
            "capsock 1 hello tcp 4294967296",
            "capsock 1 sockets",
            "capsock 1 sockets stdin",
            "capsock 1 sockets server  server",
            "capsock 1 refused \u{1b}[2J",
            &too_many,
        ] {
            assert_eq!(line.parse::<Message>(), Err(NoMessage), "{line}");
        }
    }
}
