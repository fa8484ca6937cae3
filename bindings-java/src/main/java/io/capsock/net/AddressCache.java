package io.capsock.net;

import java.net.InetAddress;
import java.net.SocketException;

/**
 * The addresses of the last datagrams: most go where the one before went, and come from where the
 * one before came from, and an object for each would be garbage.
 */
final class AddressCache {
  private volatile IpAddress target;

  /**
   * Where the last datagram came from, as the native side has it; the read lock's, as is the rest.
   */
  private final long[] numbers = new long[IpAddress.NUMBERS];

  private final long[] sender = new long[IpAddress.NUMBERS];
  private InetAddress senderAddress;

  /** An address to send to, as a socket takes it. */
  IpAddress target(InetAddress to) throws SocketException {
    IpAddress last = target;
    if (last == null || last.address() != to) {
      last = IpAddress.of(to);
      target = last;
    }
    return last;
  }

  /** Where the native side writes the sender. */
  long[] numbers() {
    return numbers;
  }

  /** The sender's address, the same object while the same peer sends. */
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
