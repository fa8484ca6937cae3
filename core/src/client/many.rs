//! What requests in bulk have in common over TCP and over UDP.

use crate::error::{Error, ErrorKind, Result};

/// Takes the reply to the request at a place; an error ends the call.
pub(super) type OnReply<'a> = &'a mut dyn FnMut(usize, &[u8]) -> Result<()>;

/// How far a call has come: what its error tells beside its own reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) replies: usize,
    pub(super) requests: usize,
}

impl Progress {
    /// The error of the request at `index`.
    pub(super) fn of(self, index: usize, error: Error) -> Error {
        let Progress { replies, requests } = self;
        error.adding(format_args!("item {index} of {requests}, counted from 0; {replies} replies had come"))
    }
}

/// The reply to the request at `index` of many as text.
///
/// # Errors
/// `InvalidText` if it is not UTF-8.
pub fn reply_text(index: usize, reply: &[u8]) -> Result<&str> {
    std::str::from_utf8(reply).map_err(|_| {
        let tried = format!("read the reply to item {index}");
        Error::new(ErrorKind::InvalidText, tried, "it is not valid UTF-8")
    })
}

/// All replies as text.
pub(super) fn texts(replies: &[Vec<u8>]) -> Result<Vec<String>> {
    replies.iter().enumerate().map(|(index, reply)| reply_text(index, reply).map(str::to_owned)).collect()
}
