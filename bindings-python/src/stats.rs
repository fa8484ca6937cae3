//! What a server has done, as Python reads it.

use pyo3::prelude::*;

/// A frozen class with the fields of a struct of the core. The fields are named one by one, so
/// that one which the core gets and Python lacks does not compile.
macro_rules! report {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)+ }) => {
        $(#[$doc])*
        #[pyclass(module = "capsock", frozen, eq, hash, get_all)]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: u64,)+
        }

        impl From<capsock::$name> for $name {
            fn from(core: capsock::$name) -> $name {
                let capsock::$name { $($field),+ } = core;
                $name { $($field),+ }
            }
        }

        #[pymethods]
        impl $name {
            fn __repr__(&self) -> String {
                let fields = [$(format!(concat!(stringify!($field), "={}"), self.$field)),+];
                format!(concat!(stringify!($name), "({})"), fields.join(", "))
            }
        }
    };
}

report! {
    /// A server's totals since its start, and what is going on now. Cheap to take; it does not
    /// change any more.
    Stats {
        /// TCP connections taken from the backlog, the refused ones included.
        connections_accepted,
        /// TCP connections that are open now.
        connections_active,
        /// TCP connections closed at once: over max_connections, or no thread or process to be had.
        connections_refused,
        /// Requests answered.
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
        /// Requests over max_request: the connection was closed, or the datagram left unanswered.
        oversized_requests,
        /// Connections closed since nothing came for idle_timeout.
        idle_timeouts,
        /// Connections closed since the peer took nothing for write_timeout.
        write_timeouts,
        /// Datagrams left unanswered by the guard: from the server itself, port 0, a broadcast or
        /// multicast address, or gone back and forth between servers too often.
        datagrams_guarded,
        /// Replies that did not fit a datagram or that the system refused to send.
        replies_unsent,
        /// Times that accepting paused since the process or system had no descriptors left.
        descriptor_shortages,
        /// What of the system's optional calls the server uses: Feature values, added up.
        features,
    }
}

report! {
    /// What stopping a server found.
    StopReport {
        /// Requests answered from the start of the server to its end.
        completed,
        /// Connections cut at the deadline with a request in hand or a reply not yet taken.
        cut,
        /// Calls of the handler or the log that were still running past the deadline; their threads
        /// end when the call returns.
        running,
    }
}
