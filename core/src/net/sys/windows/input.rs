//! An input of the host's, for which WSAPoll cannot wait: a thread reads it and hands it on by a connection.

use std::fs::File;
use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::windows::io::{AsRawSocket, BorrowedHandle};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::net::sys::errno::{Errno, Sys};
use crate::net::sys::fd::RawFd;

/// The bytes that one read asks for.
const BUFFER: usize = 64 << 10;

/// An input of the host's: a file, a pipe, the console. Its thread ends with the input; before, it may still wait for a read
/// when this is dropped, and takes what that returns.
pub(crate) struct PollableInput<'a> {
    stream: TcpStream,
    failed: Arc<Mutex<Option<io::Error>>>,
    input: PhantomData<BorrowedHandle<'a>>,
}

impl<'a> PollableInput<'a> {
    pub(crate) fn new(input: BorrowedHandle<'a>) -> Sys<PollableInput<'a>> {
        let file = File::from(input.try_clone_to_owned()?);
        let (stream, sender) = connected_pair()?;
        let failed = Arc::new(Mutex::new(None));
        let report = Arc::clone(&failed);
        thread::Builder::new().name("capsock-input".to_owned()).spawn(move || {
            if let Err(error) = hand_on(&file, &sender) {
                *report.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            let _ = sender.shutdown(Shutdown::Write);
        })?;
        Ok(PollableInput { stream, failed, input: PhantomData })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.stream.as_raw_socket()
    }

    /// What the thread has read; its error after all that it read before.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Sys<usize> {
        let count = self.stream.read(buffer)?;
        match self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if count == 0 => Err(Errno::from(error)),
            _ => Ok(count),
        }
    }
}

/// Two ends of a connection, the first of which does not block.
fn connected_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sender = TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (stream, peer) = listener.accept()?;
        // Another program may connect as well.
        if peer == sender.local_addr()? {
            stream.set_nonblocking(true)?;
            return Ok((stream, sender));
        }
    }
}

fn hand_on(mut input: &File, mut sender: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            // A send fails once nobody reads any more.
            Ok(count) if sender.write_all(&buffer[..count]).is_err() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The writer of a pipe has closed it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
