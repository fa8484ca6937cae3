//! mio on one thread: one event loop for all connections; over UDP all that is there, one by one.
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    /// What the client has not taken yet. While there is some, nothing is read.
    owed: Vec<u8>,
}

/// Whether a call has to wait for the next event.
fn would_block<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

impl Connection {
    /// Sends what it can, and says how much.
    fn send(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
        let mut sent = 0;
        while sent < bytes.len() {
            match would_block(stream.write(&bytes[sent..]))? {
                Some(count) => sent += count,
                None => break,
            }
        }
        Ok(sent)
    }

    /// Goes on until there is nothing to read or no room to write; says whether the connection goes on.
    fn serve(&mut self, bytes: &mut [u8]) -> io::Result<bool> {
        if !self.owed.is_empty() {
            let sent = Self::send(&mut self.stream, &self.owed)?;
            self.owed.drain(..sent);
            if !self.owed.is_empty() {
                return Ok(true);
            }
        }
        loop {
            let Some(count) = would_block(self.stream.read(bytes))? else { return Ok(true) };
            if count == 0 {
                return Ok(false);
            }
            bytes[..count].make_ascii_uppercase();
            let sent = Self::send(&mut self.stream, &bytes[..count])?;
            if sent < count {
                self.owed.extend_from_slice(&bytes[sent..count]);
                return Ok(true);
            }
            // epoll(7): a short read has emptied the stream.
            if count < bytes.len() {
                return Ok(true);
            }
        }
    }
}

fn tcp(buffer: usize) -> io::Result<()> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    capsock_bench_peers::ready(listener.local_addr()?);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut connections, mut next, mut bytes) = (HashMap::new(), 0, vec![0; buffer]);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Some((mut stream, _)) = would_block(listener.accept())? {
                    stream.set_nodelay(true)?;
                    let token = Token(next);
                    next += 1;
                    poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                    connections.insert(token, Connection { stream, owed: Vec::new() });
                }
            } else if let Some(connection) = connections.get_mut(&event.token())
                && (event.is_readable() || !connection.owed.is_empty())
                && !connection.serve(&mut bytes).unwrap_or(false)
            {
                connections.remove(&event.token());
            }
        }
    }
}

fn udp() -> io::Result<()> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(16));
    let mut socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    capsock_bench_peers::ready(socket.local_addr()?);
    poll.registry().register(&mut socket, LISTENER, Interest::READABLE)?;
    let mut bytes = vec![0; 65_536];
    loop {
        poll.poll(&mut events, None)?;
        while let Some((count, from)) = would_block(socket.recv_from(&mut bytes))? {
            bytes[..count].make_ascii_uppercase();
            would_block(socket.send_to(&bytes[..count], from))?;
        }
    }
}

fn main() -> io::Result<()> {
    let job = capsock_bench_peers::job();
    if job.mode == "udp" { udp() } else { tcp(job.buffer) }
}
