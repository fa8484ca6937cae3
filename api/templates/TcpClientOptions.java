{{generated}}
package io.capsock;

import java.time.Duration;
import java.util.Objects;

/** How a {@link TcpClient} connects and waits. What is not set has the native core's default. */
public final class TcpClientOptions {
  // The native side reads these fields (option_fields.rs).
{{fields}}

  /** The default options. */
  public TcpClientOptions() {}

{{setters}}
}
