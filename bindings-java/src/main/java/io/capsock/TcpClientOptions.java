// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import java.time.Duration;

/** How a {@link TcpClient} connects and waits. What is not set has the native core's default. */
public final class TcpClientOptions {
  // The native side reads these fields (option_fields.rs).
  private double connectTimeout = Native.UNSET_SECONDS;
  private double timeout = Native.UNSET_SECONDS;
  private long maxReply = Native.UNSET;

  /** The default options. */
  public TcpClientOptions() {}

  /**
   * The time limit for resolving the name and connecting to one of its addresses. {@code null} sets
   * no limit. Default 10 s.
   *
   * <p>If the client connects again during a request, the connect is limited to the smaller of
   * {@code connectTimeout} and the time left of the request's {@code timeout}.
   *
   * @param connectTimeout how long; null for no limit
   * @return this
   * @since 0.1.0
   */
  public TcpClientOptions connectTimeout(Duration connectTimeout) {
    this.connectTimeout = Timeouts.seconds(connectTimeout);
    return this;
  }

  /**
   * The time limit for a request. In a call with many requests, it applies to each reply, counted
   * from the reply before; in a copy, it applies to the time without progress. {@code null} sets no
   * limit. Default 30 s.
   *
   * @param timeout how long; null for no limit
   * @return this
   * @since 0.1.0
   */
  public TcpClientOptions timeout(Duration timeout) {
    this.timeout = Timeouts.seconds(timeout);
    return this;
  }

  /**
   * The maximum length of a reply, in bytes, without its newline. Default 16,777,216.
   *
   * @param maxReply bytes
   * @return this
   * @since 0.1.0
   */
  public TcpClientOptions maxReply(int maxReply) {
    this.maxReply = maxReply;
    return this;
  }
}
