package io.capsock;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;

/** A TCP connection to a server that answers each line with a line. */
public final class TcpClient implements AutoCloseable {
  private final NativeHandle handle;

  /**
   * Connects with the default options.
   *
   * @param host a name or an IP address; "" is this machine
   * @param port 1 to 65535
   * @throws IOException as for {@link #TcpClient(String, int, TcpClientOptions)}
   */
  public TcpClient(String host, int port) throws IOException {
    this(host, port, new TcpClientOptions());
  }

  /**
   * Connects to the first address of the name that answers (RFC 8305, Happy Eyeballs).
   *
   * @param host a name or an IP address; "" is this machine
   * @param port 1 to 65535
   * @param options how to connect and wait
   * @throws IllegalArgumentException if the port or an option is out of its range
   * @throws java.net.ConnectException if nothing listens there
   * @throws java.net.UnknownHostException if the name has no address
   * @throws java.net.SocketTimeoutException if the connect timeout passed
   * @throws IOException if the system reports something else
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public TcpClient(String host, int port, TcpClientOptions options) throws IOException {
    byte[] to = Text.encode(Objects.requireNonNull(host, "host"));
    Objects.requireNonNull(options, "options");
    Native api = Native.api();
    handle = new NativeHandle("TcpClient", api.tcpConnect(to, port, options), api::tcpClose);
  }

  /**
   * Sends a line and returns the line that comes back. If the server has closed the connection
   * since the last request, the client connects again, once. A reply that ends with the connection
   * instead of a newline is a whole reply too.
   *
   * @param line the text, without a newline
   * @return the reply, without a newline
   * @throws IllegalArgumentException if the text has a newline
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws java.io.EOFException if the server closed without a reply
   * @throws java.nio.charset.CharacterCodingException if the reply is not UTF-8
   * @throws IOException if the network reports something else
   * @throws IllegalStateException after {@link #close()}
   */
  public String request(String line) throws IOException {
    byte[] text = Text.encode(Objects.requireNonNull(line, "line"));
    return Text.decode(handle.call(number -> Native.api().tcpRequestText(number, text)));
  }

  /**
   * The same for any bytes.
   *
   * @param line the bytes, without a newline; they are only read
   * @return the reply, without a newline, a new array
   * @throws IOException as for {@link #request(String)}, but for the CharacterCodingException
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] request(byte[] line) throws IOException {
    Objects.requireNonNull(line, "line");
    return handle.call(number -> Native.api().tcpRequestBytes(number, line));
  }

  /**
   * Sends many lines and returns the lines that come back, in the same order.
   *
   * <p>Once the server has answered two requests on a connection, and so keeps it open, the rest
   * goes there without waiting for the replies (pipelining). The server has to answer each line
   * with one line. With a server that closes after each reply each request has a connection of its
   * own. The timeout is the longest wait for the next reply. All lines are checked before the first
   * is sent. The requests together, and the replies, may have some 2 GB.
   *
   * <p>The message of an exception tells which request got no reply, counted from 0, and how many
   * replies had come. If the connection ends while requests are on their way, none of them is sent
   * again.
   *
   * @param lines the texts, without a newline
   * @return the replies, without a newline
   * @throws IllegalArgumentException if a text has a newline
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws java.io.EOFException if the server closed while requests were on their way
   * @throws java.nio.charset.CharacterCodingException if a reply is not UTF-8
   * @throws IOException if the network reports something else, or if the server sent more lines
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
   * The same for any bytes.
   *
   * @param lines the requests; they are only read
   * @return the replies, new arrays
   * @throws IOException as for {@link #requestMany(List)}, but for the CharacterCodingException
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
   * Sends all of the input, and writes all that comes back to the output, both ways at once: a
   * stream of any size cannot deadlock. Uses the connection up. Neither stream is closed; both are
   * used on the calling thread.
   *
   * @param input what to send
   * @param output where the replies go
   * @return how many bytes went each way
   * @throws java.io.EOFException if the server closed before all had been sent
   * @throws IOException what the streams throw, or as for {@link #request(String)}
   * @throws IllegalStateException after {@link #close()}
   */
  public Copied copy(InputStream input, OutputStream output) throws IOException {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(output, "output");
    long[] n = handle.call(number -> Native.api().tcpCopy(number, input, output));
    return new Copied(n[0], n[1]);
  }

  /**
   * The address of this end.
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
   * The address of the server that answered.
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
   * Closes the connection. A call that another thread is blocked in ends at once with a {@link
   * java.net.SocketException}.
   */
  @Override
  public void close() {
    handle.close();
  }
}
