package io.capsock.net;

import java.net.InetAddress;
import java.net.SocketException;

/**
 * The addresses of the last datagrams: most go where the one before went, and come from where the
 * one before came from, and an object for each would be garbage.
 */
final class AddressCache {
  private volatile Ip target;

  /**
   * Where the last datagram came from, as the native side has it; the read lock's, as is the rest.
   */
  private final long[] numbers = new long[Ip.NUMBERS];

  private final long[] sender = new long[Ip.NUMBERS];
  private InetAddress senderAddress;

  /** An address to send to, as a socket takes it. */
  Ip target(InetAddress to) throws SocketException {
    Ip last = target;
    if (last == null || last.address() != to) {
      last = Ip.of(to);
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
      senderAddress = Ip.decode(numbers);
    }
    return senderAddress;
  }

  int senderPort() {
    return Ip.port(numbers);
  }
}
