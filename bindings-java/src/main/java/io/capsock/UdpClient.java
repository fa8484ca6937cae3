package io.capsock;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * Sends requests as datagrams and receives replies as datagrams. A request without a reply is
 * retransmitted. Each request is sent from another local port, so that a late or duplicate reply is
 * not taken for the reply to another request.
 */
public final class UdpClient implements AutoCloseable {
  private final NativeHandle handle;

  /**
   * Resolves the server's addresses, with the default options. Nothing is sent.
   *
   * @param host a name or an IP address; "" is the local host; {@code unix:PATH} is a Unix domain
   *     socket, {@code unix:@NAME} one of Linux's abstract names
   * @param port 1 to 65535; a Unix domain socket has none
   * @throws IOException as for {@link #UdpClient(String, int, UdpClientOptions)}
   */
  public UdpClient(String host, int port) throws IOException {
    this(host, port, new UdpClientOptions());
  }

  /**
   * Prepares requests to a server on a Unix domain socket.
   *
   * @param server the path of its socket
   * @param options timeouts and limits
   * @throws IllegalArgumentException if the path is too long, or an option is out of its range
   * @throws java.net.ConnectException if no program listens on the socket
   * @throws IOException if the system reports another error
   */
  public UdpClient(UnixDomainSocketAddress server, UdpClientOptions options) throws IOException {
    this(Addresses.host(server), 0, options);
  }

  /**
   * Resolves the server's addresses. Nothing is sent.
   *
   * @param host a name or an IP address; "" is the local host; {@code unix:PATH} is a Unix domain
   *     socket, {@code unix:@NAME} one of Linux's abstract names
   * @param port 1 to 65535; a Unix domain socket has none
   * @param options timeouts and retransmissions
   * @throws IllegalArgumentException if the port or an option is out of its range
   * @throws java.net.UnknownHostException if the name has no address
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws IOException if the system reports another error
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public UdpClient(String host, int port, UdpClientOptions options) throws IOException {
    byte[] to = Text.encode(Objects.requireNonNull(host, "host"));
    Objects.requireNonNull(options, "options");
    Native api = Native.api();
    handle = new NativeHandle("UdpClient", api.udpConnect(to, port, options), api::udpClose);
  }

  /**
   * Sends the text as one datagram and returns the text of the reply.
   *
   * @param text any text
   * @return the reply
   * @throws java.net.SocketException if the text does not fit a datagram (65,507 bytes over IPv4,
   *     65,527 over IPv6); nothing is sent then
   * @throws java.net.ConnectException if no socket is bound to the server's port
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws java.nio.charset.CharacterCodingException if the reply is not UTF-8
   * @throws IOException if the system reports another error
   * @throws IllegalStateException after {@link #close()}
   */
  public String request(String text) throws IOException {
    byte[] utf8 = Text.encode(Objects.requireNonNull(text, "text"));
    return Text.decode(handle.call(number -> Native.api().udpRequestText(number, utf8)));
  }

  /**
   * Sends any bytes as one datagram and returns the reply.
   *
   * @param request the bytes; the array is not modified
   * @return the reply, a new array
   * @throws IOException as for {@link #request(String)}, except CharacterCodingException
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] request(byte[] request) throws IOException {
    Objects.requireNonNull(request, "request");
    return handle.call(number -> Native.api().udpRequestBytes(number, request));
  }

  /**
   * Sends many texts, each as one datagram, and returns the texts of the replies, in the order of
   * the requests.
   *
   * <p>Up to 64 requests wait for replies at the same time, each from another local port, so that a
   * late or duplicate reply is not taken for the reply to another request. To a server on
   * 127.0.0.0/8, each request is sent from another local address instead, from 127.1.0.0 on, until
   * a datagram is lost; that halves the cost. Each request is retransmitted and limited as by
   * {@link #request(String)}. All lengths are checked before the first request is sent. The
   * requests together, and the replies together, may have some 2 GB.
   *
   * <p>The message of an exception names the request that failed, counted from 0, and the number of
   * replies received.
   *
   * @param texts any texts
   * @return the replies
   * @throws java.net.SocketException if a text does not fit a datagram (65,507 bytes over IPv4,
   *     65,527 over IPv6); nothing is sent then
   * @throws java.net.ConnectException if no socket is bound to the server's port
   * @throws java.net.SocketTimeoutException if the timeout of a request passed
   * @throws java.nio.charset.CharacterCodingException if a reply is not UTF-8
   * @throws IOException if the system reports another error
   * @throws IllegalStateException after {@link #close()}
   */
  public List<String> requestMany(List<String> texts) throws IOException {
    Objects.requireNonNull(texts, "texts");
    return handle.call(
        number ->
            RequestBatch.texts(
                texts, (all, sizes) -> Native.api().udpRequestMany(number, all, sizes, true)));
  }

  /**
   * Sends many requests of any bytes and returns the replies, as {@link #requestMany(List)} does.
   *
   * @param texts the requests; the arrays are not modified
   * @return the replies, new arrays
   * @throws IOException as for {@link #requestMany(List)}, except CharacterCodingException
   * @throws IllegalStateException after {@link #close()}
   */
  public List<byte[]> requestManyBytes(List<byte[]> texts) throws IOException {
    Objects.requireNonNull(texts, "texts");
    return handle.call(
        number ->
            RequestBatch.bytes(
                texts, (all, sizes) -> Native.api().udpRequestMany(number, all, sizes, false)));
  }

  /**
   * Returns the local address that the next request is sent from. That of a Unix domain socket is
   * unresolved, as {@link Server#address()} is.
   *
   * @return the address
   * @throws IOException if the system reports an error
   * @throws IllegalStateException after {@link #close()}
   */
  public InetSocketAddress localAddress() throws IOException {
    byte[] address = handle.call(number -> Native.api().udpLocalAddress(number));
    return Addresses.decode(address).get(0);
  }

  /**
   * Returns the address of the server. That of a Unix domain socket is unresolved, as {@link
   * Server#address()} is.
   *
   * @return the address
   * @throws IOException if the system reports an error
   * @throws IllegalStateException after {@link #close()}
   */
  public InetSocketAddress peerAddress() throws IOException {
    byte[] address = handle.call(number -> Native.api().udpPeerAddress(number));
    return Addresses.decode(address).get(0);
  }

  /**
   * Closes the socket. A call that is blocked in another thread throws a {@link
   * java.net.SocketException}.
   */
  @Override
  public void close() {
    handle.close();
  }
}
