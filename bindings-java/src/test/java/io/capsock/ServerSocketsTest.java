package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers on sockets that are bound already. */
class ServerSocketsTest {
  static List<Kind> kinds() {
    return Kind.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void oneServerFollowsAnother(Kind kind) throws Exception {
    Server first = kind.server().start();
    try (Server second = kind.server().socketsOf(first).start()) {
      assertEquals(first.addresses(), second.addresses());
      try (Kind.Client client = kind.client(second)) {
        assertEquals("HELLO", client.request("hello"));
      }
      assertEquals(0, first.stop(Duration.ofSeconds(20)).cut());
      assertThrows(SocketException.class, () -> kind.server().socketsOf(first).start());
      first.close();
      assertThrows(IllegalStateException.class, () -> kind.server().socketsOf(first).start());
      try (Kind.Client client = kind.client(second)) {
        assertEquals("STILL HERE", client.request("still here"));
      }
    }
  }

  @Test
  void numbersAreChecked() {
    var error =
        assertThrows(IllegalArgumentException.class, () -> Server.tcp().sockets(-1).start());
    assertTrue(error.getMessage().contains("is not open"), error.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> Server.tcp().sockets(Long.MAX_VALUE).start());
    assertThrows(NullPointerException.class, () -> Server.tcp().sockets((long[]) null));
  }

  @Test
  void withNoneTheAddressIsBound() throws Exception {
    try (Server server =
        Server.tcp().port(0).sockets().socketsOf(null).systemdSockets("dns").start()) {
      assertTrue(server.port() > 0);
    }
  }
}
