package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capsock.Child;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mistake has its hint, once, and a program without one has none. */
class HintsTest {
  private static final String AGENT = "-javaagent:" + Child.JAR;
  private static final String ON = "-Dcapsock.hints=on";

  /** Of each mistake, what its hint has to say. */
  private static final Map<String, List<String>> HINTS = new TreeMap<>();

  static {
    List<String> placeholder = List.of("'hostname'", "textbook", "\"localhost\"");
    HINTS.put("refused", List.of("nothing listens at localhost port 1:", "start the server first"));
    HINTS.put("name", placeholder);
    HINTS.put("another name", List.of("'nowhere.invalid' could not be found"));
    HINTS.put("name alone", placeholder);
    HINTS.put("tcp in use", List.of("server may be running already", "`ss -ltnp`"));
    HINTS.put("client in use", List.of("setReuseAddress(true)", "`ss -ltnp`"));
    HINTS.put("udp in use", List.of("server may be running already", "`ss -lunp`"));
    HINTS.put("unreachable", List.of("UDP port", "start the server first"));
    HINTS.put("cut", List.of("16 bytes", "buffer of 9 bytes"));
    HINTS.put("too long", List.of("70000 bytes", "65507"));
    HINTS.put("padded", List.of("buffer of 1024 bytes", "filled 5", "getLength()"));
    HINTS.put("padded stream", List.of("returned 6", "1024 bytes were sent"));
    HINTS.put("socket's port", List.of("70000", "0 to 65535"));
    HINTS.put("server's port", List.of("70000", "0 to 65535"));
    HINTS.put("packet's port", List.of("70000", "0 to 65535"));
    HINTS.put("not connected", List.of("after it is connected"));
    HINTS.put("no address", List.of("no address to go to"));
    HINTS.put("no newline", List.of("5 seconds", "newline", "readLine()", "another client"));
    HINTS.put("newline", List.of("5 seconds", "another client"));
    HINTS.put("no text", List.of("5 seconds", "another client"));
    HINTS.put("no flush", List.of("5 seconds", "sent nothing", "flush()"));
    HINTS.put("empty", List.of("5 seconds", "last write was of no bytes"));
    HINTS.put("empty later", List.of("5 seconds", "last write was of no bytes"));
    HINTS.put("nobody", List.of("5 seconds", "UDP tells nobody", "bound to this port?"));
    HINTS.put("receives first", List.of("5 seconds", "sent nothing", "the system chose"));
  }

  private static Child.Ended run(String mistake, String sockets, String... options)
      throws Exception {
    return Child.run(Child.command(List.of(options), Mistakes.class, mistake, sockets));
  }

  private static List<String> hints(Child.Ended ended) {
    return ended.output().lines().filter(line -> line.startsWith("capsock hint: ")).toList();
  }

  private static void checkHint(String mistake, Child.Ended ended) {
    List<String> hints = hints(ended);
    assertEquals(1, hints.size(), mistake + ": " + ended.output());
    for (String part : HINTS.get(mistake)) {
      assertTrue(hints.get(0).contains(part), mistake + " lacks '" + part + "': " + hints);
    }
    boolean ofNewlines = mistake.equals("no newline") || mistake.startsWith("empty");
    assertEquals(ofNewlines, hints.get(0).contains("newline"), mistake + ": " + hints);
  }

  /** Several at a time, for some wait for 5 seconds. */
  private static Map<String, Child.Ended> runAll(
      Iterable<String> mistakes, String sockets, String... options) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(5);
    try {
      Map<String, Future<Child.Ended>> running = new TreeMap<>();
      for (String mistake : mistakes) {
        running.put(mistake, pool.submit(() -> run(mistake, sockets, options)));
      }
      Map<String, Child.Ended> ended = new TreeMap<>();
      for (var mistake : running.entrySet()) {
        ended.put(mistake.getKey(), mistake.getValue().get());
      }
      return ended;
    } finally {
      pool.shutdownNow();
    }
  }

  private static void eachHasItsHint(String sockets, String option) throws Exception {
    runAll(HINTS.keySet(), sockets, option).forEach(HintsTest::checkHint);
  }

  @Test
  void everyMistakeHasOne() {
    List<String> all = new ArrayList<>(Mistakes.ENDING.keySet());
    all.addAll(Mistakes.WAITING.keySet());
    assertEquals(all.stream().sorted().toList(), List.copyOf(HINTS.keySet()));
  }

  @Test
  void underTheAgent() throws Exception {
    eachHasItsHint("jdk", AGENT);
  }

  @Test
  void withTheImports() throws Exception {
    eachHasItsHint("ours", ON);
  }

  /** Its one hint is that of the mistake that ends it. */
  @Test
  void aProgramThatWaitsRightlyHasNone() throws Exception {
    checkHint("nobody", run("none", "jdk", AGENT));
    checkHint("nobody", run("none", "ours", ON));
  }

  /** How a program ends: its code, and its output without hints and frames of the stack. */
  private static Child.Ended end(Child.Ended ended) {
    String output =
        ended
            .output()
            .lines()
            .filter(line -> !line.startsWith("capsock hint: ") && !line.startsWith("\t"))
            .collect(Collectors.joining("\n"));
    return new Child.Ended(ended.code(), output);
  }

  @Test
  void nothingElseChanges() throws Exception {
    Map<String, Child.Ended> without = runAll(Mistakes.ENDING.keySet(), "jdk");
    Map<String, Child.Ended> agent = runAll(Mistakes.ENDING.keySet(), "jdk", AGENT);
    Map<String, Child.Ended> imports = runAll(Mistakes.ENDING.keySet(), "ours", ON);
    for (String mistake : Mistakes.ENDING.keySet()) {
      Child.Ended expected = end(without.get(mistake));
      assertEquals(expected, end(agent.get(mistake)), mistake);
      assertEquals(expected, end(imports.get(mistake)), mistake);
    }
  }

  @Test
  void theyAreSilencedAndStarted() throws Exception {
    assertEquals(List.of(), hints(run("refused", "jdk", AGENT + "=hints=off")));
    assertEquals(List.of(), hints(run("refused", "jdk", AGENT, "-Dcapsock.hints=off")));
    assertEquals(List.of(), hints(run("socket's port", "jdk", AGENT + "=hints=off")));
    assertEquals(List.of(), hints(run("refused", "ours")));
    assertEquals(List.of(), hints(run("socket's port", "ours")));
    assertEquals(List.of(), hints(run("refused", "ours", "-Dcapsock.hints=off")));
    List<String> command = Child.command(List.of(), Mistakes.class, "refused", "ours");
    checkHint("refused", Child.runWith("CAPSOCK_HINTS", "1", command));
    assertEquals(List.of(), hints(Child.runWith("CAPSOCK_HINTS", "0", command)));
    List<String> agent = Child.command(List.of(AGENT), Mistakes.class, "refused", "jdk");
    assertEquals(List.of(), hints(Child.runWith("CAPSOCK_HINTS", "0", agent)));
    Child.Ended wrong = run("refused", "jdk", AGENT + "=hints=maybe");
    assertTrue(wrong.code() != 0 && wrong.output().contains("hints=off"), wrong.output());
  }

  @TempDir Path folder;

  /** The launcher of a source file calls main in a way of its own. */
  @Test
  void inASourceFile() throws Exception {
    String program =
        """
        import java.net.*;

        class Main {
          public static void main(String[] arguments) throws Exception {
            new Socket("localhost", 70000);
          }
        }
        """;
    Path source = Files.writeString(folder.resolve("Main.java"), program);
    Child.Ended ended =
        Child.run(List.of("--enable-native-access=ALL-UNNAMED", AGENT, source.toString()));
    checkHint("socket's port", ended);
    Child.Ended without = Child.run(List.of(source.toString()));
    assertEquals(end(without), end(ended));
  }
}
