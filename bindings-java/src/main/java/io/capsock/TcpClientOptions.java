// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import java.time.Duration;
import java.util.Objects;

/** How a {@link TcpClient} connects and waits. What is not set has the native core's default. */
public final class TcpClientOptions {
  // The native side reads these fields (option_fields.rs).
  private double connectTimeout = Native.UNSET_SECONDS;
  private double timeout = Native.UNSET_SECONDS;
  private long maxReply = Native.UNSET;
  private long framing = Native.UNSET;
  private long lengthBytes = Native.UNSET;
  private long lengthEndian = Native.UNSET;
  private long lengthIncludesItself = Native.UNSET;
  private byte[] delimiter;

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
   * The maximum length of a reply, in bytes, without its newline, length or delimiter. Default
   * 16,777,216.
   *
   * @param maxReply bytes
   * @return this
   * @since 0.1.0
   */
  public TcpClientOptions maxReply(int maxReply) {
    this.maxReply = maxReply;
    return this;
  }

  /**
   * The framing of requests and replies: that of the server. Default {@link Framing#LINE}; range:
   * {@link Framing#LINE}, {@link Framing#LENGTH} or {@link Framing#DELIMITER}.
   *
   * <p>A copy sends a stream, whatever the framing.
   *
   * @param framing one of them, never null
   * @return this
   * @since 0.1.0
   */
  public TcpClientOptions framing(Framing framing) {
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
  public TcpClientOptions lengthBytes(int lengthBytes) {
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
  public TcpClientOptions lengthEndian(Endian lengthEndian) {
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
  public TcpClientOptions lengthIncludesItself(boolean lengthIncludesItself) {
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
  public TcpClientOptions delimiter(byte[] delimiter) {
    this.delimiter = Objects.requireNonNull(delimiter, "delimiter").clone();
    return this;
  }
}
