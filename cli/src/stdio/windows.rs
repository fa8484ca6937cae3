//! The standard handles: a console's text is UTF-16, which the standard library converts; of anything else the bytes are
//! taken as they are.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::chunk::CHUNK;
use crate::signals;

/// The interval at which a wait for the input looks for a signal.
const INTERVAL: Duration = Duration::from_millis(50);

/// Standard input. A thread reads it, because no signal interrupts a read. At the end of the command, the thread may wait
/// for a read.
pub(crate) struct Input {
    stdin: io::Stdin,
    chunks: Option<Receiver<io::Result<Vec<u8>>>>,
    chunk: io::Cursor<Vec<u8>>,
}

impl Input {
    #[allow(clippy::unnecessary_wraps, reason = "that of Unix can fail")]
    pub(crate) fn new() -> io::Result<Input> {
        Ok(Input { stdin: io::stdin(), chunks: None, chunk: io::Cursor::default() })
    }

    /// What the core reads, on a thread of its own.
    pub(crate) fn as_input(&self) -> BorrowedHandle<'_> {
        self.stdin.as_handle()
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.chunk.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let chunks = match &self.chunks {
                Some(chunks) => chunks,
                None => self.chunks.insert(start_reading()?),
            };
            if signals::once() {
                return Err(io::Error::other("a signal ended it"));
            }
            match chunks.recv_timeout(INTERVAL) {
                Ok(chunk) => self.chunk = io::Cursor::new(chunk?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}

fn start_reading() -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let input: Box<dyn Read + Send> = match io::stdin() {
        console if console.is_terminal() => Box::new(console),
        other => Box::new(File::from(other.as_handle().try_clone_to_owned()?)),
    };
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new().name("capsock-input".into()).spawn(move || read_all(input, &sender))?;
    Ok(receiver)
}

fn read_all(mut input: impl Read, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let chunk = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => Ok(buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The writer of a pipe has closed it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
            Err(error) => Err(error),
        };
        let failed = chunk.is_err();
        if chunks.send(chunk).is_err() || failed {
            return;
        }
    }
}

/// What standard output is.
pub(super) enum Target {
    Console(io::Stdout),
    File(File),
}

impl Target {
    pub(super) fn new() -> io::Result<Target> {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            return Ok(Target::Console(stdout));
        }
        Ok(Target::File(File::from(stdout.as_handle().try_clone_to_owned()?)))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Console(stdout) => {
                let mut stdout = stdout.lock();
                let count = stdout.write(bytes)?;
                stdout.flush()?;
                Ok(count)
            }
            Target::File(file) => signals::interruptible(|| file.write(bytes)),
        }
    }
}
