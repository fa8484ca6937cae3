//! `request_many` of both clients: converts an iterable of requests and the list of replies.

use std::ops::Range;
use std::time::{Duration, Instant};

use capsock::{ErrorKind, reply_text};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::arguments::Text;
use crate::blocking::{blocking, interrupted};
use crate::errors::Result;

/// While replies arrive without a wait, signals are checked after this time, each time that this many replies have come.
const SIGNAL_CHECK_INTERVAL: Duration = Duration::from_millis(50);
const SIGNAL_CHECK_REPLIES: usize = 64;

/// Called with the index of an item and its reply.
pub(crate) type OnReply<'a> = &'a mut (dyn FnMut(usize, &[u8]) -> capsock::Result<()> + Send);

/// Collects the items, has `ask` send them without the GIL, and returns the replies, each of the type of its item.
pub(crate) fn request_many<'py, F>(items: &Bound<'py, PyAny>, ask: F) -> Result<Bound<'py, PyList>>
where
    F: FnOnce(&[Text], OnReply<'_>) -> capsock::Result<()> + Send,
{
    let py = items.py();
    let items = collect(items)?;
    let mut bytes = Vec::new();
    let mut ranges = vec![0..0; items.len()];
    blocking(py, || {
        let (mut replies, mut checked) = (0_usize, Instant::now());
        ask(&items, &mut |index, reply| {
            let start = bytes.len();
            bytes.extend_from_slice(reply);
            ranges[index] = start..bytes.len();
            replies += 1;
            if replies % SIGNAL_CHECK_REPLIES == 0 && checked.elapsed() > SIGNAL_CHECK_INTERVAL {
                if interrupted() {
                    let happened = "a signal arrived (EINTR)";
                    return Err(capsock::Error::new(ErrorKind::Interrupted, "go on asking", happened));
                }
                checked = Instant::now();
            }
            Ok(())
        })
    })?;
    let reply = |(index, (item, range)): (usize, (&Text, Range<usize>))| -> Result<Bound<'py, PyAny>> {
        let reply = &bytes[range];
        Ok(match item {
            Text::Str(_) => PyString::new(py, reply_text(index, reply)?).into_any(),
            Text::Bytes(_) => PyBytes::new(py, reply).into_any(),
        })
    };
    let replies: Vec<_> = items.iter().zip(ranges).enumerate().map(reply).collect::<Result<_>>()?;
    Ok(PyList::new(py, replies)?)
}

fn collect(items: &Bound<'_, PyAny>) -> Result<Vec<Text>> {
    if items.is_instance_of::<PyString>() {
        let text = "expected an iterable of texts, not a str; for a single text there is request()";
        return Err(PyTypeError::new_err(text).into());
    }
    let mut texts = Vec::new();
    for item in items.try_iter()? {
        texts.push(item?.extract()?);
    }
    Ok(texts)
}
