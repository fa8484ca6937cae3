//! The choices that C makes by number. The functions take any number and let the core check it.

/// The transport protocol of a server.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_transport {
    /// A reliable byte stream.
    CAPSOCK_TRANSPORT_TCP = 0,
    /// Datagrams.
    CAPSOCK_TRANSPORT_UDP = 1,
}

/// How many clients a server serves at once, and by what.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_concurrency {
    /// One at a time: accept, serve to the end, next. Over UDP: receive, reply, next.
    CAPSOCK_CONCURRENCY_ITERATIVE = 0,
    /// A thread for each TCP connection; over UDP a fixed set of threads on one port.
    CAPSOCK_CONCURRENCY_THREADS = 1,
    /// A process for each TCP connection; over UDP a fixed set of processes on one port. For the
    /// built-in service alone: a handler is refused.
    CAPSOCK_CONCURRENCY_PROCESSES = 2,
    /// Event loops, one per worker. The default.
    CAPSOCK_CONCURRENCY_EVENTS = 3,
}

/// Where a request ends on a TCP connection. Over UDP a datagram is a request.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_framing {
    /// Whatever has arrived. The default, for the built-in service alone: a handler is refused,
    /// since a chunk is not a request.
    CAPSOCK_FRAMING_STREAM = 0,
    /// Up to and with a newline, of at most `max_request` bytes. A last line without a newline
    /// counts when the peer ends its input.
    CAPSOCK_FRAMING_LINE = 1,
    /// What one receive returns; the server replies, then closes the connection, as the textbook's
    /// Python TCPServer does.
    CAPSOCK_FRAMING_ONCE = 2,
}

/// How much a line of a server's log matters.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_level {
    /// Something that the operator may want to change: a limit met.
    CAPSOCK_LEVEL_WARNING = 1,
    /// A request failed: a handler's error.
    CAPSOCK_LEVEL_ERROR = 2,
}

/// Calls of the system that a server does better with and does without: bits of the number
/// `features` in `capsock_stats`. The environment variable `CAPSOCK_WITHOUT` switches those off that
/// it names, as in `CAPSOCK_WITHOUT=udp-gro,recvmmsg`.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum capsock_feature {
    /// A blocked receive ends when another thread shuts the socket down (shutdown(2)), so that no poll is needed.
    CAPSOCK_FEATURE_BLOCKING_RECEIVE = 1,
    /// recvmmsg(2) and sendmmsg(2): several datagrams with one call.
    CAPSOCK_FEATURE_RECVMMSG = 2,
    /// UDP_SEGMENT (udp(7)): datagrams of one size to one peer leave as one train.
    CAPSOCK_FEATURE_UDP_SEGMENT = 4,
    /// UDP_GRO (udp(7)): datagrams of one size from one peer arrive as one train.
    CAPSOCK_FEATURE_UDP_GRO = 8,
}

#[cfg(test)]
mod tests {
    use capsock::{Concurrency, Features, Framing, Level, Transport};

    use super::*;

    /// `CAPSOCK_FRAMING_LINE` is the core's `line`, by name and by number.
    fn check(constant: impl std::fmt::Debug, number: i32, core_name: &str, core_number: i32) {
        assert!(format!("{constant:?}").ends_with(&format!("_{}", core_name.to_uppercase())), "{constant:?}");
        assert_eq!(number, core_number, "{constant:?}");
    }

    #[test]
    fn numbers_are_the_cores() {
        use {capsock_concurrency::*, capsock_framing::*, capsock_level::*, capsock_transport::*};
        let transports = [CAPSOCK_TRANSPORT_TCP, CAPSOCK_TRANSPORT_UDP];
        assert_eq!(transports.len(), Transport::ALL.len());
        for (mine, core) in transports.into_iter().zip(Transport::ALL) {
            check(mine, mine as i32, core.name(), *core as i32);
        }
        let concurrencies = [
            CAPSOCK_CONCURRENCY_ITERATIVE,
            CAPSOCK_CONCURRENCY_THREADS,
            CAPSOCK_CONCURRENCY_PROCESSES,
            CAPSOCK_CONCURRENCY_EVENTS,
        ];
        assert_eq!(concurrencies.len(), Concurrency::ALL.len());
        for (mine, core) in concurrencies.into_iter().zip(Concurrency::ALL) {
            check(mine, mine as i32, core.name(), *core as i32);
        }
        let framings = [CAPSOCK_FRAMING_STREAM, CAPSOCK_FRAMING_LINE, CAPSOCK_FRAMING_ONCE];
        assert_eq!(framings.len(), Framing::ALL.len());
        for (mine, core) in framings.into_iter().zip(Framing::ALL) {
            check(mine, mine as i32, core.name(), *core as i32);
        }
        check(CAPSOCK_LEVEL_WARNING, CAPSOCK_LEVEL_WARNING as i32, "warning", Level::Warning as i32);
        check(CAPSOCK_LEVEL_ERROR, CAPSOCK_LEVEL_ERROR as i32, "error", Level::Error as i32);
    }

    #[test]
    fn features_are_the_cores() {
        use capsock_feature::*;
        let features = [
            (CAPSOCK_FEATURE_BLOCKING_RECEIVE, Features::BLOCKING_RECEIVE),
            (CAPSOCK_FEATURE_RECVMMSG, Features::RECVMMSG),
            (CAPSOCK_FEATURE_UDP_SEGMENT, Features::UDP_SEGMENT),
            (CAPSOCK_FEATURE_UDP_GRO, Features::UDP_GRO),
        ];
        assert_eq!(features.len(), Features::from_bits(u64::MAX).names().count());
        for (mine, core) in features {
            let number = i32::try_from(core.bits()).expect("a small number");
            let name = core.names().next().expect("a name").replace('-', "_");
            check(mine, mine as i32, &name, number);
        }
    }
}
