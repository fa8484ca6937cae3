//! `capsock client`: sends requests from the command line or standard input, and prints the replies.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::time::Instant;

use capsock::{Endpoint, Framing, TcpClient, UdpClient};
use serde_json::{Value, json};

use crate::argument;
use crate::failure::{Failure, Result};
use crate::options::{TcpClientArgs, UdpClientArgs};
use crate::port::port;
use crate::record::Record;
use crate::signals;
use crate::stdio::{CHUNK, Input, Output};

/// The longest line of standard input, in bytes: a bound on memory.
const LONGEST_LINE: u64 = 64 << 20;

const AFTER: &str = "\
Examples:
  capsock client tcp localhost 12000 hello world          print HELLO WORLD
  capsock client udp localhost 12000 --timeout 2 hello    wait 2 seconds at most
  capsock client tcp localhost 12000 < book.txt > BOOK    a file of any size
  capsock client tcp localhost 12000                      a request for each line typed
  capsock client tcp unix:/run/capsock.sock hello         to a Unix domain socket; unix:@NAME is an abstract one";

/// Send requests to a server, and print the replies.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Client {
    #[command(subcommand)]
    over: Over,
}

#[derive(Debug, clap::Subcommand)]
enum Over {
    /// Send requests over TCP. Without TEXT, each line typed on a terminal is a request; other input is
    /// sent as a stream of bytes, and the bytes received are printed. With --framing length or delimiter each line of
    /// any input is a request, which is sent without its newline.
    #[command(after_help = AFTER)]
    Tcp(Tcp),
    /// Send requests over UDP. Without TEXT, each line of standard input is a request.
    #[command(after_help = AFTER)]
    Udp(Udp),
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The server's name or address; `unix:PATH` for a Unix domain socket, `unix:@NAME` for one of Linux's abstract names.
    host: String,
    /// The server's port. A Unix domain socket has none: the request follows it.
    port: Option<OsString>,
    /// The request. Several words are joined by single spaces; put `--` before a word that begins
    /// with a hyphen.
    text: Vec<OsString>,
    /// Print a JSON object for each reply, with its time in seconds, and for an error. Over TCP, each line of the input
    /// is then a request.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    trace: Record,
}

#[derive(Debug, clap::Args)]
struct Tcp {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    args: TcpClientArgs,
}

#[derive(Debug, clap::Args)]
struct Udp {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    args: UdpClientArgs,
}

pub(crate) fn run(client: &Client) -> Result<()> {
    let common = match &client.over {
        Over::Tcp(tcp) => &tcp.common,
        Over::Udp(udp) => &udp.common,
    };
    let _recording = common.trace.start()?;
    match &client.over {
        Over::Tcp(tcp) => tcp.run(),
        Over::Udp(udp) => udp.run(),
    }
}

impl Client {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.over {
            Over::Tcp(tcp) => tcp.common.json,
            Over::Udp(udp) => udp.common.json,
        }
    }
}

impl Tcp {
    fn run(&self) -> Result<()> {
        let options = self.args.options(signals::once);
        let (server, text) = self.common.server()?;
        let client = TcpClient::connect_with(server, options)?;
        // Lines are parts of the stream as they are.
        let lines = self.args.framing == Framing::Line;
        let streams = lines && text.is_empty() && !self.common.json && !std::io::stdin().is_terminal();
        if streams {
            stream(&client)
        } else {
            self.common.ask(&text, |request| client.request_bytes(request))
        }
    }
}

/// Sends the input as a stream and writes the bytes received to the output, in constant memory.
fn stream(client: &TcpClient) -> Result<()> {
    let input = Input::new().map_err(|error| Failure::input(&error))?;
    let mut output = Output::new().map_err(|error| Failure::output(&error))?;
    match client.copy_fd(input.as_input(), &mut output) {
        Ok(_) => Ok(()),
        Err(error) => Err(match output.failed {
            Some(failed) => Failure::output(&failed),
            None => error.into(),
        }),
    }
}

impl Udp {
    fn run(&self) -> Result<()> {
        let options = self.args.options(signals::once);
        let (server, text) = self.common.server()?;
        let client = UdpClient::connect_with(server, options)?;
        self.common.ask(&text, |request| client.request_bytes(request))
    }
}

impl Common {
    /// The server, and the words of the request.
    fn server(&self) -> Result<(Endpoint, Vec<&OsStr>)> {
        let words = self.text.iter().map(OsString::as_os_str);
        let unix = Endpoint::from((self.host.as_str(), 0));
        if unix.unix().is_some() {
            return Ok((unix, self.port.iter().map(OsString::as_os_str).chain(words).collect()));
        }
        let Some(given) = &self.port else {
            return Err(Failure::usage("the server's port is missing: <HOST> <PORT>"));
        };
        let given = given.to_string_lossy();
        let number = port(&given)
            .map_err(|error| Failure::usage(format!("invalid value '{given}' for '<PORT>': {error}")))?;
        Ok((Endpoint::from((self.host.as_str(), number)), words.collect()))
    }

    /// Sends the text, or each line of standard input, and prints the replies.
    fn ask(&self, text: &[&OsStr], request: impl Fn(&[u8]) -> capsock::Result<Vec<u8>>) -> Result<()> {
        let mut printer =
            Printer { output: Output::new().map_err(|error| Failure::output(&error))?, json: self.json };
        if !text.is_empty() {
            let words = text.iter().map(|word| argument::bytes(word)).collect::<Result<Vec<_>>>()?;
            let text = words.join(&b' ');
            return printer.print_reply(&text, &request);
        }
        let input = Input::new().map_err(|error| Failure::input(&error))?;
        let mut input = BufReader::with_capacity(CHUNK, input);
        let mut line = Vec::new();
        while next_line(&mut input, &mut line)? {
            printer.print_reply(&line, &request)?;
        }
        Ok(())
    }
}

/// Reads a line, without its newline, into `line`; `false` at the end of the input.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    let length = input.take(LONGEST_LINE).read_until(b'\n', line).map_err(|error| Failure::input(&error))?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if length as u64 == LONGEST_LINE {
        return Err(Failure::new(format!("could not take a line of more than {} MiB", LONGEST_LINE >> 20)));
    }
    Ok(length > 0)
}

struct Printer {
    output: Output,
    json: bool,
}

impl Printer {
    fn print_reply(
        &mut self,
        text: &[u8],
        request: impl Fn(&[u8]) -> capsock::Result<Vec<u8>>,
    ) -> Result<()> {
        let start = Instant::now();
        let mut reply = request(text)?;
        let written = if self.json {
            self.output.line(object(text, &reply, start.elapsed().as_secs_f64()))
        } else {
            reply.push(b'\n');
            self.output.write_all(&reply)
        };
        written.map_err(|error| Failure::output(&error))
    }
}

/// A reply that is not UTF-8 is no JSON string: `reply` is null, and `reply_hex` has its bytes.
fn object(request: &[u8], reply: &[u8], seconds: f64) -> Value {
    let text = std::str::from_utf8(reply).ok();
    let mut object = json!({
        "reply": text,
        "bytes_sent": request.len(),
        "bytes_received": reply.len(),
        "seconds": seconds,
    });
    if text.is_none() {
        object["reply_hex"] = reply.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    }
    object
}
