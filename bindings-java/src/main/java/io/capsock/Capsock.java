package io.capsock;

import io.capsock.net.Factories;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Objects;

/**
 * The service itself, without a network: text in upper case; and what concerns the whole program.
 */
public final class Capsock {
  private static boolean installed;

  private Capsock() {}

  /**
   * Puts the sockets of {@code java.net} on the native core: every {@code java.net.Socket}, {@code
   * ServerSocket}, {@code DatagramSocket} and {@code MulticastSocket} that this program makes from
   * now on, the ones that libraries make included. What was made before stays as it is, and so do
   * channels and sockets that channels make.
   *
   * <p>It cannot be taken back. Doing it again does nothing.
   *
   * @throws IOException if another library has put its own sockets there, and Java takes only one
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
   * Whether {@link #install()}, or the agent, has put the sockets of {@code java.net} on the native
   * core.
   *
   * @return true from then on
   */
  public static synchronized boolean isInstalled() {
    return installed;
  }

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
