//! Which connection carries the next request: the one of the last request, or a new one.

use std::net::SocketAddr;

use super::connection::Connection;
use super::exchange::{Buffers, ExchangeError, Reply, exchange};
use super::pipeline::Pipeline;
use super::settings::TcpSettings;
use crate::client::addresses::AddressPair;
use crate::client::many::{OnReply, Progress};
use crate::client::session::{CommonOptions, Context, Session};
use crate::error::Result;
use crate::net::{Deadline, Endpoint, WaitOptions};

/// The number of replies on one connection after which requests are pipelined: a server that closes the
/// connection after each reply sends one.
const PIPELINED_AFTER: usize = 2;

#[derive(Debug)]
pub(super) struct TcpSession {
    /// `None` if the last request has used it up.
    connection: Option<Connection>,
    buffers: Buffers,
}

impl TcpSession {
    /// Takes the open connection, or opens one if there is none that can carry another request.
    pub(super) fn take_connection(
        &mut self,
        context: &Context<TcpSettings>,
        waiting: WaitOptions<'_>,
    ) -> Result<Connection> {
        match self.connection.take().filter(Connection::is_usable) {
            Some(connection) => Ok(connection),
            None => connect_again(context, waiting),
        }
    }
}

impl Session for TcpSession {
    type Options = TcpSettings;

    fn common(options: &TcpSettings) -> CommonOptions {
        let TcpSettings { connect_timeout, timeout, on_interrupt, .. } = *options;
        CommonOptions { connect_timeout, timeout, on_interrupt }
    }

    fn check_options(_: &Endpoint, _: &TcpSettings) -> Result<()> {
        Ok(())
    }

    fn open(
        server: &Endpoint,
        server_addresses: &[SocketAddr],
        waiting: WaitOptions<'_>,
    ) -> Result<(TcpSession, AddressPair)> {
        let connection = Connection::open(server, server_addresses, waiting)?;
        let addresses = connection.addresses.clone();
        Ok((TcpSession { connection: Some(connection), buffers: Buffers::default() }, addresses))
    }

    fn check_request(context: &Context<TcpSettings>, request: &[u8]) -> Result<()> {
        context.options.format.check(request).map_err(|error| error.at(&context.server))
    }

    fn exchange(
        &mut self,
        context: &Context<TcpSettings>,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<Vec<u8>> {
        let format = &context.options.format;
        self.buffers.set_request(format, request);
        let mut connection = self.take_connection(context, waiting)?;
        let outcome = match exchange(&connection, &mut self.buffers, format, waiting) {
            Err(ExchangeError::NotReceived(_)) if connection.replies > 0 => {
                connection = connect_again(context, waiting)?;
                exchange(&connection, &mut self.buffers, format, waiting)
            }
            outcome => outcome,
        };
        let Reply { payload, reusable } = outcome.map_err(ExchangeError::into_error)?;
        if reusable {
            connection.replies += 1;
            self.connection = Some(connection);
        }
        Ok(payload)
    }

    /// Each request has the time limit from the reply before it on.
    fn exchange_many<T: AsRef<[u8]>>(
        &mut self,
        context: &Context<TcpSettings>,
        requests: &[T],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let timeout = context.options.timeout;
        let mut waiting = waiting;
        for (index, request) in requests.iter().enumerate() {
            let is_persistent =
                |connection: &mut Connection| connection.replies >= PIPELINED_AFTER && connection.is_usable();
            // The first request is never pipelined: the server may have closed the connection since the last call.
            if index > 0
                && let Some(mut connection) = self.connection.take_if(is_persistent)
            {
                let pipeline = Pipeline::new(&connection, requests, index, &context.options);
                if pipeline.run(self.buffers.receive_buffer(), waiting, on_reply)? {
                    connection.replies += requests.len() - index;
                    self.connection = Some(connection);
                }
                return Ok(());
            }
            let reply = self.exchange(context, request.as_ref(), waiting).map_err(|error| {
                Progress { replies: index, requests: requests.len() }
                    .add_to(index, error.with_timeout(timeout))
            })?;
            on_reply(index, &reply)?;
            waiting = waiting.with_deadline(Deadline::after(timeout));
        }
        Ok(())
    }
}

/// Opens a connection within the time limit of the request.
fn connect_again(context: &Context<TcpSettings>, waiting: WaitOptions<'_>) -> Result<Connection> {
    let connect_timeout = context.options.connect_timeout;
    let deadline = Deadline::after(connect_timeout).earlier(waiting.deadline);
    // If the request's own limit is the earlier one, its caller names that one.
    let limit = if deadline == waiting.deadline { None } else { connect_timeout };
    let waiting = waiting.with_deadline(deadline);
    let connection = Connection::open(&context.server, &context.server_addresses, waiting)
        .map_err(|error| error.with_timeout(limit))?;
    context.addresses.set(connection.addresses.clone());
    Ok(connection)
}
