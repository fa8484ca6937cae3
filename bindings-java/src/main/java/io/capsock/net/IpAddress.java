package io.capsock.net;

import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * An IP address as the native side takes it: 128 bits in two halves, IPv4 as {@code
 * ::ffff:192.0.2.1}, and the IPv6 scope.
 *
 * @param address the same as Java has it
 * @param high the first 64 bits
 * @param low the last 64 bits
 * @param scope the number of an interface, or 0
 */
record IpAddress(InetAddress address, long high, long low, int scope) {
  /** Whether sockets are IPv6 sockets, which support IPv4 addresses as well, or IPv4 sockets. */
  static final boolean V6 =
      !SecurityChecks.privileged(() -> Boolean.getBoolean("java.net.preferIPv4Stack"))
          && Native.api().hasIpv6();

  private static final long MAPPED = 0xffffL << 32;
  private static final int V4_LENGTH = 4;

  /** The number of longs that an address with its port takes. */
  static final int NUMBERS = 3;

  /**
   * The address as a socket takes it. A link-local address without a scope gets that of the one
   * interface that has the address.
   *
   * @throws SocketException if several interfaces have it, or if it is IPv6 and sockets are IPv4
   */
  static IpAddress of(InetAddress address) throws SocketException {
    InetAddress scoped = scoped(address);
    ByteBuffer bytes = ByteBuffer.wrap(scoped.getAddress());
    if (bytes.remaining() == V4_LENGTH) {
      return new IpAddress(address, 0, MAPPED | Integer.toUnsignedLong(bytes.getInt()), 0);
    }
    if (!V6) {
      throw new SocketException("IPv6 protocol family unavailable");
    }
    int scope = ((Inet6Address) scoped).getScopeId();
    return new IpAddress(address, bytes.getLong(), bytes.getLong(), scope);
  }

  /**
   * The address as bind and connect take it: for an IPv6 socket, {@code 0.0.0.0} is {@code ::}, as
   * for the JDK's. A datagram's own address is left as it is: it goes over IPv4.
   *
   * @throws SocketException as {@link #of}
   */
  static IpAddress ofEndpoint(InetAddress address) throws SocketException {
    boolean anyIpv4 = V6 && address instanceof Inet4Address && address.isAnyLocalAddress();
    return anyIpv4 ? new IpAddress(address, 0, 0, 0) : of(address);
  }

  private static InetAddress scoped(InetAddress address) throws SocketException {
    if (!needsScope(address)) {
      return address;
    }
    List<InetAddress> same;
    try {
      same =
          NetworkInterface.networkInterfaces()
              .flatMap(NetworkInterface::inetAddresses)
              .filter(other -> address.equals(other) && !needsScope(other))
              .toList();
    } catch (SocketException | UncheckedIOException unknown) {
      return address;
    }
    if (same.size() > 1) {
      throw new SocketException("Duplicate link local addresses: must specify scope-id");
    }
    return same.isEmpty() ? address : same.get(0);
  }

  private static boolean needsScope(InetAddress address) {
    return address instanceof Inet6Address v6 && v6.isLinkLocalAddress() && v6.getScopeId() == 0;
  }

  /** Returns the address that the numbers encode; an Inet4Address for an IPv4-mapped one. */
  static InetAddress decode(long[] numbers) {
    long high = numbers[0];
    long low = numbers[1];
    int scope = (int) (numbers[2] >>> 16);
    try {
      if (high == 0 && low >>> 32 == 0xffff) {
        byte[] bytes = ByteBuffer.allocate(V4_LENGTH).putInt((int) low).array();
        return InetAddress.getByAddress(bytes);
      }
      byte[] bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
      return scope == 0
          ? InetAddress.getByAddress(bytes)
          : Inet6Address.getByAddress(null, bytes, scope);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("an IP address has 4 or 16 bytes", impossible);
    }
  }

  static int port(long[] numbers) {
    return (int) (numbers[2] & 0xffff);
  }

  static InetSocketAddress decodeWithPort(long[] numbers) {
    return new InetSocketAddress(decode(numbers), port(numbers));
  }
}
