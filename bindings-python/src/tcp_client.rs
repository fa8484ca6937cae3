//! The class `capsock.TcpClient`.

use capsock::{Endpoint, TcpClientOptions};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::address::Address;
use crate::arguments::{Bytes, Text};
use crate::blocking::blocking;
use crate::errors::Result;
use crate::files::{Input, Output};
use crate::many::request_many;

#[doc = include_str!("doc/TcpClient.txt")]
#[pyclass(module = "capsock", frozen, weakref)]
pub(crate) struct TcpClient(capsock::TcpClient);

impl TcpClient {
    /// Connects with the constructor's options.
    pub(crate) fn connect(py: Python<'_>, to: Endpoint, options: TcpClientOptions) -> Result<TcpClient> {
        Ok(TcpClient(blocking(py, || capsock::TcpClient::connect_with(to, options))?))
    }
}

#[pymethods]
impl TcpClient {
    /// Sends a line of text and returns the line received, as the same type (str for str, bytes for
    /// a bytes-like object), both without a newline.
    ///
    /// If the server has closed the connection since the last request, the client connects again, once.
    ///
    /// Raises ValueError if the text has a newline or the delimiter, OSError with EMSGSIZE if it is
    /// longer than its length can tell, UnicodeError if the reply to a str is not UTF-8
    /// (send bytes instead), TimeoutError, ConnectionResetError (also if the server closes before the
    /// end of the reply), and OSError with EBADF after close().
    #[pyo3(signature = (text, /))]
    fn request<'py>(&self, py: Python<'py>, text: Text) -> Result<Bound<'py, PyAny>> {
        Ok(match text {
            Text::Str(text) => PyString::new(py, &blocking(py, || self.0.request(&text))?).into_any(),
            Text::Bytes(Bytes(line)) => {
                PyBytes::new(py, &blocking(py, || self.0.request_bytes(&line))?).into_any()
            }
        })
    }

    /// Sends the lines of an iterable and returns the list of the lines received, in the same order,
    /// each as the type that request() returns.
    ///
    /// Once the server has answered two requests on one connection, the client sends the others without
    /// waiting for the replies (pipelining), which is many times faster than a loop of request(). The
    /// server must answer each line with one line. If the server closes the connection after each reply,
    /// each request has its own connection. The timeout is the longest wait for the next reply. The
    /// iterable is read to its end, and all lines are checked, before anything is sent.
    ///
    /// Raises what request() raises; the text names the item without a reply, counted from 0, and the
    /// number of replies received. If the connection ends while requests are pending, none is sent
    /// again, and ConnectionResetError is raised. Raises OSError if the server sends more replies than it
    /// got requests.
    #[pyo3(signature = (texts, /))]
    fn request_many<'py>(&self, texts: &Bound<'py, PyAny>) -> Result<Bound<'py, PyList>> {
        request_many(texts, |texts, on_reply| self.0.request_many_with(texts, on_reply))
    }

    /// Sends all bytes of input, then the end of the stream, and writes all bytes received to output.
    /// Both directions run at once, so that a file of any size cannot deadlock. The connection cannot be
    /// used afterwards.
    ///
    /// Both are binary file objects. Returns the numbers of bytes (sent, received). Raises what a file
    /// object raises. While a read of the input blocks, no reply is written.
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

    /// Closes the connection. Pending calls of other threads raise OSError with EBADF. Closing twice
    /// is no error.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    /// The local address of the connection: (host, port), or of a Unix domain socket as the module
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
        description("TcpClient", self.peer_address())
    }
}

/// The `repr` of a client, which has no peer once it is closed.
pub(crate) fn description(class: &str, peer: Result<Address>) -> String {
    match peer {
        Ok(peer) => format!("<capsock.{class} {}>", peer.endpoint()),
        Err(_) => format!("<capsock.{class} closed>"),
    }
}
