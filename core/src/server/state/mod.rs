//! The state of one running server.
//!
//! A request needs the [`Context`] only: settings, counters, stop, handler and log. [`State`] adds what the server as
//! a whole needs: its open connections, listeners and threads.

mod begin_call;
mod blocking_threads;
mod calls;
mod connections;
mod context;
mod counter;
mod dispatcher;
mod gate;
mod handler_latency;
mod host_calls;
mod limit_event;
mod listeners;
mod log_throttle;
mod metric;
mod peers;
mod server_state;
mod sharing;
mod stop;
mod threads;
mod totals;

pub(super) use blocking_threads::BlockingThread;
pub(super) use calls::{Call, Calls, DatagramPeer, Destination, Permit, Target};
pub(super) use connections::OpenConnection;
pub(super) use context::Context;
pub(super) use gate::{Gate, Taking};
pub(super) use handler_latency::{BOUNDS, LatencySnapshot};
pub(super) use limit_event::{HeaderFault, LimitEvent};
pub(super) use listeners::Listeners;
pub(super) use metric::Metric;
pub(super) use peers::peer_of;
pub(super) use server_state::{BoundSocket, State};
pub use stop::DEFAULT_STOP_TIMEOUT;
pub(super) use stop::Stop;
pub use totals::{Stats, StopReport};
