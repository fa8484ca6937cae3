//! The trace: a record of every socket call, as lines of JSON.
//!
//! [`start`] records the calls of this process until [`stop`]. In a program that does not call it, the environment
//! variable `CAPSOCK_TRACE=FILE` starts a recording with the first call (`CAPSOCK_TRACE_PAYLOAD=0` leaves out what was
//! sent and received). The crate `capsock-figure` draws a trace.
//!
//! A recording in whose environment `CAPSOCK_STEP` names a controller is stepped: each call waits until that lets it go, as
//! `capsock step` does.
//!
//! Without the feature `trace` of the crate, which is on by default, nothing is recorded.
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

#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "no line is written of a record"))]
mod call_record;
#[cfg(feature = "trace")]
mod controller;
#[cfg(feature = "trace")]
mod environment;
#[cfg(feature = "trace")]
mod event;
mod impairment;
#[cfg(feature = "trace")]
mod line;
mod moved;
#[cfg(not(feature = "trace"))]
mod off;
mod payload;
#[cfg(all(unix, feature = "preload"))]
#[doc(hidden)]
pub mod preload;
#[cfg(feature = "trace")]
mod process_info;
#[cfg(feature = "trace")]
mod recorder;
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "no line is written of a record"))]
mod span;
#[cfg(feature = "trace")]
mod step;
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "no line is written"))]
mod text;
mod variable;

pub use call_record::{BEGIN_AFTER, Descriptors};
pub(crate) use call_record::{CallRecord, Direction, Outcome, PAYLOAD, Upcoming};
#[cfg(feature = "trace")]
pub(crate) use environment::{on, suspended};
#[cfg(feature = "trace")]
pub use event::{Begin, Call, Event, Process, UnsupportedVersion, VERSION};
pub use impairment::{Impairment, impaired};
#[cfg(feature = "trace")]
use line::{write_begin, write_call};
pub(crate) use moved::{MovedBind, asked_port};
#[cfg(not(feature = "trace"))]
pub(crate) use off::{descriptor, forked, hold, on, suspended};
#[cfg(not(feature = "trace"))]
use off::{next_in_sequence, write_begin, write_call};
pub use payload::{escape_into, unescape};
#[cfg(feature = "trace")]
pub use process_info::set_process_info;
#[cfg(feature = "trace")]
use recorder::next_in_sequence;
#[cfg(feature = "trace")]
pub(crate) use recorder::{descriptor, forked};
#[cfg(feature = "trace")]
pub use recorder::{start, stop};
pub(crate) use span::{MultiWait, Span, Unreported, WaitSpan, abandoned_span, here_and_now, unreported};

#[cfg(feature = "trace")]
pub(crate) use step::hold;
#[cfg(feature = "trace")]
#[doc(hidden)]
pub use step::{HoldHook, set_hold_hook};

pub use variable::{Variable, with_variable};

/// Whether the calls of this thread are recorded.
#[must_use]
pub fn is_recording() -> bool {
    on()
}

/// The time by the clock of the trace, in nanoseconds: that of [`Call::begin`], the same in all
/// processes of the machine.
#[cfg(feature = "trace")]
#[must_use]
pub fn now() -> u64 {
    span::now()
}
