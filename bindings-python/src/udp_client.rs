//! The class `capsock.UdpClient`.

use capsock::{Endpoint, UdpClientOptions};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::address::Address;
use crate::arguments::{Bytes, Text};
use crate::blocking::blocking;
use crate::errors::Result;
use crate::many::request_many;
use crate::tcp_client::description;

#[doc = include_str!("doc/UdpClient.txt")]
#[pyclass(module = "capsock", frozen, weakref)]
pub(crate) struct UdpClient(capsock::UdpClient);

impl UdpClient {
    /// Makes the client with the constructor's options.
    pub(crate) fn connect(py: Python<'_>, to: Endpoint, options: UdpClientOptions) -> Result<UdpClient> {
        Ok(UdpClient(blocking(py, || capsock::UdpClient::connect_with(to, options))?))
    }
}

#[pymethods]
impl UdpClient {
    /// Sends the text as one datagram and returns the text of the reply, as the same type: str for
    /// str, bytes for a bytes-like object.
    ///
    /// Raises OSError with EMSGSIZE, before anything is sent, if the text does not fit a datagram
    /// (65,507 bytes over IPv4); ConnectionRefusedError if no socket is bound to the port;
    /// TimeoutError; UnicodeError if the reply to a str is not UTF-8 (send bytes instead); OSError with
    /// EBADF after close().
    #[pyo3(signature = (text, /))]
    fn request<'py>(&self, py: Python<'py>, text: Text) -> Result<Bound<'py, PyAny>> {
        Ok(match text {
            Text::Str(text) => PyString::new(py, &blocking(py, || self.0.request(&text))?).into_any(),
            Text::Bytes(Bytes(bytes)) => {
                PyBytes::new(py, &blocking(py, || self.0.request_bytes(&bytes))?).into_any()
            }
        })
    }

    /// Sends the texts of an iterable, each as one datagram, and returns the list of the texts of the
    /// replies, in the order of the requests, each as the type that request() returns.
    ///
    /// Up to 64 requests are pending at once. Each has its own local port, so that a reply which is late,
    /// duplicate or out of order is never taken for another's. To a server on 127.0.0.0/8 each has its own
    /// local address instead, from 127.1.0.0 on, until a datagram is lost: there that costs half as much.
    /// Each request has the timeout and the retransmissions of request(). The iterable is read to its end,
    /// and all lengths are checked, before anything is sent.
    ///
    /// Raises what request() raises; the text names the item that failed, counted from 0, and the number
    /// of replies received.
    #[pyo3(signature = (texts, /))]
    fn request_many<'py>(&self, texts: &Bound<'py, PyAny>) -> Result<Bound<'py, PyList>> {
        request_many(texts, |texts, on_reply| self.0.request_many_with(texts, on_reply))
    }

    /// Closes the socket. Pending calls of other threads raise OSError with EBADF. Closing twice is no
    /// error.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    /// The local address of the next request: (host, port), or of a Unix domain socket as the module
    /// socket has it.
    #[getter]
    fn local_address(&self) -> Result<Address> {
        Ok(Address::new(self.0.local_addr()?, self.0.unix_local_addr()?.as_ref()))
    }

    /// The address of the server: (host, port), or of a Unix domain socket as the module socket
    /// has it.
    #[getter]
    fn peer_address(&self) -> Result<Address> {
        Ok(Address::new(self.0.peer_addr()?, self.0.unix_peer_addr()?.as_ref()))
    }

    fn __enter__(this: Py<UdpClient>) -> Py<UdpClient> {
        this
    }

    #[pyo3(signature = (_exc_type, _exc_value, _traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _exc_type: &Bound<'_, PyAny>,
        _exc_value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        description("UdpClient", self.peer_address())
    }
}
