//! Many requests in one native call. They are passed as one array of all their bytes and one of their
//! lengths; the replies are returned as one array: their lengths (4 bytes each), then their bytes.

use std::ops::Range;

use capsock::reply_text;
use jni::Env;
use jni::objects::{JByteArray, JIntArray};

use crate::bytes;
use crate::failure::Failure;

/// Takes the reply to the request at an index.
pub(crate) type OnReply<'a> = &'a mut dyn FnMut(usize, &[u8]) -> capsock::Result<()>;

/// Asks with the requests of the arrays and returns the replies, which are text if `text` says so.
pub(crate) fn request_many<'local>(
    env: &mut Env<'local>,
    requests: &JByteArray,
    lengths: &JIntArray,
    text: bool,
    ask: impl FnOnce(&[&[u8]], OnReply<'_>) -> capsock::Result<()>,
) -> Result<JByteArray<'local>, Failure> {
    let all = bytes::from_java(env, requests)?;
    let mut counts = vec![0; lengths.len(env)?];
    lengths.get_region(env, 0, &mut counts)?;
    let mut rest = &all[..];
    let requests = counts.iter().map(|length| {
        let (request, behind) = rest.split_at_checked(usize::try_from(*length).ok()?)?;
        rest = behind;
        Some(request)
    });
    let requests: Option<Vec<&[u8]>> = requests.collect();
    let requests = requests.ok_or_else(|| {
        capsock::Error::invalid("use the requests", "their lengths are not those of their bytes")
    })?;
    let mut received = Vec::new();
    let mut ranges = vec![0..0; requests.len()];
    ask(&requests, &mut |index, reply| {
        let start = received.len();
        received.extend_from_slice(reply);
        ranges[index] = start..received.len();
        Ok(())
    })?;
    let replies = ranges.into_iter().map(|range: Range<usize>| &received[range]);
    let mut packed = Vec::with_capacity(received.len() + 4 * requests.len());
    for (index, reply) in replies.clone().enumerate() {
        if text {
            reply_text(index, reply)?;
        }
        // What does not fit is refused with the array as a whole.
        packed.extend((reply.len() as u32).to_be_bytes());
    }
    replies.for_each(|reply| packed.extend_from_slice(reply));
    bytes::to_java(env, &packed)
}
