import java.nio.ByteBuffer;

/** The service of the Java peers, in place. */
final class Upper {
  private Upper() {}

  static void apply(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      byte one = bytes[i];
      bytes[i] = (byte) (one >= 'a' && one <= 'z' ? one - 32 : one);
    }
  }

  static void apply(ByteBuffer buffer) {
    int at = buffer.position();
    int end = buffer.limit();
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      buffer.putLong(at, apply(buffer.getLong(at)));
    }
    for (; at < end; at++) {
      byte one = buffer.get(at);
      buffer.put(at, (byte) (one >= 'a' && one <= 'z' ? one - 32 : one));
    }
  }

  /** Eight bytes at once. */
  static long apply(long word) {
    long low = word & 0x7f7f7f7f7f7f7f7fL;
    long atLeastA = low + 0x1f1f1f1f1f1f1f1fL;
    long aboveZ = low + 0x0505050505050505L;
    long letter = atLeastA & ~aboveZ & ~word & 0x8080808080808080L;
    return word ^ (letter >>> 2);
  }
}
