package io.capsock;

import java.util.Arrays;
import java.util.Objects;

/**
 * The service for text that comes in pieces, cut anywhere: a character that is not whole yet is
 * held until it is. However the input is cut, the output is the same.
 */
public final class UppercaseStream implements AutoCloseable {
  private final NativeHandle handle;

  /** A stream at its beginning. */
  public UppercaseStream() {
    Native api = Native.api();
    handle = new NativeHandle("UppercaseStream", api.streamOpen(), api::streamClose);
  }

  /**
   * Takes a piece of UTF-8 text.
   *
   * @param piece the bytes; they are only read
   * @return the upper case of what is complete now, a new array, maybe empty
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] push(byte[] piece) {
    Objects.requireNonNull(piece, "piece");
    return handle.call(number -> Native.api().streamPush(number, piece));
  }

  /**
   * Takes a part of an array.
   *
   * @param buffer the array; it is only read
   * @param offset where the piece begins
   * @param length its length in bytes
   * @return the upper case of what is complete now, a new array, maybe empty
   * @throws IndexOutOfBoundsException if the array has no such part
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] push(byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    return push(Arrays.copyOfRange(buffer, offset, offset + length));
  }

  /**
   * Ends the text; the stream is at a beginning again.
   *
   * @return what was held, unchanged, since it never became a whole character; mostly empty
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] finish() {
    return handle.call(number -> Native.api().streamFinish(number));
  }

  /** Releases the stream. */
  @Override
  public void close() {
    handle.close();
  }
}
