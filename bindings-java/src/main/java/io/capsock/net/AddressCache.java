package io.capsock.net;

import java.net.InetAddress;
import java.net.SocketException;

/**
 * The addresses of the last datagrams. Most datagrams are sent to, and received from, the same
 * address as the one before, so that no object is allocated for each.
 */
final class AddressCache {
  private volatile IpAddress target;

  /**
   * Where the last datagram came from, as the native side has it; the read lock's, as is the rest.
   */
  private final long[] numbers = new long[IpAddress.NUMBERS];

  private final long[] sender = new long[IpAddress.NUMBERS];
  private InetAddress senderAddress;

  /** Returns the address to send to, as the native side takes it. */
  IpAddress target(InetAddress to) throws SocketException {
    IpAddress last = target;
    if (last == null || last.address() != to) {
      last = IpAddress.of(to);
      target = last;
    }
    return last;
  }

  /** The array that the native side writes the sender to. */
  long[] numbers() {
    return numbers;
  }

  /** Returns the sender's address: the same object while the sender is the same. */
  InetAddress sender() {
    boolean same =
        senderAddress != null
            && numbers[0] == sender[0]
            && numbers[1] == sender[1]
            && numbers[2] >>> 16 == sender[2] >>> 16;
    if (!same) {
      System.arraycopy(numbers, 0, sender, 0, numbers.length);
      senderAddress = IpAddress.decode(numbers);
    }
    return senderAddress;
  }

  int senderPort() {
    return IpAddress.port(numbers);
  }
}
