//! A whole stream through a connection, both ways at once.
//!
//! Memory is constant: at most one piece waits to be sent, and a piece received is written before
//! the next one is. There is always somebody to receive while there is something to send, so the
//! two sides cannot wait for each other.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};

use super::connection::Connection;
use super::{Copied, TcpClientOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Errno, WaitError, WaitOptions, interest, read, wait_for};

/// How much is read, sent and received at once, in bytes.
const PIECE: usize = 128 << 10;

/// How many pieces are received at most before more input is read: a server that never pauses does not
/// keep the input waiting for ever.
const AT_ONCE: usize = 16;

/// Where the stream comes from.
pub(super) enum Input<'a> {
    /// Each read may block.
    Reader(&'a mut dyn Read),
    /// Waited for together with the socket.
    Descriptor(BorrowedFd<'a>),
}

pub(super) fn copy(
    connection: &Connection,
    input: Input<'_>,
    output: &mut dyn Write,
    options: &TcpClientOptions,
    waiting: WaitOptions<'_>,
) -> Result<Copied> {
    let pump = Pump {
        connection,
        input: Some(input),
        output,
        options,
        waiting,
        outgoing: vec![0; PIECE],
        sent: 0,
        filled: 0,
        incoming: vec![0; PIECE],
        server_ended: false,
        copied: Copied::default(),
    };
    pump.run()
}

struct Pump<'a, 'input> {
    connection: &'a Connection,
    /// `None` after its end.
    input: Option<Input<'input>>,
    output: &'a mut dyn Write,
    options: &'a TcpClientOptions,
    waiting: WaitOptions<'a>,
    /// The piece being sent: `sent..filled` is left of it.
    outgoing: Vec<u8>,
    sent: usize,
    filled: usize,
    incoming: Vec<u8>,
    server_ended: bool,
    copied: Copied,
}

impl Pump<'_, '_> {
    fn run(mut self) -> Result<Copied> {
        let mut half_closed = false;
        loop {
            if matches!(self.input, Some(Input::Reader(_))) && !self.is_sending() {
                self.receive_what_is_there()?;
                self.read_input()?;
            }
            let all_sent = self.input.is_none() && !self.is_sending();
            match (self.server_ended, all_sent) {
                (true, true) => return self.finish(half_closed),
                (true, false) => return Err(self.closed_early()),
                (false, true) if !half_closed => {
                    self.half_close()?;
                    half_closed = true;
                }
                (false, _) => {}
            }
            let (socket, input) = self.wait(half_closed)?;
            // The input goes first: a server may close as soon as it has the last byte, and only the
            // input can tell that it was the last.
            if input {
                self.read_input()?;
            }
            if socket & !libc::POLLOUT != 0 {
                self.receive()?;
            }
            if self.is_sending() {
                self.send()?;
            }
        }
    }

    fn is_sending(&self) -> bool {
        self.sent < self.filled
    }

    /// Waits for the socket, and for the input if more of it is wanted. Returns what the socket is
    /// ready for and whether the input is.
    fn wait(&self, half_closed: bool) -> Result<(libc::c_short, bool)> {
        let sending = self.is_sending();
        let input = match &self.input {
            Some(Input::Descriptor(fd)) if !sending => fd.as_raw_fd(),
            _ => -1,
        };
        // A server that has all there is so far owes nothing that could be late.
        let owed = sending || half_closed;
        let deadline = if owed { Deadline::after(self.options.timeout) } else { Deadline::NEVER };
        let writable = if sending { libc::POLLOUT } else { 0 };
        let socket = self.connection.socket.fd();
        let mut fds =
            [interest(socket, libc::POLLIN | writable), interest(input, libc::POLLIN), interest(-1, 0)];
        wait_for(&mut fds, self.waiting.with_deadline(deadline))
            .map_err(|error| self.failed(self.connection.socket.gives_up(error)))?;
        Ok((fds[0].revents, fds[1].revents != 0))
    }

    /// Reads the next piece, or the end, once the last piece has been sent.
    fn read_input(&mut self) -> Result<()> {
        let result = loop {
            let result = match &mut self.input {
                None => return Ok(()),
                Some(Input::Reader(reader)) => reader.read(&mut self.outgoing),
                Some(Input::Descriptor(fd)) => {
                    read(*fd, &mut self.outgoing).map_err(|Errno(errno)| io::Error::from_raw_os_error(errno))
                }
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.ask_hook()?,
                other => break other,
            }
        };
        match (result, &self.input) {
            (Ok(0), _) => self.input = None,
            (Ok(count), _) if count > self.outgoing.len() => {
                return Err(Error::new(
                    ErrorKind::InputOutput,
                    "read the input",
                    "it gave more than was asked for",
                ));
            }
            (Ok(count), _) => (self.sent, self.filled) = (0, count),
            // A descriptor that its owner made non-blocking, with nothing to read after all.
            (Err(error), Some(Input::Descriptor(_))) if error.kind() == io::ErrorKind::WouldBlock => {}
            (Err(error), _) => return Err(Error::input_output(&error, "read the input")),
        }
        Ok(())
    }

    fn receive_what_is_there(&mut self) -> Result<()> {
        for _ in 0..AT_ONCE {
            if self.server_ended || !self.receive()? {
                break;
            }
        }
        Ok(())
    }

    /// Receives a piece or the end, and writes it out; `false` if nothing was there.
    fn receive(&mut self) -> Result<bool> {
        match self.connection.socket.receive(&mut self.incoming) {
            Ok(0) => self.server_ended = true,
            Ok(count) => {
                self.copied.received += count as u64;
                self.write_output(count)?;
            }
            Err(errno) if errno.would_block() || errno.0 == libc::EINTR => return Ok(false),
            Err(errno) => return Err(self.failed(WaitError::Os(errno))),
        }
        Ok(true)
    }

    fn send(&mut self) -> Result<()> {
        match self.connection.socket.send(&self.outgoing[self.sent..self.filled]) {
            Ok(count) => {
                self.sent += count;
                self.copied.sent += count as u64;
                Ok(())
            }
            Err(errno) if errno.would_block() || errno.0 == libc::EINTR => Ok(()),
            Err(errno @ Errno(libc::EPIPE | libc::ECONNRESET)) => {
                // What the server said before it went is still there.
                while !self.server_ended && self.receive()? {}
                Err(if errno.0 == libc::EPIPE {
                    self.closed_early()
                } else {
                    self.failed(WaitError::Os(errno))
                })
            }
            Err(errno) => Err(self.failed(WaitError::Os(errno))),
        }
    }

    fn write_output(&mut self, count: usize) -> Result<()> {
        let tried = "write the output";
        let mut rest = &self.incoming[..count];
        while !rest.is_empty() {
            match self.output.write(rest) {
                Ok(0) => return Err(Error::new(ErrorKind::InputOutput, tried, "it takes no more")),
                Ok(count) => {
                    let overrun =
                        || Error::new(ErrorKind::InputOutput, tried, "it took more than it was given");
                    rest = rest.get(count..).ok_or_else(overrun)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.ask_hook()?,
                Err(error) => return Err(Error::input_output(&error, tried)),
            }
        }
        loop {
            match self.output.flush() {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.ask_hook()?,
                Err(error) => return Err(Error::input_output(&error, tried)),
            }
        }
    }

    /// A signal interrupted the input or the output.
    fn ask_hook(&self) -> Result<()> {
        match self.options.on_interrupt {
            Some(hook) if hook() => Err(self.failed(WaitError::Interrupted)),
            _ => Ok(()),
        }
    }

    fn half_close(&self) -> Result<()> {
        match self.connection.socket.shutdown_write() {
            // Reset in the meantime: receiving says so, after what can still be received.
            Ok(()) | Err(Errno(libc::ENOTCONN)) => Ok(()),
            Err(errno) => Err(self.failed(WaitError::Os(errno))),
        }
    }

    /// Everything was handed to the system and the server has ended: done, unless it ended without
    /// taking everything. The half-close counts as one byte.
    fn finish(self, half_closed: bool) -> Result<Copied> {
        match self.connection.socket.unacknowledged() {
            Ok(bytes) if bytes > usize::from(half_closed) => Err(self.closed_early()),
            _ => Ok(self.copied),
        }
    }

    fn failed(&self, error: WaitError) -> Error {
        error.while_trying(&self.tried()).at(self.connection.ends.peer)
    }

    fn closed_early(&self) -> Error {
        let happened = "the server closed the connection before it had taken all of the input";
        Error::new(ErrorKind::ConnectionClosed, self.tried(), happened).at(self.connection.ends.peer)
    }

    fn tried(&self) -> String {
        let Copied { sent, received } = self.copied;
        format!("copy on after {sent} bytes sent and {received} received, with")
    }
}
