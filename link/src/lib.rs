//! A link between two programs: a relay that loses, delays, duplicates, reorders and corrupts datagrams, and delays,
//! throttles, cuts and resets streams, as told. It is for lessons and tests: clients are pointed at the link, and the
//! link at the server. It needs no privileges, and affects no other traffic. It is no proxy for production, and no
//! emulation of a network's queues and protocols, as netem of tc(8) is.
//!
//! [`DatagramLink`] relays UDP, [`StreamLink`] TCP; both run on the thread that calls `run`. Socket calls are recorded by
//! [`capsock::trace`], and with them what was done to a datagram on purpose.
//!
//! What happens to a datagram is its [`Fate`], a pure function of the seed, the direction and the datagram's number:
//!
//! ```
//! use capsock_link::{Direction, Fates, Impairments};
//!
//! let loss = "30%".parse()?;
//! let fates = Fates::new(7, Direction::Up, Impairments { loss, ..Impairments::default() });
//! let lost: Vec<u64> = (1..=10).filter(|number| fates.of(*number).lost).collect();
//! assert_eq!(lost, [6, 10]);
//! # Ok::<(), String>(())
//! ```

mod channel;
mod datagrams;
mod direction;
mod event;
mod fate;
mod quantities;
mod queue;
mod streams;
mod totals;
mod watched;

pub use capsock::trace::Impairment;
pub use datagrams::{DatagramLink, DatagramOptions};
pub use direction::{Directed, Direction, PerDirection};
pub use event::Event;
pub use fate::{Fate, Fates, Impairments};
pub use quantities::{Bytes, Chance, Delay, Numbers, Rate};
pub use streams::{StreamImpairments, StreamLink, StreamLinkTotals, StreamOptions};
pub use totals::{DatagramTotals, StreamTotals};
