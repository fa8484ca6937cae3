package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertLinesMatch;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capsock.Capsock;
import io.capsock.Child;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Unchanged programs on capsock's sockets: the agent, and Capsock.install(). */
class InstallTest {
  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  /** Says with what its sockets are made, and that they work. */
  private static final String PROGRAM =
      """
      import java.io.*;
      import java.net.*;

      class Main {
        /** The package that the exception came from. */
        static String where(Exception late) throws Exception {
          return Class.forName(late.getStackTrace()[0].getClassName()).getPackageName();
        }

        public static void main(String[] arguments) throws Exception {
          ServerSocket server = new ServerSocket(0);
          Socket client = new Socket("localhost", server.getLocalPort());
          Socket accepted = server.accept();
          accepted.setSoTimeout(1);
          try {
            accepted.getInputStream().read();
          } catch (IOException late) {
            System.out.println(late + " in " + where(late));
          }
          client.getOutputStream().write("hello\\n".getBytes());
          var lines = new BufferedReader(new InputStreamReader(accepted.getInputStream()));
          accepted.setSoTimeout(0);
          System.out.println(lines.readLine());
          DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
          byte[] bytes = "datagram".getBytes();
          socket.send(new DatagramPacket(bytes, 8, socket.getLocalSocketAddress()));
          DatagramPacket packet = new DatagramPacket(new byte[20], 20);
          socket.receive(packet);
          System.out.println(new String(packet.getData(), 0, packet.getLength()));
          socket.setSoTimeout(1);
          try {
            socket.receive(packet);
          } catch (IOException late) {
            System.out.println(late + " in " + where(late));
          }
        }
      }
      """;

  private static final String OUTPUT =
      """
      java.net.SocketTimeoutException: Read timed out in io.capsock.net
      hello
      datagram
      java.net.SocketTimeoutException: Receive timed out in io.capsock.net
      """;

  @TempDir Path folder;

  private Path source() throws IOException {
    return Files.writeString(folder.resolve("Main.java"), PROGRAM);
  }

  private static Child.Ended run(String... command) throws Exception {
    return Child.run(List.of(command));
  }

  @Test
  void theAgentOnASourceFile() throws Exception {
    String agent = "-javaagent:" + Child.JAR;
    assertEquals(new Child.Ended(0, OUTPUT), run(NATIVE, agent, source().toString()));
  }

  @Test
  void theAgentOnClasses() throws Exception {
    var compiler = ToolProvider.getSystemJavaCompiler();
    assertEquals(0, compiler.run(null, null, null, "-d", "" + folder, "" + source()));
    String agent = "-javaagent:" + Child.JAR;
    Child.Ended ended = run(NATIVE, agent, "-cp", folder.toString(), "Main");
    assertEquals(new Child.Ended(0, OUTPUT), ended);
  }

  /** All that is said more than with the option is what Java says of native code. */
  @Test
  void theAgentAddsNoWarningOfItsOwn() throws Exception {
    Child.Ended ended = run("-javaagent:" + Child.JAR, source().toString());
    assertEquals(0, ended.code(), ended.output());
    List<String> more = new ArrayList<>(ended.output().lines().toList());
    OUTPUT.lines().forEach(more::remove);
    more.removeIf(String::isBlank);
    if (Runtime.version().feature() < 24) {
      assertEquals(List.of(), more);
    }
    for (String line : more) {
      assertTrue(line.matches("WARNING: .*([Rr]estricted|System::load|native.access).*"), line);
    }
  }

  /** Its arguments say what it does. */
  static final class Main {
    public static void main(String[] arguments) throws Exception {
      for (String argument : arguments) {
        switch (argument) {
          case "install" -> Capsock.install();
          case "other" -> other();
          case "work" -> work();
          case "http" -> http();
          default -> throw new IllegalArgumentException(argument);
        }
        System.out.println(argument + " " + Capsock.isInstalled());
      }
    }

    @SuppressWarnings("deprecation") // what another library would call
    private static void other() throws IOException {
      Socket.setSocketImplFactory(Factories.sockets());
    }

    /** The JDK's own client of HTTP is a library like any other. */
    private static void http() throws Exception {
      try (ServerSocket server = new ServerSocket(0, 1, Scenario.loopback())) {
        Threads.SYSTEM.start(() -> Scenario.Run.word(() -> answer(server)));
        var url = java.net.URI.create("http://127.0.0.1:" + server.getLocalPort() + "/").toURL();
        try (var body = url.openStream()) {
          assertEquals("hello", new String(body.readAllBytes()));
        }
      }
    }

    private static String answer(ServerSocket server) throws IOException {
      try (Socket client = server.accept()) {
        var lines =
            new java.io.BufferedReader(new java.io.InputStreamReader(client.getInputStream()));
        while (!lines.readLine().isEmpty()) {}
        String reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        client.getOutputStream().write(reply.getBytes());
        return "answered";
      }
    }

    /** What java.net makes of itself with a SocketImpl and a DatagramSocketImpl. */
    private static void work() throws Exception {
      try (ServerSocket server = new ServerSocket(0);
          Socket client = new Socket("localhost", server.getLocalPort());
          Socket accepted = server.accept();
          DatagramSocket socket = new DatagramSocket();
          DatagramSocket peer = new DatagramSocket(0, Scenario.loopback())) {
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        client.getOutputStream().write(7);
        assertEquals(7, accepted.getInputStream().read());
        socket.connect(peer.getLocalSocketAddress());
        socket.send(new DatagramPacket("hello".getBytes(), 5));
        DatagramPacket packet = new DatagramPacket(new byte[9], 9);
        peer.receive(packet);
        packet.setData("back".getBytes());
        peer.send(packet);
        packet.setData(new byte[9]);
        socket.receive(packet);
        assertEquals("back", Scenario.text(packet));
        socket.disconnect();
        assertTrue(socket.getReceiveBufferSize() > 0 && socket.getBroadcast());
        assertEquals(-1, client.getOption(StandardSocketOptions.SO_LINGER));
      }
      try (java.net.MulticastSocket socket = new java.net.MulticastSocket(0)) {
        var through = java.net.NetworkInterface.getByInetAddress(Scenario.loopback());
        var group = new java.net.InetSocketAddress("239.1.2.5", 0);
        socket.setTimeToLive(2);
        assertEquals(2, socket.getTimeToLive());
        socket.setNetworkInterface(through);
        assertEquals(through, socket.getNetworkInterface());
        socket.joinGroup(group, through);
        socket.leaveGroup(group, through);
      }
    }
  }

  private static Child.Ended install(String... arguments) throws Exception {
    return Child.run(Child.command(List.of(), Main.class, arguments));
  }

  @Test
  void installingTwice() throws Exception {
    String output = "work false\ninstall true\nwork true\ninstall true\nwork true\n";
    assertEquals(new Child.Ended(0, output), install("work", "install", "work", "install", "work"));
  }

  @Test
  void installingAfterTheAgent() throws Exception {
    List<String> options = List.of("-javaagent:" + Child.JAR);
    Child.Ended ended = Child.run(Child.command(options, Main.class, "install", "work"));
    assertEquals(new Child.Ended(0, "install true\nwork true\n"), ended);
  }

  @Test
  void anotherLibraryCameFirst() throws Exception {
    Child.Ended ended = install("other", "install");
    assertEquals(1, ended.code());
    assertTrue(ended.output().contains("factory already defined"), ended.output());
  }

  /** What comes of the scenarios with java.net's own sockets, before and after. */
  static final class Outcomes {
    public static void main(String[] arguments) throws Exception {
      boolean installs = arguments[0].equals("install");
      if (installs) {
        Capsock.install();
      }
      for (Scenario scenario : ScenariosTest.overTcp()) {
        System.out.println("# " + scenario + "\n" + scenario.outcome(Sockets.JDK, Threads.SYSTEM));
      }
    }
  }

  @Test
  void everyTcpScenarioOnJavaNetsOwnClasses() throws Exception {
    Child.Ended before = Child.run(Child.command(List.of(), Outcomes.class, "leave"));
    Child.Ended after = Child.run(Child.command(List.of(), Outcomes.class, "install"));
    assertTrue(before.code() == 0 && before.output().length() > 10_000, before.output());
    assertLinesMatch(before.output().lines(), after.output().lines());
    assertEquals(0, after.code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Djava.net.preferIPv4Stack=true", "-Djava.net.preferIPv6Addresses=true"})
  void everyScenarioWithAnotherChoiceOfFamilies(String option) throws Exception {
    Child.Ended ended = Child.run(Child.command(List.of(option), AllScenarios.class), 55);
    assertEquals(0, ended.code(), ended.output());
  }

  /** All scenarios, in a Java with other options. */
  static final class AllScenarios {
    public static void main(String[] arguments) throws Exception {
      for (Scenario scenario : ScenariosTest.all()) {
        assertEquals(
            scenario.outcome(Sockets.JDK, Threads.SYSTEM),
            scenario.outcome(Sockets.CAPSOCK, Threads.SYSTEM),
            scenario.name());
      }
    }
  }
}
