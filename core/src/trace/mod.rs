//! The trace: what every socket call did, as lines of JSON.
//!
//! [`start`] records the calls of this process, until [`stop`]; the environment variable `CAPSOCK_TRACE=FILE`
//! starts a recording with the first call of a program that does not ask for one itself
//! (`CAPSOCK_TRACE_PAYLOAD=0` leaves out what was sent and received). What was recorded can be drawn.
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
mod introduction;
mod payload;
mod recorder;
mod system;
mod text;
mod told;

pub use event::{Call, Event, Newer, Process, VERSION};
pub use introduction::introduce;
pub use payload::{escape_into, unescape};
pub(crate) use recorder::{descriptor, forked, on, quietly};
pub use recorder::{start, stop};
pub(crate) use system::KeptErrno;
pub(crate) use told::{Begun, Outcome, Told, Way, given_up, here_and_now, waited, waiting_for};
