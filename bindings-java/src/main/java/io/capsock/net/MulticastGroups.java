package io.capsock.net;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/** The multicast groups of a datagram socket, and the outgoing interface of its multicasts. */
final class MulticastGroups {
  private final Set<Membership> memberships = new HashSet<>();

  private record Membership(InetAddress group, int index) {}

  /** Clears the memberships, since the closed socket has left all groups. */
  void clear() {
    memberships.clear();
  }

  /**
   * Joins or leaves a group.
   *
   * @param given the interface, or null for the outgoing interface of multicasts
   */
  void member(NativeSocket socket, boolean joins, InetAddress group, NetworkInterface given)
      throws IOException {
    Objects.requireNonNull(group, "group");
    NetworkInterface through = given == null ? through(socket) : given;
    int index = through == null ? 0 : Math.max(0, through.getIndex());
    int v4 = through == null ? 0 : Options.v4(through);
    if (index > 0 && v4 == 0 && group instanceof Inet4Address) {
      throw new IOException("Network interface not configured for IPv4");
    }
    Membership membership = new Membership(group, index);
    if (joins == memberships.contains(membership)) {
      throw new SocketException(joins ? "Already a member of group" : "Not a member of group");
    }
    if (!IpAddress.V6 && group instanceof Inet6Address) {
      throw new IllegalArgumentException("Only IPv6 sockets can join IPv6 multicast group");
    }
    IpAddress ip = IpAddress.of(group);
    ErrorCodes.check(
        Native.api().multicastMember(socket.number(), joins, ip.high(), ip.low(), v4, index),
        "setsockopt");
    if (joins) {
      memberships.add(membership);
    } else {
      memberships.remove(membership);
    }
  }

  /**
   * Sets the outgoing interface of multicasts, given as an interface or as one of its addresses.
   */
  static void leaveThrough(NativeSocket socket, Object value) throws SocketException {
    Object found =
        value instanceof InetAddress address ? NetworkInterface.getByInetAddress(address) : value;
    if (!(found instanceof NetworkInterface)) {
      throw new SocketException("Bad value for IP_MULTICAST_IF");
    }
    try {
      Options.set(socket, Option.IP_MULTICAST_IF.socketOption(), found);
    } catch (IOException failed) {
      throw asSocketException(failed);
    }
  }

  /** The outgoing interface of multicasts; null if the system chooses it. */
  static NetworkInterface through(NativeSocket socket) throws SocketException {
    try {
      return (NetworkInterface) Options.get(socket, Option.IP_MULTICAST_IF.socketOption());
    } catch (IOException failed) {
      throw asSocketException(failed);
    }
  }

  /** An address of the interface; the wildcard address for null. */
  static InetAddress addressOf(NetworkInterface through) {
    InetAddress any = new InetSocketAddress(0).getAddress();
    return through == null ? any : through.inetAddresses().findFirst().orElse(any);
  }

  private static SocketException asSocketException(IOException failed) {
    return failed instanceof SocketException exception
        ? exception
        : new SocketException(failed.getMessage());
  }
}
