package io.capsock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.capsock.net.Factories;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;

/** The service without a network (text in upper case), and settings of the whole program. */
public final class Capsock {
  /** Up to this length, copies of ASCII cost less than an array of the native side's. */
  private static final int SHORT = 256;

  private static boolean installed;

  private Capsock() {}

  /**
   * Installs the sockets of this package in {@code java.net}: every {@code java.net.Socket}, {@code
   * ServerSocket}, {@code DatagramSocket} and {@code MulticastSocket} that the program and its
   * libraries make afterwards runs on the native core. Sockets made before, channels, and sockets
   * made by channels are not affected.
   *
   * <p>The installation cannot be undone. Further calls have no effect.
   *
   * @throws IOException if another library has installed its sockets, since Java accepts one
   *     installation only
   * @throws UnsatisfiedLinkError if the native library cannot be loaded; nothing is changed then
   * @see io.capsock.net
   */
  @SuppressWarnings("deprecation") // these setters are the only ones, and will not be removed
  public static synchronized void install() throws IOException {
    if (installed) {
      return;
    }
    // What fails, fails here and not in the middle of the program.
    Native.api();
    Socket.setSocketImplFactory(Factories.sockets());
    ServerSocket.setSocketFactory(Factories.serverSockets());
    DatagramSocket.setDatagramSocketImplFactory(Factories.datagramSockets());
    installed = true;
  }

  /**
   * Returns whether {@link #install()} or the agent has installed the sockets.
   *
   * @return true after the installation
   */
  public static synchronized boolean isInstalled() {
    return installed;
  }

  /**
   * Maps text to upper case by Unicode's full mapping, independent of the locale: {@code straße}
   * becomes {@code STRASSE}.
   *
   * @param text any text
   * @return the text in upper case
   * @throws IllegalArgumentException if the text has an unpaired surrogate
   */
  public static String uppercase(String text) {
    if (text.length() <= SHORT) {
      byte[] utf8 = text.getBytes(UTF_8);
      if (uppercaseAscii(utf8)) {
        String upper = new String(utf8, ISO_8859_1);
        // A question mark may stand for half of a surrogate pair.
        if (upper.indexOf('?') < 0) {
          return upper;
        }
      }
    }
    return Text.decode(Native.api().uppercase(Text.encode(text)));
  }

  /**
   * Maps the bytes of UTF-8 text to upper case. Bytes that are not valid UTF-8 are copied
   * unchanged.
   *
   * @param utf8 any bytes; the array is not modified
   * @return the text in upper case, a new array
   */
  public static byte[] uppercase(byte[] utf8) {
    if (utf8.length <= SHORT) {
      byte[] upper = utf8.clone();
      if (uppercaseAscii(upper)) {
        return upper;
      }
    }
    return Native.api().uppercase(utf8);
  }

  /** Replaces ASCII by its upper case; otherwise returns false. */
  private static boolean uppercaseAscii(byte[] utf8) {
    return utf8.length <= SHORT && Native.api().uppercaseAscii(utf8, utf8.length);
  }

  /**
   * Returns the port that a server listens on by default: the textbook's.
   *
   * @return 12000
   */
  public static int defaultPort() {
    return Native.api().defaultPort();
  }

  /**
   * Returns the version of the native library.
   *
   * @return {@code major.minor.patch}
   */
  public static String version() {
    return Text.decode(Native.api().version());
  }
}
