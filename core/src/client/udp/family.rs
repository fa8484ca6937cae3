//! The session of a client: over IP, or over a Unix domain socket.

use std::net::SocketAddr;

use super::session::UdpSession;
use super::unix::UnixSession;
use crate::client::addresses::AddressPair;
use crate::client::many::OnReply;
use crate::client::options::UdpClientOptions;
use crate::client::session::{CommonOptions, Context, Session};
use crate::error::Result;
use crate::net::{Endpoint, WaitOptions};

pub(super) enum FamilySession {
    Inet(Box<UdpSession>),
    Unix(UnixSession),
}

impl Session for FamilySession {
    type Options = UdpClientOptions;

    fn common(options: &UdpClientOptions) -> CommonOptions {
        UdpSession::common(options)
    }

    fn check_options(server: &Endpoint, options: &UdpClientOptions) -> Result<()> {
        UdpSession::check_options(server, options)
    }

    fn open(
        server: &Endpoint,
        server_addresses: &[SocketAddr],
        waiting: WaitOptions<'_>,
    ) -> Result<(FamilySession, AddressPair)> {
        match server.unix() {
            Some(unix) => {
                let (session, addresses) = UnixSession::open(unix)?;
                Ok((FamilySession::Unix(session), addresses))
            }
            None => {
                let (session, addresses) = UdpSession::open(server, server_addresses, waiting)?;
                Ok((FamilySession::Inet(Box::new(session)), addresses))
            }
        }
    }

    fn check_request(context: &Context<UdpClientOptions>, request: &[u8]) -> Result<()> {
        UdpSession::check_request(context, request)
    }

    fn exchange(
        &mut self,
        context: &Context<UdpClientOptions>,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<Vec<u8>> {
        match self {
            FamilySession::Inet(session) => session.exchange(context, request, waiting),
            FamilySession::Unix(session) => session.exchange(context, request, waiting).map(<[u8]>::to_vec),
        }
    }

    fn exchange_many<T: AsRef<[u8]>>(
        &mut self,
        context: &Context<UdpClientOptions>,
        requests: &[T],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        match self {
            FamilySession::Inet(session) => session.exchange_many(context, requests, waiting, on_reply),
            FamilySession::Unix(session) => session.exchange_many(context, requests, waiting, on_reply),
        }
    }
}
