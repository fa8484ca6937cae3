package io.capsock.net;

import static io.capsock.net.Scenario.loopback;

import java.io.DataOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** Programs for {@link HintsTest}: one mistake each, and those that make none. */
final class Mistakes {
  private interface Mistake {
    void make(Sockets sockets) throws Exception;
  }

  /** Those that end by themselves. */
  static final Map<String, Mistake> ENDING = new TreeMap<>();

  /** Those that wait until there is a hint. */
  static final Map<String, Mistake> WAITING = new TreeMap<>();

  static {
    ENDING.put("refused", sockets -> sockets.socket("localhost", 1));
    ENDING.put("name", sockets -> sockets.socket("hostname", 6789));
    ENDING.put("another name", sockets -> sockets.socket("nowhere.invalid", 6789));
    ENDING.put("name alone", Mistakes::nameAlone);
    ENDING.put("tcp in use", Mistakes::tcpInUse);
    ENDING.put("client in use", Mistakes::clientInUse);
    ENDING.put("udp in use", Mistakes::udpInUse);
    ENDING.put("unreachable", Mistakes::unreachable);
    ENDING.put("cut", Mistakes::cut);
    ENDING.put("too long", Mistakes::tooLong);
    ENDING.put("padded", Mistakes::padded);
    ENDING.put("padded stream", Mistakes::paddedStream);
    ENDING.put("socket's port", sockets -> sockets.socket("localhost", 70_000));
    ENDING.put("server's port", sockets -> sockets.server(70_000));
    ENDING.put("packet's port", Mistakes::packetsPort);
    ENDING.put("not connected", sockets -> sockets.socket().getOutputStream());
    ENDING.put(
        "no address", sockets -> send(sockets.datagrams(), new DatagramPacket(new byte[1], 1)));
    WAITING.put("no newline", sockets -> asked(sockets, "hello"));
    WAITING.put("newline", sockets -> asked(sockets, "hello\n"));
    WAITING.put("no text", sockets -> asked(sockets, "\0\u0005hello"));
    WAITING.put("no flush", Mistakes::noFlush);
    WAITING.put("empty", sockets -> asked(sockets, ""));
    WAITING.put("empty later", Mistakes::emptyLater);
    WAITING.put("nobody", Mistakes::nobody);
    WAITING.put("receives first", sockets -> receive(sockets.datagrams()));
  }

  private Mistakes() {}

  /** The arguments are the mistake and whose sockets make it. */
  public static void main(String[] arguments) throws Exception {
    Sockets sockets = arguments[1].equals("ours") ? Sockets.CAPSOCK : Sockets.JDK;
    if (ENDING.containsKey(arguments[0])) {
      ENDING.get(arguments[0]).make(sockets);
      return;
    }
    endWithTheFirstHint();
    if (arguments[0].equals("none")) {
      none(sockets);
    }
    WAITING.getOrDefault(arguments[0], WAITING.get("nobody")).make(sockets);
  }

  private static void endWithTheFirstHint() {
    System.setErr(
        new PrintStream(System.err, true) {
          @Override
          public void println(String line) {
            super.println(line);
            if (line.startsWith("capsock hint")) {
              Runtime.getRuntime().halt(0);
            }
          }
        });
  }

  private static void send(DatagramSocket socket, DatagramPacket packet) throws Exception {
    socket.send(packet);
  }

  private static void receive(DatagramSocket socket) throws Exception {
    socket.receive(new DatagramPacket(new byte[9], 9));
  }

  /** The textbook's client: no socket has to do with the name. */
  private static void nameAlone(Sockets sockets) throws Exception {
    try (DatagramSocket socket = sockets.datagrams()) {
      send(socket, new DatagramPacket(new byte[1], 1, InetAddress.getByName("hostname"), 9876));
    }
  }

  private static void packetsPort(Sockets sockets) throws Exception {
    try (DatagramSocket socket = sockets.datagrams()) {
      send(socket, new DatagramPacket(new byte[1], 1, loopback(), 70_000));
    }
  }

  private static void tcpInUse(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0);
    for (int attempt = 0; attempt < 2; attempt++) {
      try {
        sockets.server(server.getLocalPort());
      } catch (java.net.BindException inUse) {
        System.out.println("in use");
      }
    }
  }

  private static void clientInUse(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0);
    sockets.socket("localhost", server.getLocalPort(), null, server.getLocalPort());
  }

  private static void udpInUse(Sockets sockets) throws Exception {
    sockets.datagrams(sockets.datagrams(0).getLocalPort());
  }

  private static void unreachable(Sockets sockets) throws Exception {
    DatagramSocket gone = sockets.datagrams(0, loopback());
    DatagramSocket socket = sockets.datagrams(0, loopback());
    socket.connect(gone.getLocalSocketAddress());
    gone.close();
    socket.send(new DatagramPacket(new byte[1], 1));
    receive(socket);
  }

  private static void cut(Sockets sockets) throws Exception {
    DatagramSocket socket = sockets.datagrams(0, loopback());
    socket.send(Scenario.packet("longer than nine", socket));
    receive(socket);
  }

  private static void tooLong(Sockets sockets) throws Exception {
    DatagramSocket socket = sockets.datagrams(0, loopback());
    send(socket, new DatagramPacket(new byte[70_000], 70_000, socket.getLocalSocketAddress()));
  }

  /** The textbook's server, without getLength(). */
  private static void padded(Sockets sockets) throws Exception {
    DatagramSocket server = sockets.datagrams(0, loopback());
    DatagramSocket client = sockets.datagrams(0, loopback());
    client.send(Scenario.packet("hello", server));
    DatagramPacket request = DatagramScenarios.receive(server, 1024);
    byte[] reply = new String(request.getData()).toUpperCase().getBytes();
    server.send(new DatagramPacket(reply, reply.length, request.getAddress(), request.getPort()));
  }

  private static void paddedStream(Sockets sockets) throws Exception {
    try (ServerSocket server = sockets.server(0, 5, loopback());
        Socket client = sockets.socket(loopback(), server.getLocalPort());
        Socket accepted = server.accept()) {
      client.getOutputStream().write("hello\n".getBytes());
      byte[] buffer = new byte[1024];
      accepted.getInputStream().read(buffer);
      accepted.getOutputStream().write(buffer);
    }
  }

  /** A server accepts nobody, and the client waits for a reply. */
  private static void asked(Sockets sockets, String request) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket("localhost", server.getLocalPort());
    client.getOutputStream().write(request.getBytes());
    client.getInputStream().read();
  }

  private static void noFlush(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket("localhost", server.getLocalPort());
    new PrintWriter(client.getOutputStream()).println("hello");
    client.getInputStream().read();
  }

  private static void emptyLater(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket("localhost", server.getLocalPort());
    Socket accepted = server.accept();
    client.getOutputStream().write("hello".getBytes());
    accepted.getInputStream().readNBytes(5);
    accepted.getOutputStream().write("HELLO".getBytes());
    client.getInputStream().readNBytes(5);
    client.getOutputStream().write("".getBytes());
    client.getInputStream().read();
  }

  private static void nobody(Sockets sockets) throws Exception {
    DatagramSocket gone = sockets.datagrams(0, loopback());
    DatagramPacket packet = Scenario.packet("hello", gone);
    gone.close();
    DatagramSocket socket = sockets.datagrams();
    socket.send(packet);
    receive(socket);
  }

  /** Starts what waits for long, and rightly so; another's mistake ends the program after that. */
  private static void none(Sockets sockets) throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (Mistake waiting :
        List.<Mistake>of(
            one -> one.server(0).accept(),
            Mistakes::serverReads,
            Mistakes::serverReadsAgain,
            Mistakes::clientReadsOn,
            Mistakes::udpServer,
            Mistakes::udpServerAgain,
            Mistakes::broadcast)) {
      threads.add(start(waiting, sockets));
    }
    threads.add(start(one -> chat(one, threads), sockets));
    for (Thread thread : List.copyOf(threads)) {
      while (!Threads.SYSTEM.waits(thread)) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  private static Thread start(Mistake waiting, Sockets sockets) {
    return Threads.SYSTEM.start(
        () -> {
          try {
            waiting.make(sockets);
          } catch (Exception unexpected) {
            unexpected.printStackTrace();
          }
        });
  }

  private static void serverReads(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket(loopback(), server.getLocalPort());
    server.accept().getInputStream().read();
    client.close();
  }

  private static void serverReadsAgain(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket(loopback(), server.getLocalPort());
    new DataOutputStream(client.getOutputStream()).writeBytes("hello\n");
    Socket accepted = server.accept();
    accepted.getInputStream().readNBytes(6);
    accepted.getOutputStream().write("HELLO".getBytes());
    accepted.getInputStream().read();
    client.close();
  }

  private static void clientReadsOn(Sockets sockets) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket(loopback(), server.getLocalPort());
    client.getOutputStream().write("hello".getBytes());
    Socket accepted = server.accept();
    accepted.getOutputStream().write("HELLO".getBytes());
    client.getInputStream().readNBytes(5);
    client.getInputStream().read();
    accepted.close();
  }

  private static void udpServer(Sockets sockets) throws Exception {
    DatagramSocket socket = sockets.datagrams(0, loopback());
    System.out.println("bound to a port: " + (socket.getLocalPort() > 0));
    receive(socket);
  }

  private static void udpServerAgain(Sockets sockets) throws Exception {
    DatagramSocket server = sockets.datagrams(0, loopback());
    DatagramSocket client = sockets.datagrams(0, loopback());
    client.send(Scenario.packet("hello", server));
    server.send(DatagramScenarios.receive(server, 9));
    receive(server);
  }

  private static void broadcast(Sockets sockets) throws Exception {
    DatagramSocket socket = sockets.datagrams(0);
    InetAddress everybody = InetAddress.getByName("127.255.255.255");
    socket.send(new DatagramPacket(new byte[1], 1, everybody, 9));
    receive(socket);
  }

  /** One thread sends what the other one does not read the reply to. */
  private static void chat(Sockets sockets, List<Thread> threads) throws Exception {
    ServerSocket server = sockets.server(0, 5, loopback());
    Socket client = sockets.socket(loopback(), server.getLocalPort());
    threads.add(start(one -> client.getInputStream().read(), sockets));
    client.getOutputStream().write("hello".getBytes());
    server.accept().getInputStream().readNBytes(6);
  }
}
