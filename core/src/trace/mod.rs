//! The trace: a record of every socket call, as lines of JSON.
//!
//! [`start`] records the calls of this process until [`stop`]. In a program that does not call it, the environment
//! variable `CAPSOCK_TRACE=FILE` starts a recording with the first call (`CAPSOCK_TRACE_PAYLOAD=0` leaves out what was
//! sent and received). The crate `capsock-figure` draws a trace.
//!
//! ```
//! use capsock::net::{BlockingSocket, Family, Kind};
//!
//! let file = std::env::temp_dir().join(format!("example-{}.trace", std::process::id()));
//! capsock::trace::start(&file, true)?;
//! BlockingSocket::new(Family::V4, Kind::Datagram, true)?.close()?;
//! capsock::trace::stop();
//! let trace = std::fs::read_to_string(&file)?;
//! assert_eq!(trace.lines().count(), 3); // the process, `socket` and `close`
//! # std::fs::remove_file(&file)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod environment;
mod event;
mod payload;
mod process_info;
mod recorder;
mod span;
mod text;

pub(crate) use environment::{on, suspended};
pub use event::{Call, Event, Newer, Process, VERSION};
pub use payload::{escape_into, unescape};
pub use process_info::set_process_info;
pub(crate) use recorder::{descriptor, forked};
pub use recorder::{start, stop};
pub(crate) use span::{CallRecord, Direction, Outcome, PAYLOAD, Span, WaitSpan, given_up, here_and_now};
