package io.capsock;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Decodes addresses that the native side has encoded (bytes.rs). */
final class Addresses {
  private Addresses() {}

  /**
   * The encoding of an address: the length of the IP address, its bytes, the IPv6 scope, the port.
   */
  static List<InetSocketAddress> decode(byte[] bytes) {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining(); ) {
      byte[] ip = new byte[rest.get()];
      rest.get(ip);
      int scope = rest.getInt();
      int port = Short.toUnsignedInt(rest.getShort());
      addresses.add(new InetSocketAddress(address(ip, scope), port));
    }
    return List.copyOf(addresses);
  }

  private static InetAddress address(byte[] ip, int scope) {
    try {
      return scope == 0 ? InetAddress.getByAddress(ip) : Inet6Address.getByAddress(null, ip, scope);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("an IP address has 4 or 16 bytes", impossible);
    }
  }
}
