package io.capsock;

import java.util.Arrays;
import java.util.Objects;

/**
 * Maps a text to upper case that is given in pieces. A piece may end within a character: the bytes
 * of an incomplete character are kept until it is complete. The output does not depend on how the
 * input is divided.
 */
public final class UppercaseStream implements AutoCloseable {
  private final NativeHandle handle;

  /** Makes a stream. */
  public UppercaseStream() {
    Native api = Native.api();
    handle = new NativeHandle("UppercaseStream", api.streamOpen(), api::streamClose);
  }

  /**
   * Takes a piece of UTF-8 text.
   *
   * @param piece the bytes; the array is not modified
   * @return the upper case of the characters that are complete, a new array, possibly empty
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] push(byte[] piece) {
    Objects.requireNonNull(piece, "piece");
    return handle.call(number -> Native.api().streamPush(number, piece));
  }

  /**
   * Takes a piece of UTF-8 text from a part of an array.
   *
   * @param buffer the array, which is not modified
   * @param offset where the piece begins
   * @param length its length in bytes
   * @return the upper case of the characters that are complete, a new array, possibly empty
   * @throws IndexOutOfBoundsException if the array has no such part
   * @throws IllegalStateException after {@link #close()}
   */
  public byte[] push(byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    return push(Arrays.copyOfRange(buffer, offset, offset + length));
  }

  /**
   * Ends the text and resets the stream for another text.
   *
   * @return the bytes of an incomplete character, unchanged; usually empty
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
