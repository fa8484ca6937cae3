// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import java.time.Duration;
import java.util.Objects;

/** How a {@link UdpClient} waits and sends again. What is not set has the native core's default. */
public final class UdpClientOptions {
  // The native side reads these fields (option_fields.rs).
  private double timeout = Native.UNSET_SECONDS;
  private double retransmitAfter = Native.UNSET_SECONDS;
  private long retransmissions = Native.UNSET;

  /** The default options. */
  public UdpClientOptions() {}

  /**
   * The time limit for resolving the name, and for each request including its retransmissions.
   * {@code null} sets no limit. Default 5 s.
   *
   * <p>With no limit, a request that gets no reply never times out.
   *
   * @param timeout how long; null for no limit
   * @return this
   * @since 0.1.0
   */
  public UdpClientOptions timeout(Duration timeout) {
    this.timeout = Timeouts.seconds(timeout);
    return this;
  }

  /**
   * The time after which a request without a reply is sent again; it doubles with each
   * retransmission (RFC 8085, 3.1.1). Default 1 s.
   *
   * @param retransmitAfter how long, never null
   * @return this
   * @since 0.1.0
   */
  public UdpClientOptions retransmitAfter(Duration retransmitAfter) {
    this.retransmitAfter =
        Timeouts.seconds(Objects.requireNonNull(retransmitAfter, "retransmitAfter"));
    return this;
  }

  /**
   * The maximum number of times that a request is sent again. Default 3.
   *
   * @param retransmissions times
   * @return this
   * @since 0.1.0
   */
  public UdpClientOptions retransmissions(int retransmissions) {
    this.retransmissions = retransmissions;
    return this;
  }
}
