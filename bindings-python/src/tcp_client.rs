//! The class `capsock.TcpClient`.

use std::net::SocketAddr;

use capsock::{Endpoint, TcpClientOptions};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::arguments::{Bytes, Text};
use crate::blocking::blocking;
use crate::errors::Result;
use crate::files::{Input, Output};
use crate::many::request_many;

#[doc = include_str!("doc/TcpClient.txt")]
#[pyclass(module = "capsock", frozen, weakref)]
pub(crate) struct TcpClient(capsock::TcpClient);

impl TcpClient {
    /// What the constructor does once its options are read.
    pub(crate) fn connect(py: Python<'_>, to: (String, u16), options: TcpClientOptions) -> Result<TcpClient> {
        Ok(TcpClient(blocking(py, || capsock::TcpClient::connect_with(to, options))?))
    }
}

#[pymethods]
impl TcpClient {
    /// Sends a line of text and returns the line that comes back, as the same kind (str for str,
    /// bytes for a bytes-like object), without a newline in either.
    ///
    /// If the server closed the connection since the last request, the client connects again, once.
    ///
    /// Raises ValueError if the text has a newline, UnicodeError if the reply to a str is not UTF-8
    /// (ask with bytes), TimeoutError, ConnectionResetError (also if the server closed before the
    /// whole reply had come), and OSError with EBADF after close().
    #[pyo3(signature = (text, /))]
    fn request<'py>(&self, py: Python<'py>, text: Text) -> Result<Bound<'py, PyAny>> {
        Ok(match text {
            Text::Str(text) => PyString::new(py, &blocking(py, || self.0.request(&text))?).into_any(),
            Text::Bytes(Bytes(line)) => {
                PyBytes::new(py, &blocking(py, || self.0.request_bytes(&line))?).into_any()
            }
        })
    }

    /// Sends the lines of an iterable and returns a list of the lines that come back, in the same
    /// order, each as the same kind as by request().
    ///
    /// Once the server has answered two requests on a connection, and so keeps it open, the rest goes
    /// there without waiting for the replies (pipelining): many times faster than a loop of request().
    /// The server has to answer each line with one line. With a server that closes after each reply, each
    /// request has a connection of its own. The timeout is the longest wait for the next reply. The
    /// iterable is read to its end, and all lines are checked, before anything is sent.
    ///
    /// Raises what request() raises; the text tells which item got no reply, counted from 0, and how
    /// many replies had come. If the connection ends while requests are on their way, none of them is
    /// sent again: ConnectionResetError. OSError if the server sent more lines than requests.
    #[pyo3(signature = (texts, /))]
    fn request_many<'py>(&self, texts: &Bound<'py, PyAny>) -> Result<Bound<'py, PyList>> {
        request_many(texts, |texts, on_reply| self.0.request_many_with(texts, on_reply))
    }

    /// Sends all of input, then end of input, and writes all that comes back to output, both ways
    /// at once, so that a file of any size cannot deadlock. The connection is used up.
    ///
    /// Both are binary file objects. Returns the numbers of bytes (sent, received). What a file
    /// object raises is raised again. While a read of the input waits, no reply is written.
    #[pyo3(signature = (input, output, /))]
    fn copy(
        &self,
        py: Python<'_>,
        input: &Bound<'_, PyAny>,
        output: &Bound<'_, PyAny>,
    ) -> Result<(u64, u64)> {
        let (mut input, mut output) = (Input::new(input)?, Output::new(output)?);
        let copied = blocking(py, || self.0.copy(&mut input, &mut output))?;
        Ok((copied.sent, copied.received))
    }

    /// Closes the connection. A call that another thread is blocked in ends with OSError (EBADF).
    /// Closing twice is no error.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    /// The address of this end: (host, port).
    #[getter]
    fn local_address(&self) -> Result<(String, u16)> {
        Ok(pair(self.0.local_addr()?))
    }

    /// The address of the server that answered: (host, port).
    #[getter]
    fn peer_address(&self) -> Result<(String, u16)> {
        Ok(pair(self.0.peer_addr()?))
    }

    fn __enter__(this: Py<TcpClient>) -> Py<TcpClient> {
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
        description("TcpClient", self.0.peer_addr())
    }
}

/// An address as Python's sockets have it: (host, port). The host keeps an IPv6 scope.
pub(crate) fn pair(address: SocketAddr) -> (String, u16) {
    let endpoint = Endpoint::from(address);
    (endpoint.host().to_owned(), endpoint.port())
}

/// The `repr` of a client, which has no peer once it is closed.
pub(crate) fn description(class: &str, peer: capsock::Result<SocketAddr>) -> String {
    match peer {
        Ok(peer) => format!("<capsock.{class} {}>", Endpoint::from(peer)),
        Err(_) => format!("<capsock.{class} closed>"),
    }
}
