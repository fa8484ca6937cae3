package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Decodes addresses that the native side has encoded (bytes.rs). */
final class Addresses {
  private static final String UNIX = "unix:";

  private Addresses() {}

  /**
   * The encoding of an address: the length of the IP address, its bytes, the IPv6 scope, the port.
   * That of a Unix domain socket has the length 0, then that of its text, and the text.
   */
  static List<InetSocketAddress> decode(byte[] bytes) {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining(); ) {
      byte[] ip = new byte[rest.get()];
      if (ip.length == 0) {
        byte[] text = new byte[Short.toUnsignedInt(rest.getShort())];
        rest.get(text);
        addresses.add(InetSocketAddress.createUnresolved(new String(text, UTF_8), 0));
        continue;
      }
      rest.get(ip);
      int scope = rest.getInt();
      int port = Short.toUnsignedInt(rest.getShort());
      addresses.add(new InetSocketAddress(address(ip, scope), port));
    }
    return List.copyOf(addresses);
  }

  /** What names a Unix domain socket as a host. */
  static String host(UnixDomainSocketAddress address) {
    return UNIX + address.getPath();
  }

  /** The path of an address of a Unix domain socket; an abstract name is none. */
  static Optional<UnixDomainSocketAddress> unix(InetSocketAddress address) {
    String host = address.getHostString();
    if (!host.startsWith(UNIX) || host.startsWith(UNIX + "@")) {
      return Optional.empty();
    }
    return Optional.of(UnixDomainSocketAddress.of(host.substring(UNIX.length())));
  }

  private static InetAddress address(byte[] ip, int scope) {
    try {
      return scope == 0 ? InetAddress.getByAddress(ip) : Inet6Address.getByAddress(null, ip, scope);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("an IP address has 4 or 16 bytes", impossible);
    }
  }
}
