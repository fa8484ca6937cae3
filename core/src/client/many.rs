//! What a call with many requests reports, over TCP and over UDP.

use crate::error::{Error, ErrorKind, Result};

/// Receives the index of a request and its reply. An error ends the call.
pub(super) type OnReply<'a> = &'a mut dyn FnMut(usize, &[u8]) -> Result<()>;

/// How many replies have arrived for how many requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) replies: usize,
    pub(super) requests: usize,
}

impl Progress {
    /// The error of the request at `index`, with the progress in its text.
    pub(super) fn add_to(self, index: usize, error: Error) -> Error {
        let Progress { replies, requests } = self;
        error.adding(format_args!("item {index} of {requests}, counted from 0; {replies} replies had come"))
    }
}

/// The reply to the request at `index`, counted from 0, as text.
///
/// # Errors
/// `InvalidText` if the reply is not valid UTF-8.
pub fn reply_text(index: usize, reply: &[u8]) -> Result<&str> {
    std::str::from_utf8(reply).map_err(|_| {
        let operation = format!("read the reply to item {index}");
        Error::new(ErrorKind::InvalidText, operation, "it is not valid UTF-8")
    })
}

/// All replies as text.
pub(super) fn reply_texts(replies: &[Vec<u8>]) -> Result<Vec<String>> {
    replies.iter().enumerate().map(|(index, reply)| reply_text(index, reply).map(str::to_owned)).collect()
}
