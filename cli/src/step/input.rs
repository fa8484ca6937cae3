//! The lines of standard input, without waiting for one.

use std::io::Read;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::failure::{Failure, Result};
use crate::signals;
use crate::stdio::Input;

/// A line that is longer is cut, in bytes.
const LONGEST: usize = 4096;

pub(super) struct Lines {
    input: Input,
    rest: Vec<u8>,
    ended: bool,
}

/// What there is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Nothing,
    Text(String),
    /// The end of the input.
    End,
}

impl Lines {
    pub(super) fn new() -> Result<Lines> {
        let input = Input::new().map_err(|error| Failure::input(&error))?;
        Ok(Lines { input, rest: Vec::new(), ended: false })
    }

    /// The next line, if it is there.
    pub(super) fn next(&mut self) -> Result<Line> {
        loop {
            if let Some(line) = first_line(&mut self.rest, self.ended) {
                return Ok(Line::Text(line));
            }
            if self.ended {
                return Ok(Line::End);
            }
            let mut one = [PollFd::from_borrowed_fd(self.input.as_input(), PollFlags::IN)];
            let now = Timespec::try_from(Duration::ZERO).ok();
            if !matches!(poll(&mut one, now.as_ref()), Ok(1..)) {
                return Ok(Line::Nothing);
            }
            let mut bytes = [0; 512];
            match self.input.read(&mut bytes) {
                Ok(0) => self.ended = true,
                Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
                // It ends the run, which sees it by itself.
                Err(_) if signals::once() => return Ok(Line::Nothing),
                Err(error) => return Err(Failure::input(&error)),
            }
        }
    }
}

/// Takes the first line, without its end; the last one may have none.
fn first_line(bytes: &mut Vec<u8>, ended: bool) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
    let end = end.or((ended && !bytes.is_empty() || bytes.len() >= LONGEST).then_some(bytes.len()))?;
    let line: Vec<u8> = bytes.drain(..end).collect();
    Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_from_what_was_read() {
        let mut bytes = b"a\r\n\nrest".to_vec();
        assert_eq!(first_line(&mut bytes, false).as_deref(), Some("a"));
        assert_eq!(first_line(&mut bytes, false).as_deref(), Some(""));
        assert_eq!(first_line(&mut bytes, false), None);
        assert_eq!(first_line(&mut bytes, true).as_deref(), Some("rest"));
        assert_eq!(first_line(&mut bytes, true), None);
        let mut long = vec![b'x'; LONGEST];
        assert_eq!(first_line(&mut long, false).map(|line| line.len()), Some(LONGEST));
    }
}
