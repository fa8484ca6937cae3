{{generated}}
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
{{fields}}
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

{{setters}}

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
