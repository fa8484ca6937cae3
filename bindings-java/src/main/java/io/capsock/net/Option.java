package io.capsock.net;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The socket options, each with its Java name, in the order of options.rs. */
enum Option {
  SO_RCVBUF(StandardSocketOptions.SO_RCVBUF),
  SO_SNDBUF(StandardSocketOptions.SO_SNDBUF),
  SO_REUSEADDR(StandardSocketOptions.SO_REUSEADDR),
  SO_REUSEPORT(StandardSocketOptions.SO_REUSEPORT),
  SO_KEEPALIVE(StandardSocketOptions.SO_KEEPALIVE),
  SO_LINGER(StandardSocketOptions.SO_LINGER),
  SO_BROADCAST(StandardSocketOptions.SO_BROADCAST),
  SO_OOBINLINE((SocketOption<?>) null),
  TCP_NODELAY(StandardSocketOptions.TCP_NODELAY),
  IP_TOS(StandardSocketOptions.IP_TOS),
  IP_MULTICAST_IF(StandardSocketOptions.IP_MULTICAST_IF),
  IP_MULTICAST_TTL(StandardSocketOptions.IP_MULTICAST_TTL),
  IP_MULTICAST_LOOP(StandardSocketOptions.IP_MULTICAST_LOOP),
  TCP_QUICKACK("TCP_QUICKACK"),
  TCP_KEEPIDLE("TCP_KEEPIDLE"),
  TCP_KEEPINTERVAL("TCP_KEEPINTERVAL"),
  TCP_KEEPCOUNT("TCP_KEEPCOUNT"),
  SO_INCOMING_NAPI_ID("SO_INCOMING_NAPI_ID"),
  IP_DONTFRAGMENT("IP_DONTFRAGMENT");

  private static final Map<SocketOption<?>, Option> BY_NAME = new HashMap<>();

  /**
   * The options that {@code Socket}, {@code ServerSocket} and {@code DatagramSocket} support here.
   */
  static final Set<SocketOption<?>> OF_SOCKETS =
      names(
          SO_RCVBUF,
          SO_SNDBUF,
          SO_REUSEADDR,
          SO_REUSEPORT,
          SO_KEEPALIVE,
          SO_LINGER,
          TCP_NODELAY,
          IP_TOS,
          TCP_QUICKACK,
          TCP_KEEPIDLE,
          TCP_KEEPINTERVAL,
          TCP_KEEPCOUNT,
          SO_INCOMING_NAPI_ID);

  static final Set<SocketOption<?>> OF_SERVERS =
      names(
          SO_RCVBUF,
          SO_REUSEADDR,
          SO_REUSEPORT,
          IP_TOS,
          TCP_QUICKACK,
          TCP_KEEPIDLE,
          TCP_KEEPINTERVAL,
          TCP_KEEPCOUNT,
          SO_INCOMING_NAPI_ID);

  static final Set<SocketOption<?>> OF_DATAGRAMS =
      names(
          SO_RCVBUF,
          SO_SNDBUF,
          SO_REUSEADDR,
          SO_REUSEPORT,
          SO_BROADCAST,
          IP_TOS,
          IP_MULTICAST_IF,
          IP_MULTICAST_TTL,
          IP_MULTICAST_LOOP,
          SO_INCOMING_NAPI_ID,
          IP_DONTFRAGMENT);

  static {
    for (Option option : values()) {
      if (option.name != null) {
        BY_NAME.put(option.name, option);
      }
    }
  }

  private final boolean extended;

  /** Null if this Java has no public name for it. */
  private final SocketOption<?> name;

  Option(SocketOption<?> name) {
    this.name = name;
    extended = false;
  }

  /** An option of the module jdk.net, which may be missing. */
  Option(String field) {
    SocketOption<?> found = null;
    try {
      Class<?> names = Class.forName("jdk.net.ExtendedSocketOptions");
      found = (SocketOption<?>) names.getField(field).get(null);
    } catch (ReflectiveOperationException absent) {
      // This Java has no name for it.
    }
    name = found;
    extended = true;
  }

  private static Set<SocketOption<?>> names(Option... options) {
    Set<SocketOption<?>> names = new HashSet<>();
    for (Option option : options) {
      if (option.name != null && Native.api().optionIsSupported(option.ordinal())) {
        names.add(option.name);
      }
    }
    return Set.copyOf(names);
  }

  /** Whether it is an option of the module jdk.net. */
  boolean isExtended() {
    return extended;
  }

  SocketOption<?> socketOption() {
    return name;
  }

  /** Returns the option of a supported name. */
  static Option of(SocketOption<?> name) {
    return BY_NAME.get(name);
  }
}
