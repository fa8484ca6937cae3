package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What comes of a scenario with the JDK's sockets comes of it with capsock's. */
public class ScenariosTest {
  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    Stream.of(
            StateScenarios.ALL,
            ConnectScenarios.ALL,
            StreamScenarios.ALL,
            CloseScenarios.ALL,
            OptionScenarios.ALL,
            DatagramScenarios.ALL,
            DatagramPeerScenarios.ALL)
        .forEach(all::addAll);
    return all;
  }

  @ParameterizedTest
  @MethodSource("all")
  void sameOutcome(Scenario scenario) throws Exception {
    String expected = scenario.outcome(Sockets.JDK);
    assertTrue(expected.contains(" -> "), "it notes nothing");
    assertEquals(expected, scenario.outcome(Sockets.CAPSOCK));
  }

  @Test
  void manyScenarios() {
    assertTrue(all().size() >= 80, all().size() + " scenarios");
    assertEquals(all().size(), all().stream().map(Scenario::name).distinct().count());
  }
}
