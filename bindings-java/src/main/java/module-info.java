/**
 * Servers and clients of the uppercase service over TCP and UDP, and the sockets of {@code
 * java.net}, on one native core.
 *
 * <p>The module loads native code; from Java 24 on say {@code --enable-native-access=io.capsock}
 * (on the class path {@code --enable-native-access=ALL-UNNAMED}) to be spared the warning.
 */
module io.capsock {
  exports io.capsock;
  exports io.capsock.net;
  exports io.capsock.spi;

  uses io.capsock.spi.NativeLibraries;
}
