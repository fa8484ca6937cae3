package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;

/** Conversion between strings and UTF-8. */
final class Text {
  private Text() {}

  /**
   * The UTF-8 of a string.
   *
   * @throws IllegalArgumentException if it has half of a surrogate pair, which UTF-8 cannot express
   */
  static byte[] encode(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    // That replaces what it cannot express, which shows on the way back: an encoder that says so
    // costs more.
    if (!decode(bytes).equals(text)) {
      throw new IllegalArgumentException(
          "the text has half of a surrogate pair, which is no character");
    }
    return bytes;
  }

  /** Returns the stage of a string's UTF-8. A cancellation of it cancels that of the string. */
  static CompletionStage<byte[]> encodeLater(CompletionStage<String> text) {
    Objects.requireNonNull(text, "the handler returned null instead of a stage");
    CompletionStage<byte[]> encoded = text.thenApply(Text::encode);
    if (text instanceof Future && encoded instanceof Future) {
      encoded.whenComplete(
          (bytes, failure) -> {
            if (failure instanceof CancellationException) {
              ((Future<?>) text).cancel(true);
            }
          });
    }
    return encoded;
  }

  /** Returns the string of valid UTF-8: the native side has checked or made it. */
  static String decode(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  /**
   * The string of bytes that a peer sent.
   *
   * @throws CharacterCodingException if they are not UTF-8
   */
  static String decodeStrictly(byte[] bytes) throws CharacterCodingException {
    String text = decode(bytes);
    // As above.
    return Arrays.equals(text.getBytes(UTF_8), bytes) ? text : refuse(bytes);
  }

  /** Throws the exception that says which bytes are invalid. */
  private static String refuse(byte[] bytes) throws CharacterCodingException {
    return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }
}
