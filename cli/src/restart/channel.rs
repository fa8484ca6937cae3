//! The connection between a server and its successor: lines, and descriptors with them (SCM_RIGHTS of unix(7)).

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::message::{MAX_LINE, MAX_SOCKETS, Message};

/// The longest wait before the caller is asked whether it goes on.
const STEP: Duration = Duration::from_millis(50);

/// Why no message was received or sent.
#[derive(Debug)]
pub(super) enum ChannelError {
    /// The other side has closed the connection, or has ended.
    Closed,
    TimedOut,
    /// The caller does not wait any longer.
    GivenUp,
    /// What arrived is no message, or not the one that is due.
    Unexpected,
    System(io::Error),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChannelError::Closed => f.write_str("it has closed the connection"),
            ChannelError::TimedOut => f.write_str("it was not ready in time"),
            ChannelError::GivenUp => f.write_str("a signal came first"),
            ChannelError::Unexpected => f.write_str("it says what a server of this version does not"),
            ChannelError::System(error) => write!(f, "{error}"),
        }
    }
}

pub(super) struct Channel {
    stream: UnixStream,
    received: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
    /// Asked from time to time during a wait: whether to end it.
    given_up: fn() -> bool,
}

impl Channel {
    pub(super) fn new(stream: UnixStream, given_up: fn() -> bool) -> io::Result<Channel> {
        stream.set_nonblocking(false)?;
        Ok(Channel { stream, received: Vec::new(), descriptors: VecDeque::new(), given_up })
    }

    /// Sends a line, with these descriptors. A line fits into the buffer of an unread connection, so that this does not
    /// block.
    pub(super) fn send(&self, message: &Message, descriptors: &[BorrowedFd<'_>]) -> Result<(), ChannelError> {
        let line = format!("{message}\n");
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(ChannelError::Unexpected);
        }
        let bytes = [IoSlice::new(line.as_bytes())];
        loop {
            match sendmsg(&self.stream, &bytes, &mut control, SEND) {
                Ok(sent) if sent == line.len() => return Ok(()),
                Ok(_) => return Err(ChannelError::Closed),
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(ChannelError::Closed),
                Err(error) => return Err(ChannelError::System(error.into())),
            }
        }
    }

    /// The next message.
    pub(super) fn receive(&mut self, deadline: Option<Instant>) -> Result<Message, ChannelError> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                let text = std::str::from_utf8(&line[..end]).map_err(|_| ChannelError::Unexpected)?;
                return text.parse().map_err(|_| ChannelError::Unexpected);
            }
            if self.received.len() >= MAX_LINE {
                return Err(ChannelError::Unexpected);
            }
            let left = deadline
                .map_or(STEP, |deadline| deadline.saturating_duration_since(Instant::now()).min(STEP));
            if left.is_zero() {
                return Err(ChannelError::TimedOut);
            }
            self.stream.set_read_timeout(Some(left)).map_err(ChannelError::System)?;
            self.receive_some()?;
        }
    }

    /// The descriptors that have come with the messages.
    pub(super) fn take_descriptors(&mut self) -> VecDeque<OwnedFd> {
        std::mem::take(&mut self.descriptors)
    }

    /// One recvmsg(2), whose descriptors are closed in programs that this one starts.
    fn receive_some(&mut self) -> Result<(), ChannelError> {
        let mut bytes = [0; MAX_LINE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let count = match recvmsg(&self.stream, &mut [IoSliceMut::new(&mut bytes)], &mut control, RECEIVE) {
            Ok(received) => received.bytes,
            Err(Errno::AGAIN | Errno::INTR) if (self.given_up)() => return Err(ChannelError::GivenUp),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(Errno::CONNRESET) => return Err(ChannelError::Closed),
            Err(error) => return Err(ChannelError::System(error.into())),
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                for descriptor in descriptors {
                    close_on_exec(descriptor.as_fd()).map_err(ChannelError::System)?;
                    self.descriptors.push_back(descriptor);
                }
            }
        }
        if count == 0 {
            return Err(ChannelError::Closed);
        }
        self.received.extend_from_slice(&bytes[..count]);
        if self.descriptors.len() > MAX_SOCKETS { Err(ChannelError::Unexpected) } else { Ok(()) }
    }
}

#[cfg(target_vendor = "apple")]
const SEND: SendFlags = SendFlags::empty();
#[cfg(not(target_vendor = "apple"))]
const SEND: SendFlags = SendFlags::NOSIGNAL;

#[cfg(target_vendor = "apple")]
const RECEIVE: RecvFlags = RecvFlags::empty();
#[cfg(not(target_vendor = "apple"))]
const RECEIVE: RecvFlags = RecvFlags::CMSG_CLOEXEC;

/// Where recvmsg(2) has no flag for it.
fn close_on_exec(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    if cfg!(target_vendor = "apple") {
        fcntl_setfd(descriptor, FdFlags::CLOEXEC).map_err(io::Error::from)?;
    }
    Ok(())
}

/// The error of a connect to a path at which nobody listens.
pub(super) fn is_stale(error: &io::Error) -> bool {
    error.kind() == ErrorKind::ConnectionRefused
}
