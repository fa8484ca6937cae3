{{generated}}
package io.capsock;

import java.time.Duration;
import java.util.Objects;

/** How a {@link UdpClient} waits and sends again. What is not set has the native core's default. */
public final class UdpClientOptions {
  // The native side reads these fields (option_fields.rs).
{{fields}}

  /** The default options. */
  public UdpClientOptions() {}

{{setters}}
}
