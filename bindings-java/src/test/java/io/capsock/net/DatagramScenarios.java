package io.capsock.net;

import static io.capsock.net.Scenario.loopback;
import static io.capsock.net.Scenario.packet;
import static io.capsock.net.Scenario.text;

import io.capsock.net.Scenario.Run;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Datagrams without a peer. */
final class DatagramScenarios {
  private static final int SHORT = 60;

  static final List<Scenario> ALL =
      List.of(
          new Scenario("a datagram socket", DatagramScenarios::states),
          new Scenario("a datagram socket that is not bound", DatagramScenarios::unbound),
          new Scenario("a closed datagram socket", DatagramScenarios::closed),
          new Scenario("binding datagram sockets", DatagramScenarios::binds),
          new Scenario("datagram ports out of range", DatagramScenarios::ports),
          new Scenario("a datagram there and back", DatagramScenarios::thereAndBack),
          new Scenario("datagrams to every kind of address", DatagramScenarios::addresses),
          new Scenario("a receive that times out", DatagramScenarios::timeout),
          new Scenario("a datagram that is cut", DatagramScenarios::truncation),
          new Scenario("a packet that is used again", DatagramScenarios::packetAgain),
          new Scenario("a part of a packet's buffer", DatagramScenarios::partOfBuffer),
          new Scenario("an empty datagram", DatagramScenarios::empty),
          new Scenario("an empty buffer", DatagramScenarios::emptyBuffer),
          new Scenario("the longest datagrams", DatagramScenarios::longest),
          new Scenario("packets without an address", DatagramScenarios::noAddress),
          new Scenario("a port that nobody has", DatagramScenarios::nobody),
          new Scenario("sending binds", DatagramScenarios::sendingBinds),
          new Scenario("many datagrams", DatagramScenarios::many),
          new Scenario("closing a socket that receives", DatagramScenarios::closedMeanwhile),
          new Scenario("interrupting a receive", DatagramScenarios::interruptedReceive),
          new Scenario("an interrupted thread that receives", DatagramScenarios::interruptedBefore),
          new Scenario("null packets", DatagramScenarios::nullPackets));

  private DatagramScenarios() {}

  static void state(Run run, DatagramSocket socket) {
    run.note("bound", socket::isBound);
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
    run.note("local port", () -> Math.min(socket.getLocalPort(), 1));
    run.note("local address", socket::getLocalAddress);
    run.note("local", () -> StateScenarios.withoutPort(socket.getLocalSocketAddress()));
    run.note("port", () -> Math.min(socket.getPort(), 1));
    run.note("peer", socket::getInetAddress);
    run.note("remote", () -> StateScenarios.withoutPort(socket.getRemoteSocketAddress()));
    run.note("channel", socket::getChannel);
  }

  static DatagramPacket receive(DatagramSocket socket, int length) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[length], length);
    socket.receive(packet);
    return packet;
  }

  private static void states(Run run) throws Exception {
    state(run, run.datagrams());
    state(run, run.closing(run.sockets.datagrams()));
    state(run, run.closing(run.sockets.datagrams(0)));
    state(run, run.closing(run.sockets.datagrams(0, null)));
    state(run, run.closing(run.sockets.datagrams(new InetSocketAddress(loopback(), 0))));
  }

  private static void unbound(Run run) throws Exception {
    DatagramSocket socket = run.closing(run.sockets.datagrams((SocketAddress) null));
    state(run, socket);
    run.note("bind", () -> socket.bind(new InetSocketAddress(loopback(), 0)));
    state(run, socket);
    DatagramSocket closed = run.closing(run.sockets.datagrams((SocketAddress) null));
    closed.close();
    state(run, closed);
  }

  private static void closed(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    socket.close();
    state(run, socket);
    run.note("again", socket::close);
    run.note("bind", () -> socket.bind(null));
    run.note("connect", () -> socket.connect(loopback(), 9));
    run.note("connect", () -> socket.connect(new InetSocketAddress(loopback(), 9)));
    run.note("disconnect", socket::disconnect);
    run.note("send", () -> socket.send(new DatagramPacket(new byte[1], 1, loopback(), 9)));
    run.note("receive", () -> receive(socket, 1));
    run.note("timeout", socket::getSoTimeout);
    run.note("set timeout", () -> socket.setSoTimeout(1));
    run.note("broadcast", socket::getBroadcast);
    run.note("reuse", socket::getReuseAddress);
    run.note("traffic class", socket::getTrafficClass);
    run.note("set traffic class", () -> socket.setTrafficClass(1));
    run.note("set buffer", () -> socket.setSendBufferSize(1));
  }

  private static void binds(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    run.note("again", () -> socket.bind(new InetSocketAddress(loopback(), 0)));
    run.note("again to null", () -> socket.bind(null));
    run.note("taken", () -> run.sockets.datagrams(socket.getLocalPort(), loopback()));
    SocketAddress[] addresses = {
      InetSocketAddress.createUnresolved("localhost", 0),
      new InetSocketAddress("192.0.2.1", 0),
      new InetSocketAddress("2001:db8::1", 0),
      new SocketAddress() {}
    };
    for (SocketAddress address : addresses) {
      run.note("socket", () -> run.sockets.datagrams(address));
      DatagramSocket unbound = run.closing(run.sockets.datagrams((SocketAddress) null));
      run.note("bind", () -> unbound.bind(address));
      run.note("closed", unbound::isClosed);
    }
    DatagramSocket any = run.closing(run.sockets.datagrams((SocketAddress) null));
    run.note("to null", () -> any.bind(null));
    state(run, any);
  }

  private static void ports(Run run) {
    for (int port : new int[] {-1, 65536}) {
      run.note("socket", () -> run.sockets.datagrams(port));
      run.note("with address", () -> run.sockets.datagrams(port, loopback()));
      run.note("connect", () -> run.datagrams().connect(loopback(), port));
    }
  }

  private static void thereAndBack(Run run) throws Exception {
    DatagramSocket server = run.datagrams();
    DatagramSocket client = run.datagrams();
    client.send(packet("hello", server));
    DatagramPacket request = receive(server, 2048);
    run.note("there", () -> text(request));
    run.note("from", request::getAddress);
    run.note("its port", () -> request.getPort() == client.getLocalPort());
    run.note("address", () -> StateScenarios.withoutPort(request.getSocketAddress()));
    request.setData("HELLO".getBytes());
    server.send(request);
    run.note("back", () -> text(receive(client, 2048)));
  }

  private static void addresses(Run run) throws Exception {
    DatagramSocket server = run.closing(run.sockets.datagrams(0));
    DatagramSocket client = run.closing(run.sockets.datagrams(0));
    for (String host : new String[] {"127.0.0.1", "::1", "127.0.0.2", "::ffff:127.0.0.1"}) {
      DatagramPacket packet =
          new DatagramPacket(new byte[] {1}, 1, InetAddress.getByName(host), server.getLocalPort());
      run.note("send to " + host, () -> client.send(packet));
      server.setSoTimeout(SHORT);
      run.note("from", () -> receive(server, 1).getAddress());
    }
  }

  private static void timeout(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    socket.setSoTimeout(SHORT);
    run.noteTimed("receive", SHORT, () -> receive(socket, 1));
    run.note("closed", socket::isClosed);
    run.datagrams().send(packet("later", socket));
    run.note("then", () -> text(receive(socket, 10)));
    socket.setSoTimeout(0);
    run.datagrams().send(packet("at last", socket));
    run.note("without a limit", () -> text(receive(socket, 10)));
  }

  private static void truncation(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    socket.send(packet("longer than that", socket));
    socket.send(packet("next", socket));
    run.note("cut", () -> text(receive(socket, 6)));
    run.note("next", () -> text(receive(socket, 6)));
  }

  /** A packet's room is its buffer's, however short the datagram before was. */
  private static void packetAgain(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    DatagramPacket packet = new DatagramPacket(new byte[10], 10);
    for (String text : new String[] {"1234567890", "1", "", "12345", "123456789012", "12"}) {
      socket.send(packet(text, socket));
      socket.receive(packet);
      run.note("received", () -> text(packet));
      run.note("length", packet::getLength);
    }
    packet.setLength(3);
    socket.send(packet("12345", socket));
    socket.receive(packet);
    run.note("with less room", () -> text(packet));
  }

  private static void partOfBuffer(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    byte[] buffer = "..........".getBytes();
    DatagramPacket packet = new DatagramPacket(buffer, 2, 5);
    socket.send(packet("1234567", socket));
    socket.receive(packet);
    run.note("buffer", () -> new String(buffer));
    run.note("offset", packet::getOffset);
    packet.setPort(socket.getLocalPort());
    packet.setData(buffer, 3, 2);
    socket.send(packet);
    run.note("sent", () -> text(receive(socket, 10)));
  }

  private static void empty(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    socket.send(packet("", socket));
    socket.send(packet("next", socket));
    run.note("empty", () -> receive(socket, 10).getLength());
    run.note("next", () -> text(receive(socket, 10)));
  }

  private static void emptyBuffer(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    socket.send(packet("lost", socket));
    socket.send(packet("next", socket));
    run.note("nothing", () -> receive(socket, 0).getLength());
    run.note("next", () -> text(receive(socket, 10)));
  }

  private static void longest(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    byte[] bytes = new byte[70_000];
    new Random(1).nextBytes(bytes);
    for (int length : new int[] {65_507, 65_508, 65_535, 65_536, 70_000}) {
      DatagramPacket packet = new DatagramPacket(bytes, length, loopback(), socket.getLocalPort());
      run.note("send " + length, () -> socket.send(packet));
    }
    DatagramPacket received = receive(socket, 70_000);
    run.note("length", received::getLength);
    run.note("same", () -> Arrays.equals(received.getData(), 0, 65_507, bytes, 0, 65_507));
  }

  private static void noAddress(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    byte[] bytes = {1};
    run.note("no address", () -> socket.send(new DatagramPacket(bytes, 1)));
    DatagramPacket portless = new DatagramPacket(bytes, 1);
    portless.setAddress(loopback());
    run.note("no port", () -> socket.send(portless));
    run.note("port 0", () -> socket.send(new DatagramPacket(bytes, 1, loopback(), 0)));
    DatagramPacket addressless = new DatagramPacket(bytes, 1);
    addressless.setPort(9);
    run.note("port alone", () -> socket.send(addressless));
  }

  private static void nobody(Run run) throws Exception {
    DatagramSocket gone = run.datagrams();
    DatagramPacket packet = packet("x", gone);
    gone.close();
    DatagramSocket socket = run.datagrams();
    run.note("send", () -> socket.send(packet));
    run.note("again", () -> socket.send(packet));
    socket.setSoTimeout(SHORT);
    run.noteTimed("receive", SHORT, () -> receive(socket, 1));
  }

  private static void sendingBinds(Run run) throws Exception {
    DatagramSocket server = run.datagrams();
    DatagramSocket client = run.closing(run.sockets.datagrams((SocketAddress) null));
    client.send(packet("hello", server));
    run.note("received", () -> text(receive(server, 10)));
    state(run, client);
    DatagramSocket receiver = run.closing(run.sockets.datagrams((SocketAddress) null));
    receiver.setSoTimeout(1);
    run.note("receive", () -> receive(receiver, 10));
    state(run, receiver);
  }

  private static void many(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    Random random = new Random(7);
    boolean same = true;
    for (int datagram = 0; datagram < 500; datagram++) {
      byte[] bytes = new byte[random.nextInt(3000)];
      random.nextBytes(bytes);
      socket.send(new DatagramPacket(bytes, bytes.length, loopback(), socket.getLocalPort()));
      DatagramPacket received = receive(socket, 3000);
      same &= Arrays.equals(received.getData(), 0, received.getLength(), bytes, 0, bytes.length);
    }
    boolean all = same;
    run.note("all as they were sent", () -> all);
  }

  private static void closedMeanwhile(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    DatagramPacket packet = new DatagramPacket(new byte[10], 10);
    run.noteWhileBlocked(
        "receive",
        () -> {
          socket.receive(packet);
          return "received";
        },
        blocked -> socket.close());
    run.note("again", () -> socket.receive(packet));
    run.note("send", () -> socket.send(new DatagramPacket(new byte[1], 1, loopback(), 9)));
  }

  private static void interruptedReceive(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    DatagramSocket sender = run.datagrams();
    run.noteWhileBlocked(
        "receive",
        () -> {
          DatagramPacket packet = new DatagramPacket(new byte[10], 10);
          socket.receive(packet);
          return text(packet) + " " + Thread.interrupted();
        },
        blocked -> {
          DatagramPacket packet = packet("hello", socket);
          blocked.interrupt();
          sender.send(packet);
        });
    run.note("closed", socket::isClosed);
  }

  private static void interruptedBefore(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    socket.setSoTimeout(SHORT);
    socket.send(packet("there already", socket));
    Thread.currentThread().interrupt();
    run.note("what is there", () -> text(receive(socket, 20)));
    run.note("nothing", () -> receive(socket, 20));
    run.note("interrupted", Thread::interrupted);
    run.note("closed", socket::isClosed);
    run.note("again", () -> receive(socket, 20));
  }

  private static void nullPackets(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    run.note("send", () -> Run.kind(() -> socket.send(null)));
    run.note("receive", () -> Run.kind(() -> socket.receive(null)));
  }
}
