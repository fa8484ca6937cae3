//! What a server has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::features::Features;

/// Declares the totals once: as the atomics that the engines add to, and as the snapshot.
macro_rules! totals {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// A server's totals since its start, and what is going on now.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Stats {
            $($(#[$doc])+ pub $name: u64,)+
            /// What of the system's optional calls the server uses, as [`Features::bits`].
            pub features: u64,
        }

        /// The totals as they are counted, without a lock.
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: Counter,)+
        }

        impl Counters {
            pub(super) fn snapshot(&self, features: Features) -> Stats {
                Stats { $($name: self.$name.get(),)+ features: features.bits() }
            }
        }
    };
}

totals! {
    /// TCP connections taken from the backlog, the refused ones included.
    connections_accepted,
    /// TCP connections that are open now.
    connections_active,
    /// TCP connections closed at once: over `max_connections`, or no thread or process to be had.
    connections_refused,
    /// Requests to which there was a reply, whether or not the peer has taken it.
    requests,
    /// Bytes of requests, over TCP and UDP.
    bytes_received,
    /// Bytes of replies, over TCP and UDP.
    bytes_sent,
    /// UDP datagrams received, those that got no reply included.
    datagrams_received,
    /// UDP datagrams sent.
    datagrams_sent,
    /// Requests whose handler failed.
    handler_errors,
    /// Requests over `max_request`: the connection was closed, or the datagram left unanswered.
    oversized_requests,
    /// Connections closed since nothing came for `idle_timeout`.
    idle_timeouts,
    /// Connections closed since the peer took nothing for `write_timeout`.
    write_timeouts,
    /// Datagrams left unanswered by the guard: from the server itself, port 0, a broadcast or
    /// multicast address, or gone back and forth between servers too often.
    datagrams_guarded,
    /// Replies that did not fit a datagram or that the system refused to send.
    replies_unsent,
    /// Replies over `max_amplification`, which were not sent.
    amplified_replies,
    /// Times that accepting paused since the process or system had no descriptors left.
    descriptor_shortages,
}

/// A number that several threads and processes add to.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Relaxed);
    }

    /// Adds 1 and returns the sum, so that of several threads each learns its own.
    pub(super) fn next(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }

    pub(super) fn subtract(&self, amount: u64) {
        self.0.fetch_sub(amount, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What [`Server::stop`](super::Server::stop) found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StopReport {
    /// Requests to which there was a reply, from the start of the server to its end. Unless a
    /// connection was cut, or broken off by its peer, the replies were all sent.
    pub completed: u64,
    /// Connections cut at the deadline with a request in hand or a reply not yet taken, those whose
    /// handler is still running among them.
    pub cut: u64,
    /// Calls of the handler, or of the log, that were still running past the deadline. Their threads
    /// end when the call returns, and until then what it uses has to stay.
    pub running: u64,
}
