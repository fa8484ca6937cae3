package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capsock.net.DatagramSocket;
import io.capsock.net.ServerSocket;
import io.capsock.net.Socket;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java's calls are called in a trace, who starts one, and how it goes wrong. */
@SuppressWarnings("try") // a recording is only closed
class TraceTest {
  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  private static final String PROGRAM =
      """
      import java.net.DatagramPacket;
      import java.net.DatagramSocket;
      import java.net.InetAddress;

      class UDPOnce {
        public static void main(String[] arguments) throws Exception {
          InetAddress here = InetAddress.getByName("127.0.0.1");
          try (DatagramSocket server = new DatagramSocket(0, here);
              DatagramSocket client = new DatagramSocket(0, here)) {
            byte[] hello = "hello".getBytes();
            client.send(new DatagramPacket(hello, hello.length, here, server.getLocalPort()));
            server.receive(new DatagramPacket(new byte[1024], 1024));
          }
        }
      }
      """;

  @TempDir Path folder;

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file);
  }

  private static String word(String line, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\"?([^,\"}]*)").matcher(line);
    return found.find() ? found.group(1) : "";
  }

  /** {@code recvfrom 5 ok} of each call, in the order of their numbers. */
  private static List<String> told(Path file) throws IOException {
    List<String> calls = new ArrayList<>(lines(file));
    calls.removeIf(line -> !word(line, "event").equals("call"));
    calls.sort(Comparator.comparing(line -> Long.parseLong(word(line, "seq"))));
    return calls.stream()
        .map(
            line -> {
              String bytes = word(line, "bytes");
              String count = bytes.isEmpty() ? "" : " " + bytes;
              return word(line, "call") + count + " " + word(line, "outcome");
            })
        .toList();
  }

  private Path source() throws IOException {
    return Files.writeString(folder.resolve("UDPOnce.java"), PROGRAM);
  }

  private static final List<String> UDP =
      List.of(
          "socket ok",
          "bind ok",
          "socket ok",
          "bind ok",
          "sendto 5 ok",
          "recvfrom 5 ok",
          "close ok",
          "close ok");

  @Test
  void theAgentRecordsAnUnchangedProgram() throws Exception {
    Path file = folder.resolve("trace");
    String agent = "-javaagent:" + Child.JAR + "=trace=" + file;
    Child.Ended ended = Child.run(List.of(NATIVE, agent, source().toString()));
    assertEquals(new Child.Ended(0, ""), ended);
    assertEquals(UDP, told(file));
    String process = lines(file).get(0);
    assertEquals("UDPOnce.java", word(process, "program"));
    assertEquals("java", word(process, "language"));
    assertTrue(Files.readString(file).contains("\"data\":\"hello\""));
  }

  @Test
  void theAgentLeavesThePayloadOutAndKnowsItsOptions() throws Exception {
    Path file = folder.resolve("trace");
    String agent = "-javaagent:" + Child.JAR + "=trace=" + file + ",no-payload";
    assertEquals(0, Child.run(List.of(NATIVE, agent, source().toString())).code());
    assertEquals(UDP, told(file));
    assertTrue(!Files.readString(file).contains("\"data\""));
    for (String wrong : List.of("tarce=x", "trace=", "trace=/no/such/folder/trace")) {
      Child.Ended ended =
          Child.run(List.of(NATIVE, "-javaagent:" + Child.JAR + "=" + wrong, source().toString()));
      assertEquals(1, ended.code(), wrong);
      assertEquals(1, ended.output().strip().lines().count(), ended.output());
      String why = wrong.contains("folder") ? "(ENOENT)" : "no agent option '" + wrong + "'";
      assertTrue(ended.output().contains(why), ended.output());
    }
  }

  @Test
  void theEnvironmentRecordsToo() throws Exception {
    Path file = folder.resolve("trace");
    List<String> command = List.of(NATIVE, "-javaagent:" + Child.JAR, source().toString());
    assertEquals(0, Child.runWith("CAPSOCK_TRACE", file.toString(), command).code());
    assertEquals(UDP, told(file));
  }

  @Test
  void startAndStop() throws Exception {
    Path file = folder.resolve("trace");
    Path nowhere = folder.resolve("no/trace");
    assertTrue(
        assertThrows(IOException.class, () -> Trace.start(nowhere))
            .getMessage()
            .contains("ENOENT"));
    try (Trace recording = Trace.start(file, false)) {
      assertThrows(IOException.class, () -> Trace.start(file));
      new DatagramSocket(0).close();
    }
    new DatagramSocket(0).close();
    Trace.stop();
    assertEquals(List.of("socket ok", "bind ok", "close ok"), told(file));
  }

  @Test
  void tcpCallsAndAClose() throws Exception {
    Path file = folder.resolve("trace");
    InetAddress here = InetAddress.getByName("127.0.0.1");
    try (Trace recording = Trace.start(file)) {
      try (ServerSocket server = new ServerSocket(0, 5, here);
          Socket client = new Socket(here, server.getLocalPort());
          java.net.Socket connection = server.accept()) {
        client.getOutputStream().write("hello\n".getBytes());
        assertEquals(6, connection.getInputStream().read(new byte[10]));
        client.shutdownOutput();
        assertEquals(-1, connection.getInputStream().read(new byte[10]));
      }
      DatagramSocket socket = new DatagramSocket(0, here);
      Thread closer = new Thread(socket::close);
      closer.start();
      assertThrows(IOException.class, () -> socket.receive(new DatagramPacket(new byte[9], 9)));
      closer.join();
    }
    List<String> told = told(file);
    List<String> expected =
        List.of(
            "socket ok",
            "bind ok",
            "listen ok",
            "socket ok",
            "connect ok",
            "accept ok",
            "send 6 ok",
            "recv 6 ok",
            "shutdown ok",
            "recv 0 ok");
    assertEquals(expected, told.subList(0, expected.size()));
    // The receive may not have begun when the socket was closed.
    String last = told.get(told.size() - 1);
    assertEquals("close ok", last, told.toString());
  }

  @Test
  void theProgramsName() {
    List<List<String>> table =
        List.of(
            List.of(
                "jdk.compiler/com.sun.tools.javac.launcher.Main dir/TCPServer.java 1",
                "TCPServer.java"),
            List.of("io.school.TCPServer 12000", "TCPServer"),
            List.of("TCPServer", "TCPServer"),
            List.of("school/io.school.TCPServer x", "TCPServer"),
            List.of("lib/server.jar x.y", "server.jar"),
            List.of("", ""));
    for (List<String> row : table) {
      assertEquals(row.get(1), Trace.name(row.get(0)));
    }
  }
}
