package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.capsock.Child;
import io.capsock.net.Scenario.Run;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketPermission;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Permission;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A security manager is asked what the JDK's sockets ask it, in a Java that may have one. */
@SuppressWarnings("removal")
class SecurityChecksTest {
  private static final String ALLOW = "-Djava.security.manager=allow";

  @TempDir Path folder;

  @BeforeEach
  void thisJavaHasThem() {
    assumeTrue(Runtime.version().feature() < 24, "Java 24 has no security manager");
  }

  /** Notes what each call of a datagram socket asks for, and what comes of a refusal. */
  static final class Program {
    private static final Set<String> ASKED = new TreeSet<>();
    private static volatile boolean refuses;

    public static void main(String[] arguments) throws Exception {
      Sockets sockets = arguments[0].equals("ours") ? Sockets.CAPSOCK : Sockets.JDK;
      // Loaded before, so that what Java needs for itself is not among what is asked for.
      calls(sockets);
      System.setSecurityManager(
          new SecurityManager() {
            @Override
            public void checkPermission(Permission permission) {
              if (permission instanceof SocketPermission) {
                ASKED.add(permission.getName().replaceAll(":\\d+", ":#") + permission.getActions());
                if (refuses) {
                  throw new SecurityException("no");
                }
              }
            }
          });
      System.out.print(calls(sockets));
      refuses = true;
      System.out.print(calls(sockets));
    }

    private static String calls(Sockets sockets) throws Exception {
      boolean before = refuses;
      refuses = false;
      StringBuilder notes = new StringBuilder();
      try (DatagramSocket socket = sockets.datagrams(0, Scenario.loopback());
          DatagramSocket unbound = sockets.datagrams((SocketAddress) null);
          DatagramSocket another = sockets.datagrams((SocketAddress) null);
          DatagramSocket peer = new DatagramSocket(0, Scenario.loopback())) {
        peer.send(Scenario.packet("hello", socket));
        peer.send(Scenario.packet("again", socket));
        socket.setSoTimeout(60);
        NetworkInterface through = NetworkInterface.getByInetAddress(Scenario.loopback());
        SocketAddress group = new InetSocketAddress("239.1.2.9", 0);
        DatagramPacket packet = Scenario.packet("there", peer);
        DatagramPacket toAll = new DatagramPacket(new byte[1], 1, group(group), 9);
        refuses = before;
        note(notes, "receive", () -> Scenario.text(DatagramScenarios.receive(socket, 3)));
        note(notes, "receive", () -> Scenario.text(DatagramScenarios.receive(socket, 9)));
        note(notes, "local", () -> StateScenarios.withoutPort(socket.getLocalSocketAddress()));
        note(notes, "local address", socket::getLocalAddress);
        note(notes, "local port", () -> socket.getLocalPort() > 0);
        note(notes, "send", () -> send(socket, packet));
        note(notes, "send to nowhere", () -> send(socket, Scenario.packet("", new Nowhere())));
        note(notes, "sending binds", () -> send(unbound, packet));
        note(notes, "bind", () -> bind(another));
        note(
            notes,
            "connect to a group",
            () -> connect(another, new InetSocketAddress(group(group), 9)));
        note(notes, "connect", () -> connect(socket, peer.getLocalSocketAddress()));
        note(notes, "connected", socket::isConnected);
        note(notes, "send", () -> send(socket, new DatagramPacket(new byte[1], 1)));
        note(notes, "join", () -> join(another, group, through));
        note(notes, "send to a group", () -> send(unbound, toAll));
        note(notes, "constructor", () -> sockets.datagrams(0, Scenario.loopback()).isClosed());
      }
      return notes.toString();
    }

    /** A socket to send to, whose port is 0. */
    private static final class Nowhere extends DatagramSocket {
      Nowhere() throws Exception {
        super((SocketAddress) null);
      }
    }

    private static java.net.InetAddress group(SocketAddress address) {
      return ((InetSocketAddress) address).getAddress();
    }

    private static String send(DatagramSocket socket, DatagramPacket packet) throws Exception {
      socket.send(packet);
      return "sent";
    }

    private static String bind(DatagramSocket socket) throws Exception {
      socket.bind(new InetSocketAddress(Scenario.loopback(), 0));
      return "bound";
    }

    private static String connect(DatagramSocket socket, SocketAddress to) throws Exception {
      socket.connect(to);
      return "connected";
    }

    private static String join(DatagramSocket socket, SocketAddress group, NetworkInterface through)
        throws Exception {
      socket.joinGroup(group, through);
      return "joined";
    }

    private static void note(StringBuilder notes, String what, Scenario.Step step) {
      ASKED.clear();
      notes.append(what).append(": ").append(Run.word(step)).append(' ').append(ASKED).append('\n');
    }
  }

  @Test
  void datagramsAreCheckedAsTheJdksAre() throws Exception {
    Child.Ended theirs = Child.run(Child.command(List.of(ALLOW), Program.class, "jdk"));
    Child.Ended ours = Child.run(Child.command(List.of(ALLOW), Program.class, "ours"));
    assertTrue(theirs.output().contains("SecurityException"), theirs.output());
    assertEquals(theirs, ours);
  }

  /** Uses sockets of all kinds, with permissions for sockets alone. */
  static final class Unprivileged {
    public static void main(String[] arguments) throws Exception {
      Sockets sockets = arguments[0].equals("ours") ? Sockets.CAPSOCK : Sockets.JDK;
      try (ServerSocket server = sockets.server(0, 5, Scenario.loopback());
          Socket client = sockets.socket(Scenario.loopback(), server.getLocalPort());
          Socket accepted = server.accept();
          DatagramSocket socket = sockets.datagrams(0, Scenario.loopback())) {
        client.getOutputStream().write(7);
        System.out.println(accepted.getInputStream().read());
        socket.send(Scenario.packet("hello", socket));
        System.out.println(Scenario.text(DatagramScenarios.receive(socket, 9)));
      }
      try {
        sockets.socket("127.0.0.1", 1);
      } catch (java.io.IOException refused) {
        System.out.println(refused.getMessage());
      }
    }
  }

  private Child.Ended unprivileged(String grants, String sockets, String... options)
      throws Exception {
    Path policy = folder.resolve("policy");
    String socketsAlone =
        """
        grant {
          permission java.net.SocketPermission "*", "listen,accept,connect,resolve";
          permission java.net.NetPermission "setSocketImpl";
        };
        """;
    Files.writeString(policy, grants + socketsAlone);
    List<String> all = new java.util.ArrayList<>(List.of(options));
    all.add("-Djava.security.manager");
    all.add("-Djava.security.policy==" + policy);
    return Child.run(Child.command(all, Unprivileged.class, sockets));
  }

  private static String ofTheJar() {
    return "grant codeBase \""
        + Child.JAR.toUri()
        + "\" { permission java.security.AllPermission; };\n";
  }

  private static Child.Ended withoutWarnings(Child.Ended ended) {
    String output = ended.output().replaceAll("(?m)^WARNING: .*\n", "");
    return new Child.Ended(ended.code(), output);
  }

  @Test
  void theGrantOfTheReadmeIsEnough() throws Exception {
    Child.Ended expected = new Child.Ended(0, "7\nhello\nConnection refused\n");
    assertEquals(expected, withoutWarnings(unprivileged("", "jdk")));
    assertEquals(expected, withoutWarnings(unprivileged(ofTheJar(), "ours")));
    String agent = "-javaagent:" + Child.JAR;
    String[] options = {agent + "=hints=off", "--enable-native-access=ALL-UNNAMED"};
    assertEquals(expected, withoutWarnings(unprivileged(ofTheJar(), "jdk", options)));
    Child.Ended hinted = unprivileged(ofTheJar(), "jdk", agent);
    assertTrue(hinted.output().contains("capsock hint: nothing listens"), hinted.output());
  }

  @Test
  void withoutTheGrantTheAgentNamesIt() throws Exception {
    Child.Ended ended = unprivileged("", "jdk", "-javaagent:" + Child.JAR);
    assertNotEquals(0, ended.code());
    assertTrue(ended.output().contains("grant codeBase"), ended.output());
  }
}
