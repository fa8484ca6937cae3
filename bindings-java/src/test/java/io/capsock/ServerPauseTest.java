package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers that take no new work, and are drained. */
class ServerPauseTest {
  static List<Kind> kinds() {
    return Kind.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void whatIsPausedResumes(Kind kind) throws Exception {
    try (Server server = kind.server().start()) {
      assertFalse(server.isPaused());
      server.pause();
      server.pause();
      assertTrue(server.isPaused());
      server.resume();
      assertFalse(server.isPaused());
      try (Kind.Client client = kind.client(server)) {
        assertEquals("HELLO", client.request("hello"));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void oneIsDrainedWhileTheNextServes(Kind kind) throws Exception {
    Server first = kind.server().start();
    try (Server second = kind.server().socketsOf(first).start()) {
      assertThrows(IllegalArgumentException.class, () -> first.drain(Duration.ofSeconds(-1)));
      assertEquals(0, first.drain(Duration.ofSeconds(20)).cut());
      assertTrue(first.isPaused());
      assertTrue(first.await(Duration.ZERO));
      first.close();
      assertThrows(IllegalStateException.class, first::pause);
      assertThrows(IllegalStateException.class, () -> first.drain(null));
      try (Kind.Client client = kind.client(second)) {
        assertEquals("HELLO", client.request("hello"));
      }
    }
  }
}
