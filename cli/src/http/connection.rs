//! One connection: a request within a time limit, its response, and the end.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use super::head::{Head, MAX_HEAD};
use super::response::Response;

/// The time limit of a connection, from its accept to its close.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How long, and how much, is read and discarded after a response. A close with unread data would reset the connection,
/// and the client might lose the response.
const LINGER_LIMIT: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 64 << 10;

/// A connection with its deadline.
pub(crate) struct Connection<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Connection<'_> {
    pub(crate) fn new(stream: &TcpStream) -> Connection<'_> {
        Connection { stream, deadline: Instant::now() + TIME_LIMIT }
    }

    /// The head of the request. `None` if the connection ended before, or no byte came in time.
    /// `parse` reads it from the bytes that have arrived.
    pub(crate) fn head<T>(&self, parse: impl Fn(&[u8]) -> Head<T>) -> Option<Head<T>> {
        let mut buffer = [0; MAX_HEAD];
        let mut length = 0;
        loop {
            match parse(&buffer[..length]) {
                Head::Incomplete => {}
                whole => return Some(whole),
            }
            match self.read(&mut buffer[length..]) {
                Ok(0) => return None,
                Ok(more) => length += more,
                Err(error) if is_timeout(&error) && length > 0 => return Some(Head::Refused(408)),
                Err(_) => return None,
            }
        }
    }

    /// Sends the response, and waits a moment for the client to close.
    pub(crate) fn respond(&self, response: &Response) -> io::Result<()> {
        let bytes = response.bytes(SystemTime::now());
        let mut bytes = bytes.as_slice();
        // A request that used up its time still gets its response: it fits into the send buffer.
        let deadline = self.deadline.max(Instant::now() + LINGER_LIMIT);
        while !bytes.is_empty() {
            self.stream.set_write_timeout(Some(left(deadline)?))?;
            match (&*self.stream).write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.stream.shutdown(Shutdown::Write)?;
        let lingering = Connection { stream: self.stream, deadline: Instant::now() + LINGER_LIMIT };
        let (mut discarded, mut buffer) = (0, [0; 4 << 10]);
        while discarded < LINGER_BYTES {
            match lingering.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(length) => discarded += length,
            }
        }
        Ok(())
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stream.set_read_timeout(Some(left(self.deadline)?))?;
            match (&*self.stream).read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

/// The time until the deadline.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        // A time limit of zero is none.
        Duration::ZERO => Err(ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
