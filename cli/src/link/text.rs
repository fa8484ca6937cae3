//! The options of a link in one text, before it is known over which transport the server serves.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};

use super::options::{Tcp, Udp};
use crate::launch;

/// Options that are decided otherwise where the text is an option itself, by their names in the command.
const DECIDED: [(&str, &str); 5] = [
    ("listen", "--listen is the address that the server asks for"),
    ("to", "--to is the address that the server gets"),
    ("trace", "--trace stands before --link, and has the calls of all"),
    ("no_payload", "--no-payload stands before --link, and is for all"),
    ("json", "--json would write to the standard output, which is the picture's"),
];

/// The options of `capsock link`, those of UDP, of TCP, or of both, and no transport.
#[derive(Debug, Clone)]
pub(crate) struct LinkText {
    /// Why it has none of a transport is what clap says.
    pub(super) udp: Result<Box<Udp>, String>,
    pub(super) tcp: Result<Box<Tcp>, String>,
}

impl LinkText {
    /// The longest time that a datagram or byte is delayed on purpose.
    pub(crate) fn longest_delay(&self) -> Duration {
        let udp = self.udp.as_ref().map(|udp| udp.common.longest_delay());
        let tcp = self.tcp.as_ref().map(|tcp| tcp.common.longest_delay());
        udp.unwrap_or_default().max(tcp.unwrap_or_default())
    }
}

impl FromStr for LinkText {
    type Err = String;

    fn from_str(text: &str) -> Result<LinkText, String> {
        let words = launch::parts(text).map_err(|why| format!("it {why}"))?;
        if let Some(transport @ ("udp" | "tcp")) = words.first().map(String::as_str) {
            return Err(format!("the transport is the server's: leave out '{transport}'"));
        }
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        let udp = parse(&words, |udp: &Udp| udp.options(0).err().and_then(|failure| failure.text));
        let tcp = parse(&words, |tcp: &Tcp| tcp.options(0).err().and_then(|failure| failure.text));
        match (udp, tcp) {
            (Err(udp), Err(tcp)) => Err(neither(udp, tcp)),
            (udp, tcp) => {
                Ok(LinkText { udp: udp.map_err(|wrong| wrong.text), tcp: tcp.map_err(|wrong| wrong.text) })
            }
        }
    }
}

/// Why a text is for neither transport.
fn neither(udp: Wrong, tcp: Wrong) -> String {
    match (udp.unknown, tcp.unknown) {
        (Some(of_tcp), Some(of_udp)) if knows::<Tcp>(&of_tcp) && knows::<Udp>(&of_udp) => {
            format!("'{of_udp}' is of UDP alone and '{of_tcp}' of TCP alone, and a link has one transport")
        }
        // That of UDP is wrong in the words of TCP's.
        (Some(of_tcp), _) if knows::<Tcp>(&of_tcp) => tcp.text,
        _ => udp.text,
    }
}

/// Whether there is an option of this name.
fn knows<T: clap::Args>(option: &str) -> bool {
    let command = Alone::<T>::command();
    let name = option.strip_prefix("--");
    command.get_arguments().any(|argument| argument.get_long().is_some() && argument.get_long() == name)
}

struct Wrong {
    text: String,
    /// The option that there is not.
    unknown: Option<String>,
}

impl From<clap::Error> for Wrong {
    fn from(error: clap::Error) -> Wrong {
        // What it says first; the rest is the usage of another command.
        let all = error.to_string();
        let first: Vec<&str> = all.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let text = first.join(" ");
        let text = text.strip_prefix("error: ").unwrap_or(&text).to_owned();
        let unknown = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(option)) if error.kind() == ErrorKind::UnknownArgument => {
                Some(option.clone())
            }
            _ => None,
        };
        Wrong { text, unknown }
    }
}

/// Options without a command.
#[derive(Debug, clap::Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Alone<T: clap::Args> {
    #[command(flatten)]
    options: T,
}

/// The options of a transport. `check` says why they are no link's.
fn parse<T: clap::Args>(
    words: &[OsString],
    check: impl FnOnce(&T) -> Option<String>,
) -> Result<Box<T>, Wrong> {
    let refused = |text: String| Wrong { text, unknown: None };
    let matches = Alone::<T>::command().try_get_matches_from(words)?;
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    if let Some((_, why)) = DECIDED.iter().find(|(id, _)| given(id)) {
        return Err(refused((*why).to_owned()));
    }
    let options = Alone::<T>::from_arg_matches(&matches)?.options;
    match check(&options) {
        Some(why) => Err(refused(why)),
        None => Ok(Box::new(options)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_for_the_transports_whose_options_it_has() {
        for (text, udp, tcp) in [
            ("", true, true),
            ("--delay 20ms --jitter=10ms --rate 1mbit --seed 7 --log --stats", true, true),
            ("--drop 1", true, false),
            ("--loss '30%' --queue 3 --max-clients 4 --idle-timeout inf", true, false),
            ("--cut down:3", false, true),
            ("--segment 3 --max-connections 2", false, true),
        ] {
            let parsed: LinkText = text.parse().expect(text);
            assert_eq!((parsed.udp.is_ok(), parsed.tcp.is_ok()), (udp, tcp), "{text}: {parsed:?}");
        }
        let delays: LinkText = "--delay up:20ms --delay down:1s --jitter 10ms".parse().expect("options");
        assert_eq!(delays.longest_delay(), Duration::from_millis(1010));
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence() {
        for (text, expected) in [
            ("--drop", "a value is required for '--drop <NUMBERS>'"),
            ("--drop x", "invalid value 'x' for '--drop <NUMBERS>'"),
            ("--cut x", "invalid value 'x' for '--cut <BYTES>'"),
            ("--frobnicate", "unexpected argument '--frobnicate' found"),
            ("--drop 1 --cut 3", "'--drop' is of UDP alone and '--cut' of TCP alone"),
            ("--cut 3 --frobnicate", "unexpected argument '--frobnicate' found"),
            ("--frobnicate --drop 1", "unexpected argument '--frobnicate' found"),
            ("--drop 1 --frobnicate", "unexpected argument '--frobnicate' found"),
            ("--loss 300%", "invalid value '300%' for '--loss <CHANCE>'"),
            ("--help", "unexpected argument '--help' found"),
            ("udp --drop 1", "the transport is the server's: leave out 'udp'"),
            ("server.py", "unexpected argument 'server.py' found"),
            ("--listen 12001", "--listen is the address that the server asks for"),
            ("--drop 1 --to localhost:1", "--to is the address that the server gets"),
            ("--trace x", "--trace stands before --link"),
            ("--json", "--json would write to the standard output"),
            ("--segment 0", "with --segment 0 no byte could be sent"),
            ("--idle-timeout 0", "with --idle-timeout 0 no reply returns"),
            ("--drop '1", "it has a quotation mark that is not closed"),
        ] {
            let why = text.parse::<LinkText>().expect_err(text);
            assert!(why.contains(expected) && !why.contains("Usage"), "{text}: {why}");
        }
    }
}
