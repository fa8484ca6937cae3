package io.capsock.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.Security;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The property {@code jdk.includeInExceptions}: whether the exception of a connect names its
 * address. It is a system property or else a security property, as for the JDK's sockets.
 */
final class HostInfo {
  private static final Set<String> INCLUDED = included();

  private static final boolean OF_SOCKETS = INCLUDED.contains("hostinfo");

  /** Java 25 and later name an unknown host only if the property allows it. */
  private static final boolean OF_NAMES =
      Runtime.version().feature() < 25 || OF_SOCKETS || INCLUDED.contains("hostinfoexclsocket");

  private HostInfo() {}

  private static Set<String> included() {
    String name = "jdk.includeInExceptions";
    String value =
        SecurityChecks.privileged(
            () -> {
              String property = System.getProperty(name);
              return property == null ? Security.getProperty(name) : property;
            });
    return value == null
        ? Set.of()
        : new HashSet<>(Arrays.asList(value.toLowerCase(Locale.ROOT).strip().split("\\s*,\\s*")));
  }

  /** Returns the exception, or one of its class whose message includes the address. */
  static IOException with(IOException failed, InetSocketAddress address) {
    if (!OF_SOCKETS) {
      return failed;
    }
    try {
      String text = failed.getMessage() + ": " + address;
      IOException named = failed.getClass().getConstructor(String.class).newInstance(text);
      named.setStackTrace(failed.getStackTrace());
      return named;
    } catch (ReflectiveOperationException noText) {
      return failed;
    }
  }

  /** The message of an UnknownHostException. */
  static String ofName(String host) {
    return OF_NAMES ? host : "";
  }
}
