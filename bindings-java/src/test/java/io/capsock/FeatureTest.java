package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a server uses of the system, and how it is switched off. */
class FeatureTest {
  /** Prints what a server uses. */
  static final class Main {
    public static void main(String[] arguments) throws IOException {
      try (Server server = Server.udp().port(0).start()) {
        server.stats().features().forEach(System.out::println);
      }
    }
  }

  private static Child.Ended without(String names) throws Exception {
    return Child.runWith("CAPSOCK_WITHOUT", names, Child.command(List.of(), Main.class));
  }

  private static String name(Feature feature) {
    return feature.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The numbers are the core's: it is told names, and tells numbers. */
  @Test
  void eachIsSwitchedOffByItsName() throws Exception {
    String used = without("").output();
    for (Feature feature : Feature.values()) {
      String others = used.replace(feature + System.lineSeparator(), "");
      assertEquals(new Child.Ended(0, others), without(name(feature)));
    }
    String all =
        Arrays.stream(Feature.values()).map(FeatureTest::name).collect(Collectors.joining(","));
    assertEquals(new Child.Ended(0, ""), without(all));
  }

  @Test
  void aNameThatIsNoneIsRefused() throws Exception {
    Child.Ended ended = without("udp-gro,nonsense");
    assertEquals(1, ended.code());
    assertTrue(ended.output().contains("IllegalArgumentException"), ended.output());
    assertTrue(ended.output().contains("nonsense"), ended.output());
  }

  @Test
  void numbersAndSets() {
    assertEquals(Set.of(), Feature.set(0));
    assertEquals(Set.of(Feature.RECVMMSG, Feature.UDP_GRO), Feature.set(10));
    assertEquals(EnumSet.allOf(Feature.class), Feature.set(-1));
    assertThrows(UnsupportedOperationException.class, () -> Feature.set(1).add(Feature.UDP_GRO));
    assertThrows(UnsupportedOperationException.class, () -> Feature.set(1).clear());
  }
}
