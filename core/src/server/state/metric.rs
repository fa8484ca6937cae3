//! A total as a metric: what the text of OpenMetrics says of it.

pub(in crate::server) struct Metric {
    /// The name of the family: `capsock_received_bytes`.
    pub(in crate::server) family: &'static str,
    /// Whether it is a gauge, and else a counter.
    pub(in crate::server) gauge: bool,
    /// The base unit, which ends the family's name: `bytes`. Empty for a number of things.
    pub(in crate::server) unit: &'static str,
    /// Its documentation, without a character that has to be escaped.
    pub(in crate::server) help: &'static str,
    pub(in crate::server) value: u64,
}
