package io.capsock;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A running server: it answers each request with its text in upper case, or with what a {@link
 * Handler} makes of it.
 *
 * <p>Its threads do not keep the program alive: wait with {@link #await()}. It logs to the {@link
 * System.Logger} {@code io.capsock}.
 */
public final class Server implements AutoCloseable {
  private static final int TCP = 0;
  private static final int UDP = 1;

  private final NativeHandle handle;
  private final List<InetSocketAddress> addresses;

  private Server(NativeHandle handle) {
    this.handle = handle;
    this.addresses = Addresses.decode(handle.call(number -> Native.api().serverAddresses(number)));
  }

  /**
   * A TCP server, to be given options and started.
   *
   * @return its options
   */
  public static Builder tcp() {
    return new Builder(TCP);
  }

  /**
   * A UDP server, to be given options and started.
   *
   * @return its options
   */
  public static Builder udp() {
    return new Builder(UDP);
  }

  /**
   * The port that the server listens on.
   *
   * @return 1 to 65535
   */
  public int port() {
    return address().getPort();
  }

  /**
   * The first address that the server listens on.
   *
   * @return the address with the port that it has
   */
  public InetSocketAddress address() {
    return addresses().get(0);
  }

  /**
   * Every address that the server listens on: one for each address of its host name.
   *
   * @return the addresses, an unmodifiable list
   * @throws IllegalStateException after {@link #close()}
   */
  public List<InetSocketAddress> addresses() {
    return handle.call(number -> addresses);
  }

  /**
   * The totals so far. Cheap: no lock is taken where requests are served.
   *
   * @return a snapshot
   * @throws IllegalStateException after {@link #close()}
   */
  public Stats stats() {
    long[] n = handle.call(number -> Native.api().serverStats(number));
    Set<Feature> features = Feature.set(n[16]);
    return new Stats(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13],
        n[14], n[15], features);
  }

  /**
   * Stops: no new work, what is in hand is finished, then idle connections close; what is not done
   * after the timeout is cut. Returns when all that has happened. A second call gets the same
   * report. A handler that calls this asks for the stop only, since it would wait for itself.
   *
   * @param timeout how long what is in hand may take; null for as long as it takes
   * @return what was completed and what was cut
   * @throws IllegalArgumentException if the timeout is negative
   * @throws IllegalStateException after {@link #close()}
   */
  public StopReport stop(Duration timeout) {
    double seconds = Timeouts.seconds(timeout);
    long[] n = handle.call(number -> Native.api().serverStop(number, seconds));
    return new StopReport(n[0], n[1], n[2]);
  }

  /**
   * Asks the server to stop and returns at once; {@link #await()} tells when it has.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public void requestStop() {
    handle.<Void, RuntimeException>call(
        number -> {
          Native.api().serverRequestStop(number);
          return null;
        });
  }

  /**
   * Waits until the server has stopped, whoever stopped or closed it.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public void await() {
    await(null);
  }

  /**
   * Waits until the server has stopped, whoever stopped or closed it, or the timeout is over.
   *
   * @param timeout how long to wait; null for as long as it takes
   * @return whether the server has stopped
   * @throws IllegalArgumentException if the timeout is negative
   * @throws IllegalStateException after {@link #close()}
   */
  public boolean await(Duration timeout) {
    double seconds = Timeouts.seconds(timeout);
    return handle.call(number -> Native.api().serverWait(number, seconds));
  }

  /**
   * Stops the server as {@link #stop} does, with the native core's default timeout, and releases
   * it.
   */
  @Override
  public void close() {
    handle.close();
  }

  /**
   * The options of a server. What is not set has the native core's default. Options are checked by
   * {@link #start()}; a builder can start several servers, and must not be used from two threads at
   * once.
   */
  public static final class Builder {
    private final int transport;

    // The native side reads these fields (java.rs).
    private byte[] host;
    private long port = Native.UNSET;
    private long concurrency = Native.UNSET;
    private long framing = Native.UNSET;
    private long workers = Native.UNSET;
    private long backlog = Native.UNSET;
    private long maxConnections = Native.UNSET;
    private long maxRequest = Native.UNSET;
    private long maxAmplification = Native.UNSET;
    private double idleTimeout = Native.UNSET_SECONDS;
    private double writeTimeout = Native.UNSET_SECONDS;
    private double busyPoll = Native.UNSET_SECONDS;
    private Handler handler;

    private Builder(int transport) {
      this.transport = transport;
    }

    /**
     * Where to listen. Default: loopback, so that this machine only can connect.
     *
     * @param host a name, an IP address, or "" for every address of the machine
     * @return this
     */
    public Builder host(String host) {
      this.host = Text.encode(Objects.requireNonNull(host, "host"));
      return this;
    }

    /**
     * The port. Default 12000.
     *
     * @param port 1 to 65535, or 0 for any free one
     * @return this
     */
    public Builder port(int port) {
      this.port = port;
      return this;
    }

    /**
     * How clients are served. Default {@link Concurrency#EVENTS}.
     *
     * @param concurrency how
     * @return this
     */
    public Builder concurrency(Concurrency concurrency) {
      this.concurrency = concurrency.number;
      return this;
    }

    /**
     * Where a TCP request ends. Default {@link Framing#STREAM}.
     *
     * @param framing where
     * @return this
     */
    public Builder framing(Framing framing) {
      this.framing = framing.number;
      return this;
    }

    /**
     * Event loops; over UDP threads or processes, so many for each address that the host has.
     *
     * <p>With a handler, how many requests it answers at once with {@link Concurrency#EVENTS}, and
     * over UDP with {@link Concurrency#THREADS}. More than processors are of use to one that waits
     * for something; further requests wait in the kernel.
     *
     * @param workers how many; 0, the default, is one for each processor
     * @return this
     */
    public Builder workers(int workers) {
      this.workers = workers;
      return this;
    }

    /**
     * Connections that the system holds until they are accepted.
     *
     * @param backlog how many
     * @return this
     */
    public Builder backlog(int backlog) {
      this.backlog = backlog;
      return this;
    }

    /**
     * TCP connections served at once. A further one is closed at once and counted as refused.
     *
     * @param maxConnections how many; 0, the default, leaves it to the concurrency
     * @return this
     */
    public Builder maxConnections(int maxConnections) {
      this.maxConnections = maxConnections;
      return this;
    }

    /**
     * The longest request: a line with its newline, a datagram. Default 1 MiB. It bounds nothing
     * with {@link Framing#STREAM}, where nothing is held.
     *
     * @param maxRequest bytes
     * @return this
     */
    public Builder maxRequest(int maxRequest) {
      this.maxRequest = maxRequest;
      return this;
    }

    /**
     * The longest UDP reply, in bytes for each byte of its request. A longer one is not sent, and
     * counted. The source of a datagram may be forged, and its reply then goes to a victim: this is
     * by how much a forger can multiply what is sent there. Upper case is three times as long at
     * most; a handler on an open network should have a limit. With one, an empty request gets an
     * empty reply or none.
     *
     * @param maxAmplification how many times its request; 0, the default, for no limit
     * @return this
     */
    public Builder maxAmplification(int maxAmplification) {
      this.maxAmplification = maxAmplification;
      return this;
    }

    /**
     * A connection on which nothing comes for so long is closed. Default 5 minutes.
     *
     * @param idleTimeout how long; null for no limit
     * @return this
     */
    public Builder idleTimeout(Duration idleTimeout) {
      this.idleTimeout = Timeouts.seconds(idleTimeout);
      return this;
    }

    /**
     * A connection whose peer takes nothing of its reply for so long is closed. Default 30 seconds.
     *
     * @param writeTimeout how long; null for no limit
     * @return this
     */
    public Builder writeTimeout(Duration writeTimeout) {
      this.writeTimeout = Timeouts.seconds(writeTimeout);
      return this;
    }

    /**
     * How long an event loop, and over UDP whoever receives, looks again and again before it
     * sleeps. It takes the time to wake up off each reply, and a processor for itself while
     * requests come in such short order. Default zero: not at all.
     *
     * @param busyPoll how long; 1 second at most
     * @return this
     */
    public Builder busyPoll(Duration busyPoll) {
      this.busyPoll = Timeouts.seconds(Objects.requireNonNull(busyPoll, "busyPoll"));
      return this;
    }

    /**
     * What makes the replies. Over TCP it needs {@link Framing#LINE} or {@link Framing#ONCE}; it
     * does not go with {@link Concurrency#PROCESSES}.
     *
     * @param handler makes them
     * @return this
     */
    public Builder handler(Handler handler) {
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
      Native api = Native.api();
      return new Server(
          new NativeHandle("Server", api.serverStart(transport, this), api::serverClose));
    }
  }
}
