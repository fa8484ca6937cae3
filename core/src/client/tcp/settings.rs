//! The options of a TCP client as its session uses them.

use std::time::Duration;

use super::format::MessageFormat;
use crate::client::options::TcpClientOptions;
use crate::error::Result;
use crate::net::{Endpoint, InterruptHook};

pub(super) struct TcpSettings {
    pub(super) connect_timeout: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) format: MessageFormat,
    pub(super) on_interrupt: Option<InterruptHook>,
}

impl TcpSettings {
    /// # Errors
    /// `InvalidArgument` for an option out of its range.
    pub(super) fn new(server: &Endpoint, options: &TcpClientOptions) -> Result<TcpSettings> {
        Ok(TcpSettings {
            connect_timeout: options.connect_timeout,
            timeout: options.timeout,
            format: MessageFormat::new(options).map_err(|error| error.at(server))?,
            on_interrupt: options.on_interrupt,
        })
    }
}
