//! Parses the lines of one or several trace files.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

use capsock::trace::{Begin, Call, Process, UnsupportedVersion, VERSION, unescape};

/// The events of one or several files, as [`read`] found them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// One for each file, in the order given. The same pid in two files may be two processes.
    pub(super) files: Vec<Lines>,
    pub(super) remarks: Vec<String>,
}

/// The events of a file, each with its line number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) processes: Vec<(usize, Process<'static>)>,
    pub(super) begins: Vec<(usize, Begin<'static>)>,
    pub(super) calls: Vec<(usize, Call<'static>)>,
}

/// Why a trace was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The file, by the name that [`read`] was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: ReadErrorReason,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadErrorReason {
    /// The version of the format is newer than this library's.
    UnsupportedVersion(UnsupportedVersion),
    /// The line is not an event.
    Malformed(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, line {}: ", self.file, self.line)?;
        match &self.reason {
            ReadErrorReason::UnsupportedVersion(UnsupportedVersion(version)) => write!(
                formatter,
                "the trace has version {version} of the format, and this capsock reads up to version {VERSION}; \
                 read it with the capsock that wrote it, or a newer one"
            ),
            ReadErrorReason::Malformed(why) => write!(formatter, "this is no line of a trace: {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The largest time, in nanoseconds: the year 2262.
pub(super) const LATEST: u64 = i64::MAX as u64;
/// The largest number of bytes of a call that is accepted; read(2) transfers 2,147,479,552 at most.
const LARGEST: u64 = u32::MAX as u64;

/// The fields that every version of the format has.
#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Head<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    capsock: u32,
}

/// Reads traces, given as pairs of a file's name, for messages, and its content.
///
/// The files of a run may be in any order, as may the lines of different processes in a file. A last line that is not whole,
/// lines that were cut short, as by a full disk, and events of unknown kinds are skipped, with a
/// [remark](super::Model::remarks).
///
/// # Errors
/// [`ReadErrorReason::UnsupportedVersion`] for a version of the format above [`VERSION`], [`ReadErrorReason::Malformed`] for a
/// line that is not an event.
pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Trace, ReadError> {
    let mut trace = Trace::default();
    for (name, bytes) in files {
        let mut file = GrowingTrace::new(name);
        file.add(bytes)?;
        if !file.rest.is_empty() {
            let rest = std::mem::take(&mut file.rest);
            match file.add_line(rest.trim_ascii()) {
                Ok(()) => {}
                Err(ReadErrorReason::Malformed(_)) => file.cut += 1,
                Err(reason) => return Err(file.error(reason)),
            }
        }
        trace.remarks.extend(file.remarks());
        trace.files.push(file.lines);
    }
    Ok(trace)
}

/// The trace of programs that are running: one file, to which they append.
///
/// ```
/// use capsock_figure::{GrowingTrace, link};
///
/// let mut file = GrowingTrace::new("run.jsonl");
/// file.add(br#"{"event":"process","capsock":1,"pid":7,"program":"server.py","#)?;
/// file.add(b"\"language\":\"python\",\"at\":1,\"wall\":2}\n")?;
/// assert_eq!(link(file.trace()).steps.len(), file.calls());
/// # Ok::<(), capsock_figure::ReadError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct GrowingTrace {
    name: String,
    lines: Lines,
    /// The lines that are read.
    read: usize,
    /// The beginning of the next one.
    rest: Vec<u8>,
    unknown: usize,
    cut: usize,
}

impl GrowingTrace {
    /// An empty trace; the name is for messages.
    #[must_use]
    pub fn new(name: impl Into<String>) -> GrowingTrace {
        GrowingTrace { name: name.into(), ..GrowingTrace::default() }
    }

    /// Reads what was appended. The beginning of a line waits for its end.
    ///
    /// # Errors
    /// As [`read`]; the line is skipped, and those after it are not read.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.extend_from_slice(bytes);
            return Ok(());
        };
        let (whole, rest) = bytes.split_at(last + 1);
        let mut begun = std::mem::replace(&mut self.rest, rest.to_vec());
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            let added = if begun.is_empty() {
                self.add_line(line.trim_ascii())
            } else {
                begun.extend_from_slice(line);
                self.add_line(std::mem::take(&mut begun).trim_ascii())
            };
            added.map_err(|reason| self.error(reason))?;
            self.read += 1;
        }
        Ok(())
    }

    /// Reads a line. Whoever was interrupted while it wrote one left its beginning, and the next one follows on that.
    fn add_line(&mut self, line: &[u8]) -> Result<(), ReadErrorReason> {
        let mut lines = pieces(line).peekable();
        while let Some(piece) = lines.next() {
            match add(piece, self.read, &mut self.lines) {
                Ok(known) => self.unknown += usize::from(!known),
                Err(ReadErrorReason::Malformed(_)) if lines.peek().is_some() || is_cut(piece) => {
                    self.cut += 1
                }
                Err(reason) => return Err(reason),
            }
        }
        Ok(())
    }

    /// The number of calls that were read.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.lines.calls.len()
    }

    /// The trace until now.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace { files: vec![self.lines.clone()], remarks: self.remarks().collect() }
    }

    fn remarks(&self) -> impl Iterator<Item = String> {
        let remark = |count: usize, of: &str| (count > 0).then(|| format!("{}: {of}: {count}", self.name));
        let unknown = remark(self.unknown, "events of kinds that this capsock does not know");
        unknown.into_iter().chain(remark(self.cut, "lines that were cut short, and are left out"))
    }

    fn error(&self, reason: ReadErrorReason) -> ReadError {
        ReadError { file: self.name.clone(), line: self.read + 1, reason }
    }
}

/// How each line of a recording begins. No text within a line has these characters, since its quotes are escaped.
const BEGIN: &[u8] = b"{\"event\":\"";

/// The lines of a line: usually itself, but after each beginning of one there may be another.
fn pieces(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = memchr::memmem::find_iter(line, BEGIN).filter(|begin| *begin > 0);
    let ends: Vec<_> = begins.take_while(|_| is_begun(line)).chain([line.len()]).collect();
    let mut from = 0;
    ends.into_iter().map(move |end| &line[std::mem::replace(&mut from, end)..end])
}

/// Whether it begins as a line does, as far as it goes.
fn is_begun(line: &[u8]) -> bool {
    let same = line.iter().zip(BEGIN).take_while(|(one, other)| one == other).count();
    // What is shorter goes up to the beginning of the next one.
    same == line.len().min(BEGIN.len()) || line[same..].starts_with(BEGIN)
}

/// Whether it is the beginning of a line.
fn is_cut(line: &[u8]) -> bool {
    let whole = serde_json::from_slice::<IgnoredAny>(line);
    is_begun(line) && whole.is_err_and(|error| error.is_eof())
}

/// Adds the event of a line; `false` if it is of an unknown kind.
fn add(line: &[u8], number: usize, lines: &mut Lines) -> Result<bool, ReadErrorReason> {
    let malformed = |why: &dyn fmt::Display| ReadErrorReason::Malformed(why.to_string());
    if line.is_empty() {
        return Ok(true);
    }
    let text = std::str::from_utf8(line).map_err(|error| malformed(&error))?;
    let head: Head<'_> = parsed(text)?;
    if head.capsock > VERSION {
        return Err(ReadErrorReason::UnsupportedVersion(UnsupportedVersion(head.capsock)));
    }
    match &*head.event {
        "process" => {
            let process: Process<'static> = parsed(text)?;
            if process.at.max(process.wall) > LATEST {
                return Err(malformed(&"its time is out of range"));
            }
            lines.processes.push((number, process));
        }
        "begin" => {
            let begin: Begin<'static> = parsed(text)?;
            if begin.begin > begin.at || begin.at > LATEST {
                return Err(malformed(&"its times are out of range"));
            }
            lines.begins.push((number, begin));
        }
        "call" => {
            let call: Call<'static> = parsed(text)?;
            // A call without a transport is a wait for several descriptors; others are a later addition.
            if call.transport.is_empty() && !is_multi_wait(&call.call) {
                return Ok(false);
            }
            if call.data.as_deref().is_some_and(|data| unescape(data).is_none()) {
                return Err(malformed(&"its data is not escaped as a trace's"));
            }
            if call.begin > call.end || call.end > LATEST || call.blocked > LATEST {
                return Err(malformed(&"its times are out of range"));
            }
            if call.bytes.is_some_and(|bytes| bytes > LARGEST) {
                return Err(malformed(&"it moved more bytes than a call can"));
            }
            lines.calls.push((number, call));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Whether the call waits for several descriptors, and so has no socket of its own.
pub(super) fn is_multi_wait(call: &str) -> bool {
    matches!(call, "select" | "poll" | "epoll_wait")
}

/// Whether a connect goes on after the call has returned, which does not wait for it.
pub(super) fn connects_on(call: &Call<'_>) -> bool {
    call.call == "connect" && matches!(&*call.outcome, "EINPROGRESS" | "WSAEWOULDBLOCK")
}

/// Reads one JSON value; where it differs from what is expected, the place in the line is left out of the message.
fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ReadErrorReason> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        // The place is last: a text of the line, which is quoted before it, may contain these words.
        let reason = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
        ReadErrorReason::Malformed(if error.is_data() { reason } else { "it is not JSON" }.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: &str = r#"{"event":"process","capsock":1,"pid":7,"program":"a.py","language":"python","at":1,"wall":2,"later":{}}"#;
    const CALL: &str = r#"{"event":"call","capsock":1,"pid":7,"tid":7,"seq":0,"begin":3,"end":4,"blocked":0,"call":"socket","fd":3,"transport":"udp","outcome":"ok"}"#;

    fn one(text: &str) -> Result<Trace, ReadError> {
        read([("a.jsonl", text.as_bytes())])
    }

    #[test]
    fn lines_of_this_version_are_read_and_unknown_ones_counted() {
        let unknown = r#"{"event":"sleep","capsock":1,"for":3}"#;
        let trace = one(&format!("{PROCESS}\n\n{unknown}\n{CALL}\r\n")).unwrap();
        let lines = &trace.files[0];
        assert_eq!((lines.processes.len(), lines.calls.len()), (1, 1));
        assert_eq!(trace.remarks, ["a.jsonl: events of kinds that this capsock does not know: 1"]);
    }

    #[test]
    fn a_last_line_is_left_out_if_it_was_cut_and_only_then() {
        for cut in 1..CALL.len() {
            let trace = one(&format!("{PROCESS}\n{}", &CALL[..cut])).unwrap();
            assert_eq!((trace.files[0].calls.len(), trace.remarks.len()), (0, 1), "{cut}");
        }
        let trace = one(&format!("{PROCESS}\n{CALL}")).unwrap();
        assert_eq!((trace.files[0].calls.len(), trace.remarks.len()), (1, 0));
    }

    #[test]
    fn a_line_that_was_cut_in_the_middle_of_a_trace_is_left_out() {
        let process = PROCESS.replace("a.py", "größe.py");
        for cut in 1..process.len() {
            let begin = &process.as_bytes()[..cut];
            for after in ["", "\n", "\r\n"] {
                let whole = format!("{after}{CALL}\n{PROCESS}\n");
                let trace = read([("a.jsonl", [begin, whole.as_bytes()].concat().as_slice())]).unwrap();
                let lines = &trace.files[0];
                assert_eq!((lines.calls.len(), lines.processes.len()), (1, 1), "{cut}");
                assert_eq!(trace.remarks, ["a.jsonl: lines that were cut short, and are left out: 1"]);
            }
        }
    }

    #[test]
    fn a_growing_trace_is_the_same_wherever_it_is_cut() {
        let text = format!("{PROCESS}\n\n{CALL}\r\n{CALL}\n");
        let whole = one(&text).unwrap();
        for cut in 0..=text.len() {
            let mut file = GrowingTrace::new("a.jsonl");
            file.add(&text.as_bytes()[..cut]).unwrap();
            file.add(b"").unwrap();
            file.add(&text.as_bytes()[cut..]).unwrap();
            assert_eq!((file.trace(), file.calls()), (whole.clone(), 2), "{cut}");
        }
        let mut file = GrowingTrace::new("a.jsonl");
        file.add(format!("{PROCESS}\nhel").as_bytes()).unwrap();
        let error = file.add(b"lo\n").unwrap_err();
        assert_eq!((error.line, file.calls()), (2, 0));
    }

    #[test]
    fn what_is_no_event_is_an_error_that_names_the_line() {
        let newer = r#"{"event":"quantum","capsock":2}"#;
        let escape = CALL.replace("\"outcome\"", "\"data\":\"\\\\q\",\"outcome\"");
        let cases = [
            ("hello", "a.jsonl, line 2: this is no line of a trace: it is not JSON"),
            ("{\"even\":", "a.jsonl, line 2: this is no line of a trace: it is not JSON"),
            ("{\"event\":\"call\"]", "a.jsonl, line 2: this is no line of a trace: it is not JSON"),
            ("[]", "a.jsonl, line 2: this is no line of a trace: invalid length 0, expected a JSON object"),
            (
                "7",
                "a.jsonl, line 2: this is no line of a trace: invalid type: integer `7`, expected a JSON object",
            ),
            (
                "\"b at line c\"",
                "a.jsonl, line 2: this is no line of a trace: invalid type: string \"b at line c\", expected a JSON object",
            ),
            ("{\"event\":\"call\"}", "a.jsonl, line 2: this is no line of a trace: missing field `capsock`"),
            (
                newer,
                "a.jsonl, line 2: the trace has version 2 of the format, and this capsock reads up to version 1",
            ),
            (&escape, "a.jsonl, line 2: this is no line of a trace: its data is not escaped"),
        ];
        for (line, expected) in cases {
            let error = one(&format!("{PROCESS}\n{line}\n{CALL}\n")).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let error = read([("b", &b"\xff\n"[..])]).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("b", 1));
        // A newer version is not mistaken for a truncated line.
        assert!(one(newer).is_err());
    }
}
