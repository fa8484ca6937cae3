//! Replies that the socket has not accepted yet.

use crate::net::{Errno, Socket};
use crate::server::state::Context;

/// It holds no memory while it is empty, as that of an idle connection is.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    replies: Vec<u8>,
    /// How many of the replies' bytes are sent.
    sent: usize,
}

impl SendQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Sends new replies while the queue is empty, and queues what the socket does not accept. Returns the number of
    /// bytes sent.
    pub(super) fn send(
        &mut self,
        replies: &[u8],
        socket: &Socket,
        flags: i32,
        context: &Context,
    ) -> Result<usize, Errno> {
        let sent = send(replies, socket, flags, context)?;
        if sent < replies.len() {
            *self = SendQueue { replies: replies[sent..].to_vec(), sent: 0 };
        }
        Ok(sent)
    }

    /// Sends what is queued. Returns the number of bytes sent.
    pub(super) fn flush(&mut self, socket: &Socket, flags: i32, context: &Context) -> Result<usize, Errno> {
        let sent = send(&self.replies[self.sent..], socket, flags, context)?;
        self.sent += sent;
        if self.sent == self.replies.len() {
            *self = SendQueue::default();
        }
        Ok(sent)
    }
}

/// Sends until the socket accepts no more. Returns the number of bytes sent.
fn send(bytes: &[u8], socket: &Socket, flags: i32, context: &Context) -> Result<usize, Errno> {
    let mut total = 0;
    while total < bytes.len() {
        match socket.send_with(&bytes[total..], flags) {
            Ok(sent) => {
                context.counters().bytes_sent.add(sent as u64);
                total += sent;
            }
            Err(errno) if errno.would_block() => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(total)
}
