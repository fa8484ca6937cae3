// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

/**
 * The options of a server. What is not set has the native core's default. Options are checked by
 * {@link #start()}; they can start several servers, and must not be used from two threads at once.
 */
public final class ServerOptions {
  private final int transport;

  // The native side reads these fields (option_fields.rs).
  private byte[] host;
  private long port = Native.UNSET;
  private long socketMode = Native.UNSET;
  private long concurrency = Native.UNSET;
  private long framing = Native.UNSET;
  private long lengthBytes = Native.UNSET;
  private long lengthEndian = Native.UNSET;
  private long lengthIncludesItself = Native.UNSET;
  private byte[] delimiter;
  private long workers = Native.UNSET;
  private long backlog = Native.UNSET;
  private long maxConnections = Native.UNSET;
  private long maxConnectionsPerPeer = Native.UNSET;
  private long maxRequest = Native.UNSET;
  private long maxAmplification = Native.UNSET;
  private double idleTimeout = Native.UNSET_SECONDS;
  private double writeTimeout = Native.UNSET_SECONDS;
  private byte[] proxyProtocol;
  private double proxyHeaderTimeout = Native.UNSET_SECONDS;
  private double busyPoll = Native.UNSET_SECONDS;
  private long handlerLatency = Native.UNSET;
  private Handler handler;
  private ContextHandler contextHandler;
  private AsyncContextHandler asyncHandler;
  private long[] sockets = {};
  private long predecessorHandle = Native.UNSET;
  private long systemd = Native.UNSET;
  private byte[] systemdName;

  private Server predecessor;

  ServerOptions(int transport) {
    this.transport = transport;
  }

  /**
   * The name or IP address to listen on; an empty string means all addresses of the machine. {@code
   * unix:PATH} is a Unix domain socket, {@code unix:@NAME} one of Linux's abstract names. Default
   * "localhost".
   *
   * <p>{@code localhost} means the loopback addresses alone, of IPv4 and IPv6. A host that begins
   * with a slash is the path of a Unix domain socket as well.
   *
   * @param host a name, an IP address, or ""
   * @return this
   * @since 0.1.0
   */
  public ServerOptions host(String host) {
    this.host = Text.encode(Objects.requireNonNull(host, "host"));
    return this;
  }

  /**
   * The port to listen on; 0 selects a free port. Default 12000; range: 0 to 65,535.
   *
   * <p>A Unix domain socket has none: it is not looked at.
   *
   * @param port 0 to 65535
   * @return this
   * @since 0.1.0
   */
  public ServerOptions port(int port) {
    this.port = port;
    return this;
  }

  /**
   * The permissions of the file of a Unix domain socket, as for chmod(2): who may write to it may
   * connect. 0 leaves them to the umask, with which it is most often the user alone. Default 0;
   * range: 0 to 511, octal 777.
   *
   * <p>It is refused without such a file: an abstract name has no permissions.
   *
   * @param socketMode the permissions, such as 0660
   * @return this
   * @since 0.1.0
   */
  public ServerOptions socketMode(int socketMode) {
    this.socketMode = socketMode;
    return this;
  }

  /**
   * The concurrency model: whether threads, processes or event loops serve several clients at once.
   * Default {@link Concurrency#EVENTS}.
   *
   * @param concurrency one of them, never null
   * @return this
   * @since 0.1.0
   */
  public ServerOptions concurrency(Concurrency concurrency) {
    this.concurrency = concurrency.number;
    return this;
  }

  /**
   * How a TCP stream is divided into requests. Default {@link Framing#STREAM}.
   *
   * @param framing one of them, never null
   * @return this
   * @since 0.1.0
   */
  public ServerOptions framing(Framing framing) {
    this.framing = framing.number;
    return this;
  }

  /**
   * The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2
   * or 4.
   *
   * <p>It has no effect without {@link Framing#LENGTH}. DNS over TCP has 2 bytes (RFC 7766, 8).
   *
   * @param lengthBytes bytes
   * @return this
   * @since 0.1.0
   */
  public ServerOptions lengthBytes(int lengthBytes) {
    this.lengthBytes = lengthBytes;
    return this;
  }

  /**
   * The order of the bytes of the length before a message. Default {@link Endian#BIG}.
   *
   * <p>It has no effect without {@link Framing#LENGTH}.
   *
   * @param lengthEndian one of them, never null
   * @return this
   * @since 0.1.0
   */
  public ServerOptions lengthEndian(Endian lengthEndian) {
    this.lengthEndian = lengthEndian.number;
    return this;
  }

  /**
   * Whether the length before a message counts its own bytes beside those of the message. Default
   * false.
   *
   * <p>It has no effect without {@link Framing#LENGTH}.
   *
   * @param lengthIncludesItself whether it is so
   * @return this
   * @since 0.1.0
   */
  public ServerOptions lengthIncludesItself(boolean lengthIncludesItself) {
    this.lengthIncludesItself = lengthIncludesItself ? 1 : 0;
    return this;
  }

  /**
   * The bytes that end a message. Default CR LF; range: 1 to 255 bytes.
   *
   * <p>It has no effect without the framing of this name. A message that contains the delimiter, or
   * whose end together with it does, cannot be sent.
   *
   * @param delimiter the bytes, never null; they are copied
   * @return this
   * @since 0.1.0
   */
  public ServerOptions delimiter(byte[] delimiter) {
    this.delimiter = Objects.requireNonNull(delimiter, "delimiter").clone();
    return this;
  }

  /**
   * The number of event loops. Over UDP, the number of threads or processes for each address that
   * the server is bound to. 0 means one for each processor. Default 0; range: 0 to 1,024.
   *
   * <p>It has no effect with {@link Concurrency#ITERATIVE}, nor over TCP with {@link
   * Concurrency#THREADS} and {@link Concurrency#PROCESSES}. With a handler and {@link
   * Concurrency#EVENTS}, and over UDP with {@link Concurrency#THREADS}, it is the number of
   * requests handled at the same time. If the handler blocks, more workers than processors are of
   * use. If it is asynchronous, it is the number of requests pending at the same time, up to
   * 65,536, and 0 means 1,024. Further requests wait in the kernel; they do not delay accepting,
   * time limits, replies in progress or a stop.
   *
   * @param workers workers
   * @return this
   * @since 0.1.0
   */
  public ServerOptions workers(int workers) {
    this.workers = workers;
    return this;
  }

  /**
   * The maximum number of connections that the kernel queues until they are accepted (listen(2)).
   * Default 1,024.
   *
   * <p>The kernel reduces it to {@code net.core.somaxconn}.
   *
   * @param backlog connections
   * @return this
   * @since 0.1.0
   */
  public ServerOptions backlog(int backlog) {
    this.backlog = backlog;
    return this;
  }

  /**
   * The maximum number of TCP connections served at once; a further one is closed immediately and
   * counted as refused. Default 0.
   *
   * <p>0 means 1,024 with {@link Concurrency#THREADS}, 256 with {@link Concurrency#PROCESSES} and
   * 65,536 with {@link Concurrency#EVENTS}. {@link Concurrency#ITERATIVE} serves one connection and
   * leaves the others in the backlog.
   *
   * @param maxConnections connections
   * @return this
   * @since 0.1.0
   */
  public ServerOptions maxConnections(int maxConnections) {
    this.maxConnections = maxConnections;
    return this;
  }

  /**
   * The maximum number of TCP connections served at once for one peer, which is an IPv4 address or
   * a /64 network of IPv6; a further one is closed immediately and counted. 0 sets no limit.
   * Default 0.
   *
   * <p>All clients behind one address translator (NAT) are one peer, and so are those behind one
   * proxy without {@code proxyProtocol}. It has no effect on a Unix domain socket.
   *
   * @param maxConnectionsPerPeer connections
   * @return this
   * @since 0.1.0
   */
  public ServerOptions maxConnectionsPerPeer(int maxConnectionsPerPeer) {
    this.maxConnectionsPerPeer = maxConnectionsPerPeer;
    return this;
  }

  /**
   * The maximum length of a request, in bytes: a line with its newline, a message without its
   * length or with its delimiter, or a datagram. Default 1,048,576; range: 1 and more.
   *
   * <p>It has no effect with {@link Framing#STREAM}, which buffers no request.
   *
   * @param maxRequest bytes
   * @return this
   * @since 0.1.0
   */
  public ServerOptions maxRequest(int maxRequest) {
    this.maxRequest = maxRequest;
    return this;
  }

  /**
   * The maximum length of a UDP reply, as a multiple of the length of its request; a longer reply
   * is counted and not sent. 0 sets no limit. Default 0.
   *
   * <p>The source address of a datagram may be forged, and the reply is then sent to a victim: the
   * limit is the factor by which an attacker can amplify traffic. The upper case of a request is at
   * most three times as long as the request, a factor that QUIC permits as well (RFC 9000, 8.1). A
   * handler on an open network should have a limit. With a limit, an empty request gets an empty
   * reply or none.
   *
   * @param maxAmplification times
   * @return this
   * @since 0.1.0
   */
  public ServerOptions maxAmplification(int maxAmplification) {
    this.maxAmplification = maxAmplification;
    return this;
  }

  /**
   * The time without incoming data after which a connection is closed. {@code null} sets no limit.
   * Default 300 s; range: above 0.
   *
   * @param idleTimeout how long; null for no limit
   * @return this
   * @since 0.1.0
   */
  public ServerOptions idleTimeout(Duration idleTimeout) {
    this.idleTimeout = Timeouts.seconds(idleTimeout);
    return this;
  }

  /**
   * The time after which a connection is closed if its peer receives nothing of the reply. {@code
   * null} sets no limit. Default 30 s; range: above 0.
   *
   * <p>TCP acknowledgements free the send buffer in large steps, so that a slow peer may seem to
   * receive nothing for some time.
   *
   * @param writeTimeout how long; null for no limit
   * @return this
   * @since 0.1.0
   */
  public ServerOptions writeTimeout(Duration writeTimeout) {
    this.writeTimeout = Timeouts.seconds(writeTimeout);
    return this;
  }

  /**
   * The networks of the proxies in front of the server, such as {@code 10.0.0.0/8,::1}, or {@code
   * any}. If one is given, each connection and each datagram has to come from it, and to begin with
   * a header of the PROXY protocol. Default empty; range: IP addresses and networks with commas
   * between them, or {@code any}.
   *
   * <p>Over TCP the header is of version 1 or 2, over UDP of version 2 in each datagram. What has
   * no valid header or comes from elsewhere is closed or discarded, and counted in {@code
   * proxyHeadersRejected}. The header tells who the proxy's client is: the context of a request has
   * its address, and {@code maxConnectionsPerPeer} counts by it, which {@link
   * Concurrency#PROCESSES} refuses. Replies go to the proxy, without a header. A sender with an
   * address of the list can claim any address; over UDP it can forge that one.
   *
   * @param proxyProtocol the text, never null
   * @return this
   * @since 0.1.0
   */
  public ServerOptions proxyProtocol(String proxyProtocol) {
    this.proxyProtocol = Text.encode(Objects.requireNonNull(proxyProtocol, "proxyProtocol"));
    return this;
  }

  /**
   * The time after which a connection is closed if the header of {@code proxyProtocol} has not
   * arrived. {@code null} sets no limit. Default 5 s; range: above 0.
   *
   * <p>A connection whose header is due is closed after {@code idleTimeout} as well, even if a part
   * of it has arrived. With {@link Concurrency#ITERATIVE} no other client is served meanwhile.
   *
   * @param proxyHeaderTimeout how long; null for no limit
   * @return this
   * @since 0.1.0
   */
  public ServerOptions proxyHeaderTimeout(Duration proxyHeaderTimeout) {
    this.proxyHeaderTimeout = Timeouts.seconds(proxyHeaderTimeout);
    return this;
  }

  /**
   * The time for which an event loop, or over UDP any worker, polls for requests before it blocks.
   * Default 0; range: 0 to 1 s.
   *
   * <p>Polling avoids the latency of a wake-up, and uses a whole processor as long as requests
   * arrive within this time of each other. With 0, a worker blocks at once.
   *
   * @param busyPoll how long, never null
   * @return this
   * @since 0.1.0
   */
  public ServerOptions busyPoll(Duration busyPoll) {
    this.busyPoll = Timeouts.seconds(Objects.requireNonNull(busyPoll, "busyPoll"));
    return this;
  }

  /**
   * Whether the time of each call of the handler is counted in a histogram, which the text of
   * OpenMetrics then contains. Default false.
   *
   * <p>Reading the clock twice and adding to two counters takes some 50 to 100 ns for each call.
   * The built-in service is not timed.
   *
   * @param handlerLatency whether it is so
   * @return this
   * @since 0.1.0
   */
  public ServerOptions handlerLatency(boolean handlerLatency) {
    this.handlerLatency = handlerLatency ? 1 : 0;
    return this;
  }

  /**
   * Sets the handler, which computes the replies. Over TCP it requires a framing other than {@link
   * Framing#STREAM}. It is not supported with {@link Concurrency#PROCESSES}.
   *
   * @param handler the handler
   * @return this
   */
  public ServerOptions handler(Handler handler) {
    Objects.requireNonNull(handler, "handler");
    return setHandler(handler, null, null);
  }

  /**
   * Sets the handler, which computes the replies, and gets the context of each request. Of the
   * handlers that are set, the last one is called.
   *
   * @param handler the handler
   * @return this
   * @since 0.1.0
   */
  public ServerOptions handler(ContextHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return setHandler(null, handler, null);
  }

  /**
   * Sets the handler, which computes the replies asynchronously. Of the handlers that are set, the
   * last one is called. What {@link #handler(Handler)} requires holds.
   *
   * @param handler the handler
   * @return this
   * @since 0.1.0
   */
  public ServerOptions asyncHandler(AsyncHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return asyncHandler((request, context) -> handler.handle(request));
  }

  /**
   * Sets the handler, which computes the replies asynchronously, and gets the context of each
   * request. Of the handlers that are set, the last one is called.
   *
   * @param handler the handler
   * @return this
   * @since 0.1.0
   */
  public ServerOptions asyncHandler(AsyncContextHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return setHandler(null, null, handler);
  }

  private ServerOptions setHandler(
      Handler handler, ContextHandler contextHandler, AsyncContextHandler asyncHandler) {
    this.handler = handler;
    this.contextHandler = contextHandler;
    this.asyncHandler = asyncHandler;
    return this;
  }

  /**
   * Serves on sockets that are bound already, instead of binding an address: those that this
   * process has inherited, by the numbers of their descriptors (0 for a program of inetd). The
   * server has copies; the descriptors stay the caller's.
   *
   * <p>Each is a socket of the transport, over IPv4 or IPv6, or one Unix domain socket alone, bound
   * and not connected; for TCP it may listen already, and keeps its backlog. Others may have the
   * same sockets, so a stop leaves them as they are: connections in the backlog and datagrams in
   * the queue wait for whoever serves next. A TCP socket becomes non-blocking for all who share it.
   *
   * @param descriptors the numbers, which {@link #start()} checks; with none the address is bound
   * @return this
   * @since 0.1.0
   */
  public ServerOptions sockets(long... descriptors) {
    sockets = descriptors.clone();
    return this;
  }

  /**
   * Serves on the sockets of a server that runs, instead of binding an address: it is replaced
   * without losing a connection or a datagram, by stopping it once this one has started. From the
   * start on both share the sockets, and the stop of either leaves them as they are.
   *
   * @param server the server that is replaced; null for none
   * @return this
   * @since 0.1.0
   */
  public ServerOptions socketsOf(Server server) {
    predecessor = server;
    return this;
  }

  /**
   * Serves on the sockets that systemd has passed to this process, instead of binding an address.
   * If it has passed none at all, the address is bound: the same program runs with and without
   * systemd. {@link #start()} throws {@link IllegalArgumentException} if systemd has passed
   * sockets, and none has that name.
   *
   * @param name the name of the sockets ({@code FileDescriptorName=} of systemd.socket(5)); null
   *     for all of them
   * @return this
   * @since 0.1.0
   */
  public ServerOptions systemdSockets(String name) {
    systemd = 1;
    systemdName = name == null ? null : Text.encode(name);
    return this;
  }

  /**
   * Binds, and starts to serve: when this returns, clients can connect.
   *
   * @return the running server
   * @throws IllegalArgumentException if an option is out of its range, or options do not go
   *     together
   * @throws java.net.BindException if the address is in use or not one of this machine
   * @throws java.net.UnknownHostException if the host has no address
   * @throws IOException if the system reports something else
   * @throws IllegalStateException if the server whose sockets are to be served is closed
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public Server start() throws IOException {
    if (predecessor == null) {
      return Server.start(transport, this);
    }
    return predecessor.<Server, IOException>lend(
        handle -> {
          predecessorHandle = handle;
          try {
            return Server.start(transport, this);
          } finally {
            predecessorHandle = Native.UNSET;
          }
        });
  }
}
