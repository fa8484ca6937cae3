package io.capsock;

import java.util.Objects;

/** The service itself, without a network: text in upper case. */
public final class Capsock {
  private Capsock() {}

  /**
   * The text in upper case, by Unicode's full mapping and in no language's own way: {@code straße}
   * becomes {@code STRASSE}.
   *
   * @param text any text
   * @return the text in upper case
   * @throws IllegalArgumentException if the text has half of a surrogate pair
   */
  public static String uppercase(String text) {
    return Text.decode(Native.api().uppercase(Text.encode(text)));
  }

  /**
   * The same for the bytes of UTF-8 text. Bytes that are not UTF-8 pass through unchanged.
   *
   * @param utf8 any bytes; they are only read
   * @return the text in upper case, a new array
   */
  public static byte[] uppercase(byte[] utf8) {
    return Native.api().uppercase(Objects.requireNonNull(utf8, "utf8"));
  }

  /**
   * The port that a server listens on if none is given: the textbook's.
   *
   * @return 12000
   */
  public static int defaultPort() {
    return Native.api().defaultPort();
  }

  /**
   * The version of the native library.
   *
   * @return {@code major.minor.patch}
   */
  public static String version() {
    return Text.decode(Native.api().version());
  }
}
