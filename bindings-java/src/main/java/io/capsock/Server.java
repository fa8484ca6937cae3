package io.capsock;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A running server: it answers each request with the text in upper case, or with the reply of a
 * {@link Handler}.
 *
 * <p>Its threads are daemon threads and do not keep the program running: call {@link #await()} for
 * that. It logs to the {@link System.Logger} {@code io.capsock}.
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

  /** Calls with the number of the native server, which stays valid during the call. */
  <T, E extends Exception> T lend(NativeHandle.Call<T, E> call) throws E {
    return handle.call(call);
  }

  static Server start(int transport, ServerOptions options) throws IOException {
    Native api = Native.api();
    return new Server(
        new NativeHandle("Server", api.serverStart(transport, options), api::serverClose));
  }

  /**
   * Returns the options of a new TCP server, which {@link ServerOptions#start()} starts.
   *
   * @return the options, all with their defaults
   */
  public static ServerOptions tcp() {
    return new ServerOptions(TCP);
  }

  /**
   * Returns the options of a new UDP server, which {@link ServerOptions#start()} starts.
   *
   * @return the options, all with their defaults
   */
  public static ServerOptions udp() {
    return new ServerOptions(UDP);
  }

  /**
   * The port that the server listens on.
   *
   * @return 1 to 65535, or 0 on a Unix domain socket
   */
  public int port() {
    return address().getPort();
  }

  /**
   * The first address that the server listens on. That of a Unix domain socket is unresolved, with
   * the port 0 and a host such as {@code unix:/run/x.sock} or {@code unix:@name}, which a client
   * takes as its host.
   *
   * @return the address with the port that it has
   */
  public InetSocketAddress address() {
    return addresses().get(0);
  }

  /**
   * The path that the server is bound to.
   *
   * @return the address of its Unix domain socket, or empty if it listens on IP addresses, or on
   *     one of Linux's abstract names, for which Java has no type
   */
  public Optional<UnixDomainSocketAddress> unixAddress() {
    return Addresses.unix(address());
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
   * Returns the totals since the start. The call takes no lock that requests wait for.
   *
   * @return a snapshot
   * @throws IllegalStateException after {@link #close()}
   */
  public Stats stats() {
    return Stats.of(handle.call(number -> Native.api().serverStats(number)));
  }

  /**
   * Returns the totals since the start in the text format of OpenMetrics 1.0, for a monitoring
   * system. Its media type is {@code application/openmetrics-text; version=1.0.0; charset=utf-8}.
   *
   * <p>A total {@code requests} is the counter {@code capsock_requests_total}; one that counts
   * bytes ends with its unit, as {@code capsock_received_bytes_total}. With {@link
   * ServerOptions#handlerLatency} and a {@link Handler}, there is the histogram {@code
   * capsock_handler_duration_seconds}. The call takes no lock that requests wait for. The text is
   * complete, with {@code # EOF} at its end: those of two servers are served separately.
   *
   * @return the text
   * @throws IllegalStateException after {@link #close()}
   * @since 0.1.0
   */
  public String openMetrics() {
    return Text.decode(handle.call(number -> Native.api().serverOpenMetrics(number)));
  }

  /**
   * Stops the server: it accepts no further connections and requests, completes those in progress,
   * and closes idle connections. After the timeout it closes all connections. Returns when the
   * server has stopped. Further calls return the same report. If a {@link Handler} of the server
   * calls this method, it only requests the stop, since it would wait for itself.
   *
   * @param timeout how long requests in progress may take; null for no limit
   * @return what was completed and what was cut
   * @throws IllegalArgumentException if the timeout is negative
   * @throws IllegalStateException after {@link #close()}
   */
  public StopReport stop(Duration timeout) {
    double seconds = Timeouts.seconds(timeout);
    return StopReport.of(handle.call(number -> Native.api().serverStop(number, seconds)));
  }

  /**
   * Requests a stop and returns immediately. {@link #await()} returns when the server has stopped.
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
   * Takes no new work: accepts no connection, and over UDP receives no datagram. Open connections
   * are served on. What arrives waits in the system, until {@link #resume()} or until another
   * server that has the same sockets takes it. May be called from any thread and more than once.
   *
   * @throws IllegalStateException after {@link #close()}
   * @since 0.1.0
   */
  public void pause() {
    handle.<Void, RuntimeException>call(
        number -> {
          Native.api().serverPause(number);
          return null;
        });
  }

  /**
   * Takes new work again after {@link #pause()}. After a stop it has no effect.
   *
   * @throws IllegalStateException after {@link #close()}
   * @since 0.1.0
   */
  public void resume() {
    handle.<Void, RuntimeException>call(
        number -> {
          Native.api().serverResume(number);
          return null;
        });
  }

  /**
   * Whether the server takes no new work: it is paused, or a stop was requested.
   *
   * @return whether it takes none
   * @throws IllegalStateException after {@link #close()}
   * @since 0.1.0
   */
  public boolean isPaused() {
    return handle.call(number -> Native.api().serverIsPaused(number));
  }

  /**
   * Pauses the server, waits until the peers have ended their connections, and stops it.
   * Connections that are open after the timeout are stopped as by {@link #stop} with 5 seconds:
   * what has arrived is answered, and they are closed. Over UDP the stop follows at once, or as
   * soon as no reply of an asynchronous handler is pending.
   *
   * <p>For a restart, another server first serves the same sockets; then this one is drained, and
   * no request is lost.
   *
   * @param timeout how long connections are served; null for no limit
   * @return what was completed and what was cut
   * @throws IllegalArgumentException if the timeout is negative, or in a {@link Handler} of the
   *     server, which would wait for itself
   * @throws IllegalStateException after {@link #close()}
   * @since 0.1.0
   */
  public StopReport drain(Duration timeout) {
    double seconds = Timeouts.seconds(timeout);
    return StopReport.of(handle.call(number -> Native.api().serverDrain(number, seconds)));
  }

  /**
   * Waits until the server has stopped.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public void await() {
    await(null);
  }

  /**
   * Waits until the server has stopped or the timeout has passed.
   *
   * @param timeout how long to wait; null for no limit
   * @return whether the server has stopped
   * @throws IllegalArgumentException if the timeout is negative
   * @throws IllegalStateException after {@link #close()}
   */
  public boolean await(Duration timeout) {
    double seconds = Timeouts.seconds(timeout);
    return handle.call(number -> Native.api().serverWait(number, seconds));
  }

  /**
   * Stops the server as {@link #stop} does, with the default timeout of 5 seconds, and releases it.
   */
  @Override
  public void close() {
    handle.close();
  }
}
