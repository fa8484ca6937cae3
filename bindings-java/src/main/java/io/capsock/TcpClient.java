package io.capsock;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * A TCP connection to a server that answers each line with a line.
 *
 * <p>With {@link TcpClientOptions#framing} a message takes the place of a line: it has its length
 * before it, or a delimiter after it. Like a newline, these are neither given nor returned.
 */
public final class TcpClient implements AutoCloseable {
  private final NativeHandle handle;

  /**
   * Connects with the default options.
   *
   * @param host a name or an IP address; "" is the local host; {@code unix:PATH} is a Unix domain
   *     socket, {@code unix:@NAME} one of Linux's abstract names
   * @param port 1 to 65535; a Unix domain socket has none
   * @throws IOException as for {@link #TcpClient(String, int, TcpClientOptions)}
   */
  public TcpClient(String host, int port) throws IOException {
    this(host, port, new TcpClientOptions());
  }

  /**
   * Connects to a server on a Unix domain socket.
   *
   * @param server the path of its socket
   * @param options timeouts and limits
   * @throws IllegalArgumentException if the path is too long, or an option is out of its range
   * @throws java.net.ConnectException if no program listens on the socket
   * @throws IOException if the system reports another error
   */
  public TcpClient(UnixDomainSocketAddress server, TcpClientOptions options) throws IOException {
    this(Addresses.host(server), 0, options);
  }

  /**
   * Connects. If the name has several addresses, the first that answers is used (RFC 8305, Happy
   * Eyeballs).
   *
   * @param host a name or an IP address; "" is the local host; {@code unix:PATH} is a Unix domain
   *     socket, {@code unix:@NAME} one of Linux's abstract names
   * @param port 1 to 65535; a Unix domain socket has none
   * @param options timeouts and limits
   * @throws IllegalArgumentException if the port or an option is out of its range
   * @throws java.net.ConnectException if no program listens on the port
   * @throws java.net.UnknownHostException if the name has no address
   * @throws java.net.SocketTimeoutException if the connect timeout passed
   * @throws IOException if the system reports another error
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public TcpClient(String host, int port, TcpClientOptions options) throws IOException {
    byte[] to = Text.encode(Objects.requireNonNull(host, "host"));
    Objects.requireNonNull(options, "options");
    Native api = Native.api();
    handle = new NativeHandle("TcpClient", api.tcpConnect(to, port, options), api::tcpClose);
  }

  /**
   * Sends a line and returns the line of the reply. If the server has closed the connection since
   * the last request, the client connects again, once. The reply may end with the connection
   * instead of a newline or a delimiter.
   *
   * @param line the text, without a newline
   * @return the reply, without a newline
   * @throws IllegalArgumentException if the text contains a newline or the delimiter
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws java.io.EOFException if the server closed the connection without a reply
   * @throws java.nio.charset.CharacterCodingException if the reply is not UTF-8
   * @throws IOException if the system reports another error
   * @throws IllegalStateException after {@link #close()}
   */
  public String request(String line) throws IOException {
    byte[] text = Text.encode(Objects.requireNonNull(line, "line"));
    return Text.decode(handle.call(number -> Native.api().tcpRequestText(number, text)));
  }

  /**
   * Sends a line of any bytes and returns the line of the reply.
   *
   * @param line the bytes, without a newline; the array is not modified
   * @return the reply, without a newline, a new array
   * @throws IOException as for {@link #request(String)}, except CharacterCodingException
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] request(byte[] line) throws IOException {
    Objects.requireNonNull(line, "line");
    return handle.call(number -> Native.api().tcpRequestBytes(number, line));
  }

  /**
   * Sends many lines and returns the lines of the replies, in the order of the requests.
   *
   * <p>The server must answer each line with one line. When it has answered two requests on one
   * connection, the client sends the remaining lines on that connection without waiting for replies
   * (pipelining). If the server closes the connection after each reply, the client opens a
   * connection for each request. The timeout limits the wait for the next reply. All lines are
   * checked before the first is sent. The requests together, and the replies together, may have
   * some 2 GB.
   *
   * <p>The message of an exception names the request without a reply, counted from 0, and the
   * number of replies received. If the connection ends while requests wait for replies, they are
   * not sent again.
   *
   * @param lines the texts, without a newline
   * @return the replies, without a newline
   * @throws IllegalArgumentException if a text contains a newline or the delimiter
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws java.io.EOFException if the server closed the connection while requests waited for
   *     replies
   * @throws java.nio.charset.CharacterCodingException if a reply is not UTF-8
   * @throws IOException if the system reports another error, or if the server sent more replies
   *     than requests
   * @throws IllegalStateException after {@link #close()}
   */
  public List<String> requestMany(List<String> lines) throws IOException {
    Objects.requireNonNull(lines, "lines");
    return handle.call(
        number ->
            RequestBatch.texts(
                lines, (all, sizes) -> Native.api().tcpRequestMany(number, all, sizes, true)));
  }

  /**
   * Sends many lines of any bytes and returns the lines of the replies, as {@link
   * #requestMany(List)} does.
   *
   * @param lines the requests; the arrays are not modified
   * @return the replies, new arrays
   * @throws IOException as for {@link #requestMany(List)}, except CharacterCodingException
   * @throws IllegalStateException after {@link #close()}
   */
  public List<byte[]> requestManyBytes(List<byte[]> lines) throws IOException {
    Objects.requireNonNull(lines, "lines");
    return handle.call(
        number ->
            RequestBatch.bytes(
                lines, (all, sizes) -> Native.api().tcpRequestMany(number, all, sizes, false)));
  }

  /**
   * Sends the input up to its end, and writes what the server sends to the output. Both directions
   * run concurrently, so that a stream of any size cannot deadlock. Both streams are used on the
   * calling thread and are not closed. Afterwards the connection cannot be used for requests.
   *
   * @param input what to send
   * @param output where the replies are written
   * @return the number of bytes in each direction
   * @throws java.io.EOFException if the server closed the connection before the whole input was
   *     sent
   * @throws IOException an exception of a stream, or as for {@link #request(String)}
   * @throws IllegalStateException after {@link #close()}
   */
  public Copied copy(InputStream input, OutputStream output) throws IOException {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(output, "output");
    long[] n = handle.call(number -> Native.api().tcpCopy(number, input, output));
    return new Copied(n[0], n[1]);
  }

  /**
   * Returns the local address of the connection. That of a Unix domain socket is unresolved, as
   * {@link Server#address()} is.
   *
   * @return the address
   * @throws IOException if the system reports an error
   * @throws IllegalStateException after {@link #close()}
   */
  public InetSocketAddress localAddress() throws IOException {
    byte[] address = handle.call(number -> Native.api().tcpLocalAddress(number));
    return Addresses.decode(address).get(0);
  }

  /**
   * Returns the address of the server that the client is connected to. That of a Unix domain socket
   * is unresolved, as {@link Server#address()} is.
   *
   * @return the address
   * @throws IOException if the system reports an error
   * @throws IllegalStateException after {@link #close()}
   */
  public InetSocketAddress peerAddress() throws IOException {
    byte[] address = handle.call(number -> Native.api().tcpPeerAddress(number));
    return Addresses.decode(address).get(0);
  }

  /**
   * Closes the connection. A call that is blocked in another thread throws a {@link
   * java.net.SocketException}.
   */
  @Override
  public void close() {
    handle.close();
  }
}
