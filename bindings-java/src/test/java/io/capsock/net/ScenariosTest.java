package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What comes of a scenario with the JDK's sockets comes of it with capsock's. */
public class ScenariosTest {
  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    all.addAll(overTcp());
    Stream.of(
            OptionScenarios.ALL,
            DatagramScenarios.ALL,
            DatagramPeerScenarios.ALL,
            AddressScenarios.ALL,
            ConstructorScenarios.ALL,
            ProxyScenarios.ALL)
        .forEach(all::addAll);
    return all;
  }

  /** Those that have to do with TCP alone. */
  static List<Scenario> overTcp() {
    List<Scenario> tcp = new ArrayList<>();
    Stream.of(StateScenarios.ALL, ConnectScenarios.ALL, StreamScenarios.ALL, CloseScenarios.ALL)
        .forEach(tcp::addAll);
    return tcp;
  }

  static Stream<Arguments> onEveryKindOfThread() {
    return Threads.KINDS.stream()
        .flatMap(threads -> all().stream().map(scenario -> Arguments.of(threads, scenario)));
  }

  @ParameterizedTest
  @MethodSource("onEveryKindOfThread")
  void sameOutcome(Threads threads, Scenario scenario) throws Exception {
    String expected = scenario.outcome(Sockets.JDK, threads);
    assertTrue(expected.contains(" -> "), "it notes nothing");
    assertEquals(expected, scenario.outcome(Sockets.CAPSOCK, threads));
  }

  @Test
  void manyScenarios() {
    assertTrue(all().size() >= 80, all().size() + " scenarios");
    assertEquals(all().size(), all().stream().map(Scenario::name).distinct().count());
  }
}
