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
  private long concurrency = Native.UNSET;
  private long framing = Native.UNSET;
  private long workers = Native.UNSET;
  private long backlog = Native.UNSET;
  private long maxConnections = Native.UNSET;
  private long maxConnectionsPerPeer = Native.UNSET;
  private long maxRequest = Native.UNSET;
  private long maxAmplification = Native.UNSET;
  private double idleTimeout = Native.UNSET_SECONDS;
  private double writeTimeout = Native.UNSET_SECONDS;
  private double busyPoll = Native.UNSET_SECONDS;
  private Handler handler;

  ServerOptions(int transport) {
    this.transport = transport;
  }

  /**
   * The name or IP address to listen on; an empty one is every address of the machine. Default
   * "localhost".
   *
   * <p>{@code localhost} is this machine alone, over IPv4 and IPv6.
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
   * The port to listen on; 0 picks a free one. Default 12000; range: 0 to 65,535.
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
   * How many clients are served at once, and by what. Default {@link Concurrency#EVENTS}.
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
   * Where a request ends in a TCP stream. Default {@link Framing#STREAM}.
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
   * The number of event loops, or over UDP of threads or processes, for each address of the host; 0
   * starts one for each processor. Default 0; range: 0 to 1,024.
   *
   * <p>With a handler, it is the number of requests that are answered at the same time, with {@link
   * Concurrency#EVENTS}, and over UDP with {@link Concurrency#THREADS}. A handler that waits for
   * something makes use of more workers than there are processors. Further requests wait in the
   * kernel; accepting, limits, replies in progress and a stop go on.
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
   * The number of connections that the kernel holds until they are accepted (listen(2)). Default
   * 1,024.
   *
   * <p>The kernel holds no more than {@code net.core.somaxconn}.
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
   * The number of TCP connections served at once; a further one is closed at once and counted as
   * refused. Default 0.
   *
   * <p>0 is 1,024 with {@link Concurrency#THREADS}, 256 with {@link Concurrency#PROCESSES} and
   * 65,536 with {@link Concurrency#EVENTS}. {@link Concurrency#ITERATIVE} serves one and leaves the
   * others in the backlog.
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
   * The number of TCP connections served at once for one peer, which is an IPv4 address or an IPv6
   * network of 64 bits; a further one is closed at once and counted. 0 sets no limit. Default 0.
   *
   * <p>Clients behind one address translator (NAT) are one peer, and so are all clients behind a
   * proxy.
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
   * The length of the longest request, in bytes: a line with its newline, or a datagram. Default
   * 1,048,576; range: 1 and more.
   *
   * <p>It has no effect with {@link Framing#STREAM}, where nothing is held.
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
   * The length of the longest UDP reply, as a multiple of the length of its request; a longer one
   * is not sent, and counted. 0 sets no limit. Default 0.
   *
   * <p>The source address of a datagram may be forged, and its reply then reaches a victim: this is
   * the factor by which a forger can multiply the traffic. Upper case is three times as long as its
   * request at most, which QUIC allows itself too (RFC 9000, 8.1). A handler on an open network
   * should have a limit. With one, an empty request gets an empty reply or none.
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
   * The time after which a connection on which nothing arrives is closed. {@code null} sets no
   * limit. Default 300 s; range: above 0.
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
   * The time after which a connection whose peer receives nothing of its reply is closed. {@code
   * null} sets no limit. Default 30 s; range: above 0.
   *
   * <p>TCP reports progress in steps of a buffer's size, so that a slow peer may take a while to
   * make any.
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
   * The time for which an event loop, or over UDP any worker, polls for requests before it blocks.
   * Default 0; range: 0 to 1 s.
   *
   * <p>It takes the time of a wake-up off each reply, and keeps a processor busy while requests
   * arrive at such short intervals. 0 blocks at once.
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
   * What makes the replies. Over TCP it needs {@link Framing#LINE} or {@link Framing#ONCE}; it does
   * not go with {@link Concurrency#PROCESSES}.
   *
   * @param handler makes them
   * @return this
   */
  public ServerOptions handler(Handler handler) {
    this.handler = Objects.requireNonNull(handler, "handler");
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
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public Server start() throws IOException {
    return Server.start(transport, this);
  }
}
