//! The form of requests and replies: what surrounds them, by the framing that the options choose.

use crate::choices::Framing;
use crate::client::operations::{CONNECT, SEND_REQUEST};
use crate::client::options::TcpClientOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::framing::{
    AnyFrame, Delimiter, Frame, FrameError, LengthPrefix, Newline, check_delimiter, check_length_bytes,
};

/// Where requests and replies begin and end. A client's line has no newline.
#[derive(Debug, Clone)]
pub(super) struct MessageFormat {
    frame: AnyFrame,
    /// The number of bytes before a payload, and after it.
    before: usize,
    after: usize,
    /// The most bytes of a reply's payload.
    pub(super) max_reply: usize,
}

impl MessageFormat {
    /// # Errors
    /// `InvalidArgument` for an option out of its range.
    pub(super) fn new(options: &TcpClientOptions) -> Result<MessageFormat> {
        let refuse = |(why, advice): (String, &str)| Error::invalid(CONNECT, why).advise(advice);
        check_length_bytes(options.length_bytes).map_err(refuse)?;
        check_delimiter(&options.delimiter).map_err(refuse)?;
        let frame = match options.framing {
            Framing::Line => AnyFrame::Line(Newline),
            Framing::Length => AnyFrame::Length(LengthPrefix::new(
                options.length_bytes,
                options.length_endian,
                options.length_includes_itself,
            )),
            Framing::Delimiter => AnyFrame::Delimiter(Delimiter::new(&options.delimiter)),
            Framing::Stream | Framing::Once => {
                let name = options.framing.name();
                let why = format!("with the framing {name} a client cannot tell where a reply ends");
                return Err(refuse((why, "choose the framing line, length or delimiter; a copy needs none")));
            }
        };
        let (before, after) = match &frame {
            AnyFrame::Line(_) => (0, 1),
            AnyFrame::Length(prefix) => (prefix.width(), 0),
            AnyFrame::Delimiter(delimiter) => (0, delimiter.bytes().len()),
        };
        Ok(MessageFormat { frame, before, after, max_reply: options.max_reply })
    }

    /// Checks a request before it is sent.
    pub(super) fn check(&self, request: &[u8]) -> Result<()> {
        Err(match &self.frame {
            AnyFrame::Line(_) if memchr::memchr(b'\n', request).is_some() => {
                Error::invalid(SEND_REQUEST, "the request has a newline, and a request is one line")
            }
            AnyFrame::Delimiter(delimiter) if !delimiter.ends(request) => {
                let reason = "the request contains the delimiter, or would with the one that ends it";
                Error::invalid(SEND_REQUEST, reason)
            }
            AnyFrame::Length(prefix) if request.len() > prefix.longest() => {
                let (length, longest, width) = (request.len(), prefix.longest(), prefix.width());
                let reason = format!(
                    "the request has {length} bytes, and {longest} are the most with length_bytes {width}"
                );
                Error::new(ErrorKind::TooLarge, SEND_REQUEST, reason)
            }
            _ => return Ok(()),
        })
    }

    /// The number of bytes beside a payload's.
    pub(super) fn surrounding(&self) -> usize {
        self.before + self.after
    }

    /// Appends what stands before a request of that length, which has been checked.
    pub(super) fn open(&self, request: usize, output: &mut Vec<u8>) {
        if let AnyFrame::Length(prefix) = &self.frame {
            prefix.append(request, output);
        }
    }

    /// Appends what stands after a request.
    pub(super) fn close(&self, output: &mut Vec<u8>) {
        match &self.frame {
            AnyFrame::Line(_) => output.push(b'\n'),
            AnyFrame::Length(_) => {}
            AnyFrame::Delimiter(delimiter) => output.extend_from_slice(delimiter.bytes()),
        }
    }

    /// The number of bytes of `received` that belong to the reply which begins with `held`, or `None` if it does not
    /// end there.
    pub(super) fn end(&self, held: &[u8], received: &[u8]) -> Result<Option<usize>, FrameError> {
        let longest = self.max_reply.saturating_add(self.after);
        let end = self.frame.end(held, received, longest)?;
        // Without its end a reply is shorter than the longest one.
        if end.is_none() && held.len() + received.len() >= self.frame.most_held(longest) {
            return Err(FrameError::TooLong);
        }
        Ok(end)
    }

    /// The payload of a complete reply.
    pub(super) fn payload<'a>(&self, reply: &'a [u8]) -> &'a [u8] {
        &reply[self.before..reply.len() - self.after]
    }

    /// [`payload`](MessageFormat::payload) in the same memory.
    pub(super) fn unwrapped(&self, mut reply: Vec<u8>) -> Vec<u8> {
        reply.truncate(reply.len() - self.after);
        reply.drain(..self.before);
        reply
    }

    /// Whether `held`, which is not empty, is the last reply if the connection ends after it.
    ///
    /// # Errors
    /// It would be, and is too long.
    pub(super) fn may_end_with_connection(&self, held: &[u8]) -> Result<bool, FrameError> {
        match self.frame.may_end_with_stream() {
            true if held.len() > self.max_reply => Err(FrameError::TooLong),
            may => Ok(may),
        }
    }
}
