//! Transfers a whole stream through a connection, in both directions at once.
//!
//! Memory is constant: one buffer holds what is to be sent, and what is received is written before the next
//! receive. It receives while there is data to send, so that client and server cannot both be blocked in a send.

use std::ffi::c_short;
use std::io::{self, Read, Write};

use super::connection::Connection;
use super::settings::TcpSettings;
use crate::error::{Error, ErrorKind, Result};
use crate::net::fd::NO_FD;
use crate::net::{Deadline, Errno, PollableInput, WaitError, WaitOptions, interest, no_interest, wait_for};
use crate::netc;

/// The size of the buffers for sending and for receiving, in bytes.
const BUFFER_SIZE: usize = 128 << 10;

/// The number of receives after which the input is read again, so that a server that sends without a pause does
/// not starve the input.
const MAX_RECEIVES: usize = 16;

/// The number of bytes that [`TcpClient::copy`](super::TcpClient::copy) transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// From the input to the server.
    pub sent: u64,
    /// From the server to the output.
    pub received: u64,
}

/// The source of the stream.
pub(super) enum Input<'a> {
    /// Each read may block.
    Reader(&'a mut dyn Read),
    /// The copy waits for the descriptor and the socket at once.
    Pollable(PollableInput<'a>),
}

/// Sends all of the input, shuts down the sending direction, and writes all that is received to the output.
pub(super) fn copy(
    connection: &Connection,
    input: Input<'_>,
    output: &mut dyn Write,
    options: &TcpSettings,
    waiting: WaitOptions<'_>,
) -> Result<Copied> {
    let copy = StreamCopy {
        connection,
        input: Some(input),
        output,
        options,
        waiting,
        outgoing: vec![0; BUFFER_SIZE],
        sent: 0,
        filled: 0,
        incoming: vec![0; BUFFER_SIZE],
        server_closed: false,
        copied: Copied::default(),
    };
    copy.run()
}

struct StreamCopy<'a, 'input> {
    connection: &'a Connection,
    /// `None` after the end of the input.
    input: Option<Input<'input>>,
    output: &'a mut dyn Write,
    options: &'a TcpSettings,
    waiting: WaitOptions<'a>,
    /// What was read from the input; `sent..filled` of it is unsent.
    outgoing: Vec<u8>,
    sent: usize,
    filled: usize,
    incoming: Vec<u8>,
    server_closed: bool,
    copied: Copied,
}

impl StreamCopy<'_, '_> {
    fn run(mut self) -> Result<Copied> {
        let mut half_closed = false;
        loop {
            if matches!(self.input, Some(Input::Reader(_))) && !self.is_sending() {
                self.receive_available()?;
                self.read_input()?;
            }
            let all_sent = self.input.is_none() && !self.is_sending();
            match (self.server_closed, all_sent) {
                (true, true) => return self.finish(half_closed),
                (true, false) => return Err(self.closed_early()),
                (false, true) if !half_closed => {
                    self.half_close()?;
                    half_closed = true;
                }
                (false, _) => {}
            }
            let (socket, input) = self.wait(half_closed)?;
            // The input is read before the socket: a server may close the connection as soon as it has received
            // the last byte, and only the end of the input shows that it was the last.
            if input {
                self.read_input()?;
            }
            if socket & !netc::POLLOUT != 0 {
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

    /// Waits for the socket, and for the input if there is nothing to send. Returns the events of the socket and
    /// whether the input is readable.
    fn wait(&self, half_closed: bool) -> Result<(c_short, bool)> {
        let sending = self.is_sending();
        let input = match &self.input {
            Some(Input::Pollable(input)) if !sending => input.fd(),
            _ => NO_FD,
        };
        // While the input has nothing to read, the server has nothing to reply to, and no limit applies.
        let limited = sending || half_closed;
        let deadline = if limited { Deadline::after(self.options.timeout) } else { Deadline::NEVER };
        let writable = if sending { netc::POLLOUT } else { 0 };
        let socket = self.connection.socket.fd();
        let mut fds =
            [interest(socket, netc::POLLIN | writable), interest(input, netc::POLLIN), no_interest()];
        wait_for(&mut fds, self.waiting.with_deadline(deadline))
            .map_err(|error| self.failed(self.connection.socket.end_span_with(error)))?;
        Ok((fds[0].revents, fds[1].revents != 0))
    }

    /// Fills the buffer for sending, all of which has been sent, or finds the end of the input.
    fn read_input(&mut self) -> Result<()> {
        let result = loop {
            let result = match &mut self.input {
                None => return Ok(()),
                Some(Input::Reader(reader)) => reader.read(&mut self.outgoing),
                Some(Input::Pollable(input)) => {
                    let read = input.read(&mut self.outgoing);
                    read.map_err(|Errno(errno)| io::Error::from_raw_os_error(errno))
                }
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.check_interrupt()?,
                other => break other,
            }
        };
        match (result, &self.input) {
            (Ok(0), _) => self.input = None,
            (Ok(count), _) if count > self.outgoing.len() => {
                return Err(Error::new(
                    ErrorKind::InputOutput,
                    "read the input",
                    "it returned more bytes than the buffer holds",
                ));
            }
            (Ok(count), _) => (self.sent, self.filled) = (0, count),
            // A non-blocking descriptor that has nothing to read after all.
            (Err(error), Some(Input::Pollable(_))) if error.kind() == io::ErrorKind::WouldBlock => {}
            (Err(error), _) => return Err(Error::input_output(&error, "read the input")),
        }
        Ok(())
    }

    fn receive_available(&mut self) -> Result<()> {
        for _ in 0..MAX_RECEIVES {
            if self.server_closed || !self.receive()? {
                break;
            }
        }
        Ok(())
    }

    /// Receives once and writes what was received. Returns `false` if nothing was available.
    fn receive(&mut self) -> Result<bool> {
        match self.connection.socket.receive(&mut self.incoming) {
            Ok(0) => self.server_closed = true,
            Ok(count) => {
                self.copied.received += count as u64;
                self.write_output(count)?;
            }
            Err(errno) if errno.would_block() || errno.0 == netc::EINTR => return Ok(false),
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
            Err(errno) if errno.would_block() || errno.0 == netc::EINTR => Ok(()),
            Err(errno @ Errno(netc::EPIPE | netc::ECONNRESET)) => {
                // What the server sent before is still in the receive buffer.
                while !self.server_closed && self.receive()? {}
                Err(if errno.0 == netc::EPIPE {
                    self.closed_early()
                } else {
                    self.failed(WaitError::Os(errno))
                })
            }
            Err(errno) => Err(self.failed(WaitError::Os(errno))),
        }
    }

    fn write_output(&mut self, count: usize) -> Result<()> {
        let operation = "write the output";
        let mut rest = &self.incoming[..count];
        while !rest.is_empty() {
            match self.output.write(rest) {
                Ok(0) => {
                    return Err(Error::new(ErrorKind::InputOutput, operation, "it accepts no more bytes"));
                }
                Ok(count) => {
                    let reason = "it accepted more bytes than were written";
                    let overrun = || Error::new(ErrorKind::InputOutput, operation, reason);
                    rest = rest.get(count..).ok_or_else(overrun)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.check_interrupt()?,
                Err(error) => return Err(Error::input_output(&error, operation)),
            }
        }
        loop {
            match self.output.flush() {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.check_interrupt()?,
                Err(error) => return Err(Error::input_output(&error, operation)),
            }
        }
    }

    /// A signal interrupted the input or the output: fails if the hook ends the call.
    fn check_interrupt(&self) -> Result<()> {
        match self.options.on_interrupt {
            Some(hook) if hook() => Err(self.failed(WaitError::Interrupted)),
            _ => Ok(()),
        }
    }

    fn half_close(&self) -> Result<()> {
        match self.connection.socket.shutdown_write() {
            // The connection was reset; the next receive reports it, after the data that arrived before.
            Ok(()) | Err(Errno(netc::ENOTCONN)) => Ok(()),
            Err(errno) => Err(self.failed(WaitError::Os(errno))),
        }
    }

    /// All is sent and the server has closed the connection: an error if it had not received everything. The
    /// half-close (FIN) counts as one byte.
    fn finish(self, half_closed: bool) -> Result<Copied> {
        match self.connection.socket.unacknowledged() {
            Ok(bytes) if bytes > usize::from(half_closed) => Err(self.closed_early()),
            _ => Ok(self.copied),
        }
    }

    fn failed(&self, error: WaitError) -> Error {
        error.while_trying(&self.operation()).at(self.connection.addresses.peer_text())
    }

    fn closed_early(&self) -> Error {
        let reason = "the server closed the connection before it had received all of the input";
        Error::new(ErrorKind::ConnectionClosed, self.operation(), reason)
            .at(self.connection.addresses.peer_text())
    }

    fn operation(&self) -> String {
        let Copied { sent, received } = self.copied;
        format!("continue the copy, after {sent} bytes sent and {received} received, with")
    }
}
