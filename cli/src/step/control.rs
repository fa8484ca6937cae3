//! The socket to which calls connect that ask to be let go.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use capsock::trace::Event;

/// How long a call may take to say what it is about to do, once it has connected.
const SPEECH: Duration = Duration::from_secs(1);

/// The longest line that it may say, in bytes.
const LONGEST: u64 = 4096;

/// A process that asks, and the call that it is about to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) process: u32,
    pub(super) parent: Option<u32>,
    pub(super) program: String,
    pub(super) thread: u32,
    /// The call, as a status line has it.
    pub(super) call: String,
}

/// The connection of a call that is held. Dropping it lets the call go.
#[derive(Debug)]
pub(super) struct Connection(UnixStream);

impl Connection {
    /// Whether the program has gone.
    pub(super) fn is_over(&self) -> bool {
        // It has said all that it says.
        match (&self.0).read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

/// The listening socket, in a folder that is this user's alone. Dropping it removes the socket's file.
#[derive(Debug)]
pub(super) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    pub(super) fn new(folder: &Path) -> io::Result<Control> {
        let path = folder.join("step");
        let listener = UnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        Ok(Control { listener, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The next call that asks. One that says nothing that can be read is let go.
    pub(super) fn next(&self) -> Option<(Question, Connection)> {
        loop {
            let (stream, _) = self.listener.accept().ok()?;
            if let Some(question) = question(&stream)
                && stream.set_nonblocking(true).is_ok()
            {
                return Some((question, Connection(stream)));
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The folder is removed in any case.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn question(stream: &UnixStream) -> Option<Question> {
    // Some systems' accepted sockets do not block as the listening one does not.
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(SPEECH)).ok()?;
    let mut lines = BufReader::new(stream.take(2 * LONGEST));
    let mut line = || {
        let mut line = Vec::new();
        lines.by_ref().take(LONGEST).read_until(b'\n', &mut line).ok()?;
        line.ends_with(b"\n").then_some(line)
    };
    let (first, second) = (line()?, line()?);
    let (Event::Process(process), Event::Begin(begin)) =
        (serde_json::from_slice(&first).ok()?, serde_json::from_slice(&second).ok()?)
    else {
        return None;
    };
    Some(Question {
        process: process.pid,
        parent: process.parent,
        program: process.program.into_owned(),
        thread: begin.tid.unwrap_or_default(),
        call: super::call::upcoming(&begin),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const PROCESS: &str = r#"{"event":"process","capsock":1,"pid":7,"parent":3,"program":"a.py","language":"python","at":1,"wall":2}"#;
    const CALL: &str = r#"{"event":"begin","capsock":1,"pid":7,"tid":8,"begin":1,"at":1,"call":"recv","fd":3,"transport":"tcp"}"#;

    #[test]
    fn a_call_asks_by_two_lines_and_is_let_go_by_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let control = Control::new(folder.path()).expect("a socket");
        let connect = || UnixStream::connect(control.path()).expect("connected");
        assert!(control.next().is_none());
        let long = "x".repeat(5000);
        for wrong in ["", "x\ny\n", &format!("{CALL}\n{PROCESS}\n"), &format!("{PROCESS}\n"), &long] {
            let mut stream = connect();
            stream.write_all(wrong.as_bytes()).expect("written");
            stream.shutdown(std::net::Shutdown::Write).expect("shut down");
            assert!(control.next().is_none(), "{wrong}");
            // It is let go: with an end, or a reset if it has said more than was read.
            assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "{wrong}");
        }
        let mut stream = connect();
        stream.write_all(format!("{PROCESS}\n{CALL}\n").as_bytes()).expect("written");
        let (question, connection) = control.next().expect("a question");
        let program = "a.py".to_owned();
        let expected = Question { process: 7, parent: Some(3), program, thread: 8, call: "recv".to_owned() };
        assert_eq!(question, expected);
        assert!(!connection.is_over());
        drop(connection);
        assert_eq!(stream.read(&mut [0]).expect("the end"), 0);

        let mut stream = connect();
        stream.write_all(format!("{PROCESS}\n{CALL}\n").as_bytes()).expect("written");
        let (_, connection) = control.next().expect("a question");
        drop(stream);
        assert!(connection.is_over());
    }
}
