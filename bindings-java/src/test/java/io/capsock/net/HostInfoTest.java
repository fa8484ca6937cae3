package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capsock.Child;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The property jdk.includeInExceptions, read as the JDK reads it. */
class HostInfoTest {
  @TempDir Path folder;

  /** The texts of connects that fail. */
  static final class Program {
    public static void main(String[] arguments) throws Exception {
      Sockets sockets = arguments[0].equals("ours") ? Sockets.CAPSOCK : Sockets.JDK;
      for (InetSocketAddress address :
          List.of(
              new InetSocketAddress("127.0.0.1", 1),
              new InetSocketAddress("localhost", 1),
              new InetSocketAddress("::1", 1),
              new InetSocketAddress("255.255.255.255", 1),
              InetSocketAddress.createUnresolved("nowhere.invalid", 1))) {
        for (int limit : new int[] {0, 10_000}) {
          try (Socket socket = sockets.socket()) {
            socket.connect(address, limit);
            System.out.println("connected");
          } catch (IOException failed) {
            System.out.println(failed);
          }
        }
      }
    }
  }

  private static String of(String sockets, List<String> options) throws Exception {
    Child.Ended ended = Child.run(Child.command(options, Program.class, sockets));
    assertEquals(0, ended.code(), ended.output());
    return ended.output();
  }

  private static void assertSame(String... options) throws Exception {
    String theirs = of("jdk", List.of(options));
    assertEquals(theirs, of("ours", List.of(options)));
    List<String> agent = new ArrayList<>(List.of(options));
    agent.add("-javaagent:" + Child.JAR + "=hints=off");
    assertEquals(theirs, of("jdk", agent));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "hostInfo", "HOSTINFO", " jar , hostInfo ", "jar", "hostInfoExclSocket", "no"})
  void asASystemProperty(String value) throws Exception {
    assertSame("-Djdk.includeInExceptions=" + value);
  }

  @Test
  void itIsThere() throws Exception {
    String texts = of("ours", List.of("-Djdk.includeInExceptions=hostInfo"));
    assertTrue(texts.contains("ConnectException: Connection refused: /127.0.0.1:1\n"), texts);
  }

  @Test
  void asASecurityProperty() throws Exception {
    Path file =
        Files.writeString(folder.resolve("java.security"), "jdk.includeInExceptions=hostInfo");
    assertSame("-Djava.security.properties=" + file);
    assertTrue(of("ours", List.of("-Djava.security.properties=" + file)).contains("refused: /127"));
  }
}
