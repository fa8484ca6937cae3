//! Many requests on one client: when they may go one behind the other without waiting.

use super::TcpClient;
use super::connection::Connection;
use super::pipeline::Pipeline;
use crate::client::many::{Progress, texts};
use crate::error::{Error, Result};
use crate::net::Deadline;

/// So many answers on one connection show that the server keeps it. A server that closes after each
/// reply gives one.
const KEPT_AFTER: usize = 2;

impl TcpClient {
    /// Sends many lines of text and returns the lines that come back, in the same order, without a
    /// newline in any.
    ///
    /// Once the server has answered two requests on a connection, and so keeps it open, the rest goes
    /// there without waiting for the replies (pipelining). Sending and receiving go on at once, so that
    /// no number and no size of lines can deadlock. The server has to answer each line with one line,
    /// in their order. With a server that closes after each reply each request has a connection of its
    /// own, by the rules of [`request`](TcpClient::request).
    ///
    /// The time limit is that of `request` for each reply, counted from the reply before: the call as a whole
    /// may take longer. No other call has a turn meanwhile. All lines are checked before the first is
    /// sent. No lines, no replies, and nothing is sent.
    ///
    /// # Errors
    /// As for [`request`](TcpClient::request). If the connection ends while requests are on their way,
    /// none of them is sent again, since the server may have taken any: that is `ConnectionClosed` or
    /// `ConnectionReset`. The text tells which request got no reply, counted from 0, and how many
    /// replies had come; [`request_many_with`](TcpClient::request_many_with) has handed those over.
    /// `Other` if the server sent more lines than requests. `InvalidText` comes after all replies have.
    pub fn request_many<T: AsRef<str>>(&self, lines: &[T]) -> Result<Vec<String>> {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_ref().as_bytes()).collect();
        texts(&self.request_many_bytes(&lines)?)
    }

    /// The same for any bytes.
    ///
    /// # Errors
    /// As for [`request_many`](TcpClient::request_many), except for `InvalidText`.
    pub fn request_many_bytes<T: AsRef<[u8]>>(&self, lines: &[T]) -> Result<Vec<Vec<u8>>> {
        let mut replies = Vec::with_capacity(lines.len());
        self.request_many_with(lines, |_, reply| {
            replies.push(reply.to_vec());
            Ok(())
        })?;
        Ok(replies)
    }

    /// The same, handing each reply over as it comes, in order, with the place of its request; nothing
    /// is kept. While `on_reply` runs nothing is received, and it must not use the client. An error
    /// that it returns ends the call, and is what the call returns.
    ///
    /// # Errors
    /// As for [`request_many_bytes`](TcpClient::request_many_bytes), and those of `on_reply`.
    pub fn request_many_with<T: AsRef<[u8]>>(
        &self,
        lines: &[T],
        mut on_reply: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let failed = |index, error: Error| {
            let error = error.within(self.options.timeout);
            Progress { replies: index, requests: lines.len() }.of(index, error)
        };
        for (index, line) in lines.iter().enumerate() {
            self.check_line(line.as_ref())
                .map_err(|error| Progress { replies: 0, requests: lines.len() }.of(index, error))?;
        }
        if lines.is_empty() {
            return self.link.check_open(self.call("ask"));
        }
        let limited = |error: Error| error.within(self.options.timeout);
        let mut turn = self.link.take(self.call("ask")).map_err(limited)?;
        let mut waiting = turn.waiting;
        for (index, line) in lines.iter().enumerate() {
            let kept =
                |connection: &mut Connection| connection.answers >= KEPT_AFTER && connection.is_usable();
            // The first one is never the pipeline's: the connection may have ended since the last call.
            if index > 0
                && let Some(mut used) = turn.connection.take_if(kept)
            {
                let pipeline = Pipeline::new(&used, lines, index, &self.options);
                if pipeline.run(turn.scratch.piece(), waiting, &mut on_reply)? {
                    used.answers += lines.len() - index;
                    turn.connection = Some(used);
                }
                return Ok(());
            }
            let reply = self.ask_in_turn(&mut turn, line.as_ref(), waiting);
            on_reply(index, &reply.map_err(|error| failed(index, error))?)?;
            waiting = waiting.with_deadline(Deadline::after(self.options.timeout));
        }
        Ok(())
    }
}
