//! The Rust peer of `capsock demo`: `peer serve` runs a server of each kind, and
//! `peer ask TEXTS EXPECTED` sends requests to servers and checks every reply.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use capsock::{
    Concurrency, ErrorKind, ServerOptions, TcpClient, TcpClientOptions, Transport, UdpClient,
    UdpClientOptions,
};

const HOST: &str = "127.0.0.1";
const TIMEOUT: Option<Duration> = Some(Duration::from_secs(20));
/// The maximum payload of a UDP datagram over IPv4, in bytes.
const LARGEST_DATAGRAM: usize = 65_507;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    run(&std::env::args().skip(1).collect::<Vec<_>>())
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["ask", texts, expected] => ask(texts, expected),
        _ => Err("usage: peer serve | peer ask TEXTS EXPECTED".into()),
    }
}

/// Runs the eight servers until the end of standard input.
fn serve() -> Result<()> {
    let mut out = io::stdout().lock();
    let mut servers = Vec::new();
    for transport in Transport::ALL {
        for concurrency in Concurrency::ALL {
            let kind = format!("{} {}", transport.name(), concurrency.name());
            match ServerOptions::new(*transport, (HOST, 0)).concurrency(*concurrency).start() {
                Ok(server) => {
                    writeln!(out, "{kind} {}", server.local_addr().port())?;
                    servers.push(server);
                }
                // Not every system has processes.
                Err(error) if error.kind() == ErrorKind::Unsupported => writeln!(out, "{kind} unsupported")?,
                Err(error) => return Err(error.into()),
            }
        }
    }
    writeln!(out, "ready")?;
    out.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    for server in &servers {
        server.stop(Duration::from_secs(5))?;
    }
    Ok(())
}

/// Sends every text to each server listed on standard input, as in `tcp threads 40123`.
fn ask(texts: &str, expected: &str) -> Result<()> {
    let (texts, expected) = (std::fs::read_to_string(texts)?, std::fs::read_to_string(expected)?);
    let pairs: Vec<_> = texts.lines().zip(expected.lines()).collect();
    for line in io::stdin().lines() {
        let line = line?;
        let (result, detail) = match ask_one(&line, &pairs) {
            Ok(detail) => ("ok", detail),
            Err(error) => ("failed", error.to_string()),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}\t{result}\t{}", detail.replace(['\t', '\n'], " "))?;
        out.flush()?;
    }
    Ok(())
}

fn ask_one(line: &str, pairs: &[(&str, &str)]) -> Result<String> {
    let [transport, _, port] = line.split(' ').collect::<Vec<_>>()[..] else {
        return Err("not a transport, a concurrency and a port".into());
    };
    let to = (HOST, port.parse()?);
    match transport.parse()? {
        Transport::Tcp => {
            let options = TcpClientOptions { timeout: TIMEOUT, ..Default::default() };
            let client = TcpClient::connect_with(to, options)?;
            check(pairs, usize::MAX, |text| client.request(text))
        }
        Transport::Udp => {
            let options = UdpClientOptions { timeout: TIMEOUT, ..Default::default() };
            let client = UdpClient::connect_with(to, options)?;
            check(pairs, LARGEST_DATAGRAM, |text| client.request(text))
        }
    }
}

/// Sends each text. One of more than `largest` bytes must be refused as too large, and its error is
/// returned.
fn check(
    pairs: &[(&str, &str)],
    largest: usize,
    request: impl Fn(&str) -> capsock::Result<String>,
) -> Result<String> {
    let mut detail = format!("{} texts", pairs.len());
    for (index, (text, expected)) in pairs.iter().enumerate() {
        match request(text) {
            Err(error) if text.len() > largest && error.kind() == ErrorKind::TooLarge => {
                detail = error.to_string()
            }
            Err(error) => return Err(error.into()),
            Ok(_) if text.len() > largest => {
                return Err(format!("text {}: no error 'too large'", index + 1).into());
            }
            Ok(reply) if reply == *expected => {}
            Ok(reply) => return Err(difference(index + 1, &reply, expected).into()),
        }
    }
    Ok(detail)
}

fn difference(number: usize, reply: &str, expected: &str) -> String {
    let same = reply.chars().zip(expected.chars()).take_while(|(one, other)| one == other).count();
    format!("text {number}: the reply differs from character {} on", same + 1)
}
