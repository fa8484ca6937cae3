//! `capsock uppercase`: the service as a filter.

use std::io::{Read, Write};

use capsock::UppercaseStream;

use crate::failure::{Failure, Result};
use crate::stdio::{CHUNK, Input, Output};

const AFTER: &str = "\
Examples:
  capsock uppercase < book.txt > BOOK
  echo 'straße' | capsock uppercase";

/// Copy standard input to standard output in upper case, without a network.
///
/// Text is UTF-8; bytes that are not valid UTF-8 are copied unchanged. Memory does not grow with the
/// input.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Uppercase {}

pub(crate) fn run() -> Result<()> {
    let mut input = Input::new().map_err(|error| Failure::input(&error))?;
    let mut output = Output::new().map_err(|error| Failure::output(&error))?;
    let mut stream = UppercaseStream::new();
    let mut chunk = vec![0; CHUNK];
    let mut upper = Vec::with_capacity(CHUNK);
    loop {
        let length = input.read(&mut chunk).map_err(|error| Failure::input(&error))?;
        if length == 0 {
            stream.finish(&mut upper);
        } else {
            stream.push(&chunk[..length], &mut upper);
        }
        output.write_all(&upper).map_err(|error| Failure::output(&error))?;
        if length == 0 {
            return Ok(());
        }
        upper.clear();
    }
}
