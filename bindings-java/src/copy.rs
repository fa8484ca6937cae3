//! Java's InputStream and OutputStream as Rust's Read and Write.

use std::cell::RefCell;
use std::io::{self, Read, Write};

use jni::Env;
use jni::errors::{Error, Result};
use jni::objects::{JByteArray, JThrowable};
use jni::refs::Global;

use crate::attach::with_java;
use crate::bytes::{as_signed, as_signed_mut};
use crate::java::{InputStream, OutputStream};

/// What crosses at once. The Java array that it crosses in is made once for a copy.
const CHUNK: usize = 64 * 1024;

/// The exception that a stream threw, to be thrown again when the copy has ended.
#[derive(Default)]
pub(crate) struct Thrown(RefCell<Option<Global<JThrowable<'static>>>>);

impl Thrown {
    pub(crate) fn take(&self) -> Option<Global<JThrowable<'static>>> {
        self.0.take()
    }

    fn keep<T>(&self, result: Result<T>) -> io::Result<T> {
        result.map_err(|error| match error {
            Error::CaughtJavaException { exception, name, msg, .. } => {
                self.0.replace(Some(exception));
                io::Error::other(format!("{name}: {msg}"))
            }
            other => io::Error::other(other.to_string()),
        })
    }
}

/// Reads from a Java stream.
pub(crate) struct Input<'a, 'local> {
    stream: &'a InputStream<'local>,
    buffer: JByteArray<'local>,
    thrown: &'a Thrown,
}

impl<'a, 'local> Input<'a, 'local> {
    pub(crate) fn new(
        env: &mut Env<'local>,
        stream: &'a InputStream<'local>,
        thrown: &'a Thrown,
    ) -> Result<Self> {
        Ok(Input { stream, buffer: JByteArray::new(env, CHUNK)?, thrown })
    }
}

impl Read for Input<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let wanted = into.len().min(CHUNK);
        let count = self.thrown.keep(with_java(|env| {
            let count = self.stream.read(env, &self.buffer, 0, wanted as i32)?;
            if let Ok(count) = usize::try_from(count)
                && count <= wanted
            {
                self.buffer.get_region(env, 0, as_signed_mut(&mut into[..count]))?;
            }
            Ok(count)
        }))?;
        match usize::try_from(count) {
            // The contract of InputStream: -1 at the end, and never 0 for a buffer with room.
            Err(_) => Ok(0),
            Ok(count) if count == 0 || count > wanted => {
                Err(io::Error::other(format!("the InputStream read {count} of {wanted} bytes")))
            }
            Ok(count) => Ok(count),
        }
    }
}

/// Writes to a Java stream.
pub(crate) struct Output<'a, 'local> {
    stream: &'a OutputStream<'local>,
    buffer: JByteArray<'local>,
    thrown: &'a Thrown,
}

impl<'a, 'local> Output<'a, 'local> {
    pub(crate) fn new(
        env: &mut Env<'local>,
        stream: &'a OutputStream<'local>,
        thrown: &'a Thrown,
    ) -> Result<Self> {
        Ok(Output { stream, buffer: JByteArray::new(env, CHUNK)?, thrown })
    }
}

impl Write for Output<'_, '_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let from = &from[..from.len().min(CHUNK)];
        self.thrown.keep(with_java(|env| {
            self.buffer.set_region(env, 0, as_signed(from))?;
            self.stream.write(env, &self.buffer, 0, from.len() as i32)
        }))?;
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.thrown.keep(with_java(|env| self.stream.flush(env)))
    }
}
