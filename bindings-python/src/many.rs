//! `request_many` of both clients: from an iterable to a list.

use std::ops::Range;
use std::time::{Duration, Instant};

use capsock::{ErrorKind, reply_text};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::arguments::Text;
use crate::blocking::{blocking, interrupted};
use crate::errors::Result;

/// A signal that arrives while nothing is waited for is found after so long, and so many replies.
const GLANCE: Duration = Duration::from_millis(50);
const GLANCE_EVERY: usize = 64;

/// Takes the reply to the item at a place.
pub(crate) type OnReply<'a> = &'a mut (dyn FnMut(usize, &[u8]) -> capsock::Result<()> + Send);

/// Takes all items, asks with them while other Python threads run, and returns the replies, each of
/// the kind of its item.
pub(crate) fn request_many<'py, F>(items: &Bound<'py, PyAny>, ask: F) -> Result<Bound<'py, PyList>>
where
    F: FnOnce(&[Text], OnReply<'_>) -> capsock::Result<()> + Send,
{
    let py = items.py();
    let items = collect(items)?;
    let mut bytes = Vec::new();
    let mut places = vec![0..0; items.len()];
    blocking(py, || {
        let (mut replies, mut looked) = (0_usize, Instant::now());
        ask(&items, &mut |index, reply| {
            let start = bytes.len();
            bytes.extend_from_slice(reply);
            places[index] = start..bytes.len();
            replies += 1;
            if replies % GLANCE_EVERY == 0 && looked.elapsed() > GLANCE {
                if interrupted() {
                    let happened = "a signal arrived (EINTR)";
                    return Err(capsock::Error::new(ErrorKind::Interrupted, "go on asking", happened));
                }
                looked = Instant::now();
            }
            Ok(())
        })
    })?;
    let reply = |(index, (item, place)): (usize, (&Text, Range<usize>))| -> Result<Bound<'py, PyAny>> {
        let reply = &bytes[place];
        Ok(match item {
            Text::Str(_) => PyString::new(py, reply_text(index, reply)?).into_any(),
            Text::Bytes(_) => PyBytes::new(py, reply).into_any(),
        })
    };
    let replies: Vec<_> = items.iter().zip(places).enumerate().map(reply).collect::<Result<_>>()?;
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
