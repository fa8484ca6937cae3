//! The client, generic over the protocol of its session: it resolves the server's name, lets one call at a time
//! use the session, sets the deadline of each call, and converts text.

use std::fmt;

use super::addresses::{AddressPair, CurrentAddresses};
use super::fair_lock::{Call, FairLock, FairLockGuard};
use super::many::{OnReply, Progress, reply_texts};
use super::operations::{CONNECT, GET_ADDRESSES, READ_REPLY, SEND_REQUEST};
use super::session::{Context, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Endpoint, Errno, Purpose, WaitOptions, resolve};

pub(super) struct Client<S: Session> {
    pub(super) context: Context<S::Options>,
    session: FairLock<S>,
}

impl<S: Session> Client<S> {
    pub(super) fn connect(server: Endpoint, options: S::Options) -> Result<Client<S>> {
        S::check_options(&server, &options)?;
        if server.port() == 0 && server.unix().is_none() {
            return Err(Error::invalid(CONNECT, "port 0 is not the port of a server").at(&server));
        }
        let common = S::common(&options);
        let waiting = WaitOptions {
            deadline: Deadline::after(common.connect_timeout),
            waker: None,
            on_interrupt: common.on_interrupt.into(),
        };
        let open = || {
            let server_addresses = match server.unix() {
                None => resolve(&server, Purpose::Connect, waiting)?,
                Some(_) => Vec::new(),
            };
            let (session, pair) = S::open(&server, &server_addresses, waiting)?;
            Ok((server_addresses, session, pair))
        };
        let (server_addresses, session, pair) =
            open().map_err(|error: Error| error.with_timeout(common.connect_timeout))?;
        let os_error = |Errno(errno)| Error::os(errno, CONNECT).at(&server);
        let session = FairLock::new(session).map_err(os_error)?;
        let addresses = CurrentAddresses::new(pair);
        Ok(Client { context: Context { server, server_addresses, options, addresses }, session })
    }

    /// Waits for the calls before this one. `operation` names the call in errors.
    pub(super) fn lock<'a>(&'a self, operation: &'a str) -> Result<FairLockGuard<'a, S>> {
        self.session.acquire(self.call(operation)).map_err(|error| self.with_request_timeout(error))
    }

    /// The error with the time limit of a request in its text, if that is what ran out.
    pub(super) fn with_request_timeout(&self, error: Error) -> Error {
        error.with_timeout(S::common(&self.context.options).timeout)
    }

    pub(super) fn request(&self, text: &str) -> Result<String> {
        String::from_utf8(self.request_bytes(text.as_bytes())?).map_err(|_| {
            let peer = self.context.addresses.get().peer_text();
            Error::new(ErrorKind::InvalidText, READ_REPLY, "it is not valid UTF-8").at(peer)
        })
    }

    pub(super) fn request_bytes(&self, request: &[u8]) -> Result<Vec<u8>> {
        S::check_request(&self.context, request)?;
        let mut session = self.lock(SEND_REQUEST)?;
        let waiting = session.waiting;
        session.exchange(&self.context, request, waiting).map_err(|error| self.with_request_timeout(error))
    }

    pub(super) fn request_many<T: AsRef<str>>(&self, requests: &[T]) -> Result<Vec<String>> {
        let requests: Vec<&[u8]> = requests.iter().map(|text| text.as_ref().as_bytes()).collect();
        reply_texts(&self.request_many_bytes(&requests)?)
    }

    pub(super) fn request_many_bytes<T: AsRef<[u8]>>(&self, requests: &[T]) -> Result<Vec<Vec<u8>>> {
        let mut replies = vec![Vec::new(); requests.len()];
        self.request_many_with(requests, &mut |index, reply| {
            replies[index] = reply.to_vec();
            Ok(())
        })?;
        Ok(replies)
    }

    pub(super) fn request_many_with<T: AsRef<[u8]>>(
        &self,
        requests: &[T],
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let none = Progress { replies: 0, requests: requests.len() };
        for (index, request) in requests.iter().enumerate() {
            S::check_request(&self.context, request.as_ref()).map_err(|error| none.add_to(index, error))?;
        }
        if requests.is_empty() {
            return self.session.check_open(self.call(SEND_REQUEST));
        }
        let mut session = self.lock(SEND_REQUEST)?;
        let waiting = session.waiting;
        session.exchange_many(&self.context, requests, waiting, on_reply)
    }

    pub(super) fn addresses(&self) -> Result<AddressPair> {
        self.session.check_open(self.call(GET_ADDRESSES))?;
        Ok(self.context.addresses.get())
    }

    pub(super) fn close(&self) {
        self.session.close();
    }

    fn call<'a>(&'a self, operation: &'a str) -> Call<'a> {
        let common = S::common(&self.context.options);
        let deadline = Deadline::after(common.timeout);
        Call { deadline, on_interrupt: common.on_interrupt, operation, server: &self.context.server }
    }

    /// The debug output of the public client, whose name is `name`.
    pub(super) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Context { server, addresses, .. } = &self.context;
        f.debug_struct(name).field("server", server).field("addresses", &addresses.get()).finish()
    }
}
