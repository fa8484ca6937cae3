//! What a server has done, as Python reads it.

use pyo3::prelude::*;

use crate::once_object::OnceObject;

/// A frozen class with the fields of a struct of the core. The fields are named one by one, so
/// that one which the core gets and Python lacks does not compile.
macro_rules! report {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[pyclass(module = "capsock", frozen, eq, hash, get_all)]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $kind,)+
        }

        impl From<capsock::$name> for $name {
            fn from(core: capsock::$name) -> $name {
                let capsock::$name { $($field),+ } = core;
                $name { $($field: $field.into()),+ }
            }
        }

        #[pymethods]
        impl $name {
            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let fields = [$(
                    format!(concat!(stringify!($field), "={}"), self.$field.into_pyobject(py)?.repr()?)
                ),+];
                Ok(format!(concat!(stringify!($name), "({})"), fields.join(", ")))
            }
        }
    };
}

/// `Features::bits`, which Python sees as a `capsock.Feature`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Feature(u64);

impl From<u64> for Feature {
    fn from(bits: u64) -> Feature {
        Feature(bits)
    }
}

impl<'py> IntoPyObject<'py> for Feature {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: OnceObject<PyAny> = OnceObject::new();
        CLASS.get_or_make(py, || py.import("capsock._feature")?.getattr("Feature"))?.call1((self.0,))
    }
}

report! {
    /// A server's totals since its start, and what is going on now. Cheap to take; it does not
    /// change any more.
    Stats {
        /// TCP connections taken from the backlog, the refused ones included.
        connections_accepted: u64,
        /// TCP connections that are open now.
        connections_active: u64,
        /// TCP connections closed at once: over max_connections, or no thread or process to be had.
        connections_refused: u64,
        /// Requests answered.
        requests: u64,
        /// Bytes of requests, over TCP and UDP.
        bytes_received: u64,
        /// Bytes of replies, over TCP and UDP.
        bytes_sent: u64,
        /// UDP datagrams received, those that got no reply included.
        datagrams_received: u64,
        /// UDP datagrams sent.
        datagrams_sent: u64,
        /// Requests whose handler failed.
        handler_errors: u64,
        /// Requests over max_request: the connection was closed, or the datagram left unanswered.
        oversized_requests: u64,
        /// Connections closed since nothing came for idle_timeout.
        idle_timeouts: u64,
        /// Connections closed since the peer took nothing for write_timeout.
        write_timeouts: u64,
        /// Datagrams left unanswered by the guard: from the server itself, port 0, a broadcast or
        /// multicast address, or gone back and forth between servers too often.
        datagrams_guarded: u64,
        /// Replies that did not fit a datagram or that the system refused to send.
        replies_unsent: u64,
        /// Replies over max_amplification, which were not sent.
        amplified_replies: u64,
        /// Times that accepting paused since the process or system had no descriptors left.
        descriptor_shortages: u64,
        /// What of the system's optional calls the server uses.
        features: Feature,
    }
}

report! {
    /// What stopping a server found.
    StopReport {
        /// Requests answered from the start of the server to its end.
        completed: u64,
        /// Connections cut at the deadline with a request in hand or a reply not yet taken.
        cut: u64,
        /// Calls of the handler or the log that were still running past the deadline; their threads
        /// end when the call returns.
        running: u64,
    }
}
