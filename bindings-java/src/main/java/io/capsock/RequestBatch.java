package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Encodes many requests in one array and decodes many replies from one, so that the native side is
 * called once.
 */
final class RequestBatch {
  /** The longest array that every JVM can allocate. */
  private static final int LARGEST = Integer.MAX_VALUE - 8;

  private byte[] bytes = new byte[1024];
  private int used;
  private int[] lengths = new int[16];
  private int count;

  private RequestBatch() {}

  /** A native method that takes requests and returns replies (many.rs). */
  interface Call {
    byte[] with(byte[] requests, int[] lengths) throws IOException;
  }

  /** Makes a reply of its bytes. */
  private interface Decoder<T> {
    T decode(byte[] all, int start, int length);
  }

  static List<String> texts(List<String> texts, Call call) throws IOException {
    RequestBatch batch = new RequestBatch();
    CharsetEncoder encoder = UTF_8.newEncoder();
    for (String text : texts) {
      batch.add(encoder, Objects.requireNonNull(text, "a text"));
    }
    return batch.ask(call, (all, start, length) -> new String(all, start, length, UTF_8));
  }

  static List<byte[]> bytes(List<byte[]> requests, Call call) throws IOException {
    RequestBatch batch = new RequestBatch();
    for (byte[] request : requests) {
      int length = Objects.requireNonNull(request, "a request").length;
      batch.reserve(length);
      System.arraycopy(request, 0, batch.bytes, batch.used, length);
      batch.close(length);
    }
    return batch.ask(call, (all, start, length) -> Arrays.copyOfRange(all, start, start + length));
  }

  private void add(CharsetEncoder encoder, String text) {
    // A char is 3 bytes of UTF-8 at most, and a pair of them 4.
    reserve(3L * text.length());
    ByteBuffer into = ByteBuffer.wrap(bytes, used, bytes.length - used);
    CoderResult result = encoder.reset().encode(CharBuffer.wrap(text), into, true);
    if (result.isError()) {
      throw new IllegalArgumentException(
          "item " + count + " has half of a surrogate pair, which is no character");
    }
    close(into.position() - used);
  }

  private void reserve(long more) {
    long needed = used + more;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(Math.max(needed, 2L * bytes.length), LARGEST));
    }
    if (needed > bytes.length) {
      throw new IllegalArgumentException("the requests have more bytes than an array can hold");
    }
  }

  private void close(int length) {
    used += length;
    if (count == lengths.length) {
      lengths = Arrays.copyOf(lengths, 2 * count);
    }
    lengths[count++] = length;
  }

  private <T> List<T> ask(Call call, Decoder<T> decoder) throws IOException {
    byte[] replies = call.with(Arrays.copyOf(bytes, used), Arrays.copyOf(lengths, count));
    ByteBuffer sizes = ByteBuffer.wrap(replies);
    List<T> list = new ArrayList<>(count);
    int start = 4 * count;
    for (int i = 0; i < count; i++) {
      int length = sizes.getInt();
      list.add(decoder.decode(replies, start, length));
      start += length;
    }
    return list;
  }
}
