package io.capsock;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

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

  static Server start(int transport, ServerOptions options) throws IOException {
    Native api = Native.api();
    return new Server(
        new NativeHandle("Server", api.serverStart(transport, options), api::serverClose));
  }

  /**
   * A TCP server, to be given options and started.
   *
   * @return its options
   */
  public static ServerOptions tcp() {
    return new ServerOptions(TCP);
  }

  /**
   * A UDP server, to be given options and started.
   *
   * @return its options
   */
  public static ServerOptions udp() {
    return new ServerOptions(UDP);
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
    return Stats.of(handle.call(number -> Native.api().serverStats(number)));
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
    return StopReport.of(handle.call(number -> Native.api().serverStop(number, seconds)));
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
}
