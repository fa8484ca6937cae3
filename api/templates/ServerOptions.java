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
