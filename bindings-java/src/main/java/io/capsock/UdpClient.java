package io.capsock;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * Asks a server by datagrams: one request, one reply. A request that gets no answer is sent again.
 * Each one leaves from a port of its own, so that a late or doubled reply is never taken for
 * another one's.
 */
public final class UdpClient implements AutoCloseable {
  private final NativeHandle handle;

  /**
   * Finds the server's addresses, with the default options. Nothing is sent yet.
   *
   * @param host a name or an IP address; "" is this machine
   * @param port 1 to 65535
   * @throws IOException as for {@link #UdpClient(String, int, UdpClientOptions)}
   */
  public UdpClient(String host, int port) throws IOException {
    this(host, port, new UdpClientOptions());
  }

  /**
   * Finds the server's addresses. Nothing is sent yet.
   *
   * @param host a name or an IP address; "" is this machine
   * @param port 1 to 65535
   * @param options how to wait and ask again
   * @throws IllegalArgumentException if the port or an option is out of its range
   * @throws java.net.UnknownHostException if the name has no address
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws IOException if the system reports something else
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public UdpClient(String host, int port, UdpClientOptions options) throws IOException {
    byte[] to = Text.encode(Objects.requireNonNull(host, "host"));
    Objects.requireNonNull(options, "options");
    Native api = Native.api();
    handle = new NativeHandle("UdpClient", api.udpConnect(to, port, options), api::udpClose);
  }

  /**
   * Sends the text as one datagram and returns the text of the datagram that comes back.
   *
   * @param text any text
   * @return the reply
   * @throws java.net.SocketException if the text does not fit a datagram (65,507 bytes over IPv4,
   *     65,527 over IPv6); nothing was sent then
   * @throws java.net.ConnectException if nothing has that port
   * @throws java.net.SocketTimeoutException if the timeout passed
   * @throws java.nio.charset.CharacterCodingException if the reply is not UTF-8
   * @throws IOException if the network reports something else
   * @throws IllegalStateException after {@link #close()}
   */
  public String request(String text) throws IOException {
    byte[] utf8 = Text.encode(Objects.requireNonNull(text, "text"));
    return Text.decode(handle.call(number -> Native.api().udpRequestText(number, utf8)));
  }

  /**
   * The same for any bytes.
   *
   * @param request the bytes; they are only read
   * @return the reply, a new array
   * @throws IOException as for {@link #request(String)}, but for the CharacterCodingException
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] request(byte[] request) throws IOException {
    Objects.requireNonNull(request, "request");
    return handle.call(number -> Native.api().udpRequestBytes(number, request));
  }

  /**
   * Sends many texts, each as one datagram, and returns the texts of the datagrams that come back,
   * in the order of the requests.
   *
   * <p>Up to 64 requests are on their way at once, each from a port of its own, so that a reply
   * that comes late, twice or out of order is never taken for another one's. To a server on
   * 127.0.0.0/8 each leaves from an address of its own instead, from 127.1.0.0 on, as long as none
   * is lost: there that costs half as much. Each is sent again as by {@link #request(String)}, and
   * has its timeout. All lengths are checked before the first is sent. The requests together, and
   * the replies, may have some 2 GB.
   *
   * <p>The message of an exception tells which request failed, counted from 0, and how many replies
   * had come.
   *
   * @param texts any texts
   * @return the replies
   * @throws java.net.SocketException if a text does not fit a datagram (65,507 bytes over IPv4,
   *     65,527 over IPv6); nothing was sent then
   * @throws java.net.ConnectException if nothing has that port
   * @throws java.net.SocketTimeoutException if a request's timeout passed
   * @throws java.nio.charset.CharacterCodingException if a reply is not UTF-8
   * @throws IOException if the network reports something else
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
   * The same for any bytes.
   *
   * @param texts the requests; they are only read
   * @return the replies, new arrays
   * @throws IOException as for {@link #requestMany(List)}, but for the CharacterCodingException
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
   * The address that the next request leaves from.
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
   * The address of the server that requests go to.
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
   * Closes the socket. A call that another thread is blocked in ends at once with a {@link
   * java.net.SocketException}.
   */
  @Override
  public void close() {
    handle.close();
  }
}
