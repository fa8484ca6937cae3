package io.capsock.net;

import static io.capsock.net.DatagramScenarios.receive;
import static io.capsock.net.DatagramScenarios.state;
import static io.capsock.net.Scenario.text;

import io.capsock.net.Scenario.Run;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Where a datagram and a connection go, by the kind of the address and of the socket. */
final class AddressScenarios {
  private static final int LIMIT = (int) Scenario.LIMIT.toMillis();

  /** What sockets are bound to. */
  private static final String[] OWN = {"0.0.0.0", "::", "127.0.0.1", "::1"};

  static final List<Scenario> ALL = scenarios();

  private AddressScenarios() {}

  private static List<Scenario> scenarios() {
    List<Scenario> all = new ArrayList<>();
    for (String own : OWN) {
      all.add(new Scenario("sends from " + own, run -> sends(run, own)));
      all.add(new Scenario("datagram peers of " + own, run -> peers(run, own)));
      all.add(new Scenario("connects from " + own, run -> connects(run, own)));
      all.add(new Scenario("connects to a server on " + own, run -> servers(run, own)));
    }
    all.add(new Scenario("binds to every kind of address", AddressScenarios::binds));
    return all;
  }

  /** Any, own, mapped, compatible, broadcast, multicast and link-local addresses. */
  private static List<InetAddress> targets() throws Exception {
    List<InetAddress> targets = new ArrayList<>();
    for (String name :
        new String[] {
          "0.0.0.0",
          "::",
          "127.0.0.1",
          "127.0.0.2",
          "::1",
          "::ffff:127.0.0.1",
          "::ffff:0.0.0.0",
          "127.255.255.255",
          "fe80::1234%1",
        }) {
      targets.add(InetAddress.getByName(name));
    }
    // As objects of Inet6Address, which InetAddress.getByName never makes.
    targets.add(mapped(127, 0, 0, 1));
    targets.add(mapped(0, 0, 0, 0));
    targets.add(mapped(127, 255, 255, 255));
    return targets;
  }

  private static InetAddress mapped(int... v4) throws Exception {
    byte[] bytes = new byte[16];
    bytes[10] = (byte) 0xff;
    bytes[11] = (byte) 0xff;
    for (int place = 0; place < v4.length; place++) {
      bytes[12 + place] = (byte) v4[place];
    }
    return Inet6Address.getByAddress(null, bytes, -1);
  }

  private static String kind(InetAddress address) {
    return address.getClass().getSimpleName() + " " + address.getHostAddress();
  }

  private static DatagramSocket on(Run run, String address) throws Exception {
    DatagramSocket socket = run.closing(run.sockets.datagrams(0, InetAddress.getByName(address)));
    socket.setSoTimeout(LIMIT);
    return socket;
  }

  private static void sends(Run run, String own) throws Exception {
    for (String theirs : OWN) {
      DatagramSocket peer = on(run, theirs);
      for (InetAddress target : targets()) {
        String to = kind(target) + " of a socket on " + theirs;
        DatagramSocket socket = on(run, own);
        byte[] bytes = "hello".getBytes();
        DatagramPacket packet = new DatagramPacket(bytes, 5, target, peer.getLocalPort());
        run.note("send to " + to, () -> socket.send(packet));
        run.note("received", () -> received(peer, socket));
        socket.close();
      }
    }
  }

  /** What came, if anything did: a datagram of the peer's own, sent later, ends the wait. */
  private static String received(DatagramSocket peer, DatagramSocket from) throws Exception {
    peer.send(new DatagramPacket(new byte[0], 0, peer.getLocalSocketAddress()));
    DatagramPacket packet = receive(peer, 9);
    if (packet.getLength() == 0) {
      return "nothing";
    }
    receive(peer, 9);
    boolean known = packet.getPort() == from.getLocalPort();
    return text(packet) + " from " + packet.getAddress() + (known ? " its port" : " another port");
  }

  private static void peers(Run run, String own) throws Exception {
    for (String theirs : OWN) {
      DatagramSocket peer = on(run, theirs);
      for (InetAddress target : targets()) {
        DatagramSocket socket = on(run, own);
        String to = kind(target) + " of a socket on " + theirs;
        run.note("connect to " + to, () -> socket.connect(target, peer.getLocalPort()));
        state(run, socket);
        run.note("send", () -> socket.send(new DatagramPacket("hello".getBytes(), 5)));
        run.note("received", () -> received(peer, socket));
        run.note("disconnect", socket::disconnect);
        state(run, socket);
        socket.close();
      }
    }
  }

  private static void connects(Run run, String own) throws Exception {
    ServerSocket server = run.closing(run.sockets.server(0));
    for (InetAddress target : targets()) {
      if (target.isLinkLocalAddress()) {
        continue;
      }
      connect(run, server, target, InetAddress.getByName(own));
    }
  }

  private static void servers(Run run, String own) throws Exception {
    ServerSocket server = run.closing(run.sockets.server(0, 50, InetAddress.getByName(own)));
    for (InetAddress target : targets()) {
      if (target.isLinkLocalAddress()) {
        continue;
      }
      connect(run, server, target, null);
    }
  }

  private static void connect(Run run, ServerSocket server, InetAddress target, InetAddress own)
      throws Exception {
    server.setSoTimeout(LIMIT);
    Socket socket = run.socket();
    if (own != null) {
      run.note("bind", () -> socket.bind(new InetSocketAddress(own, 0)));
    }
    run.note(
        "connect to " + kind(target),
        () -> socket.connect(new InetSocketAddress(target, server.getLocalPort()), 2000));
    run.note("own", socket::getLocalAddress);
    run.note("peer", socket::getInetAddress);
    if (socket.isConnected()) {
      Socket accepted = run.closing(server.accept());
      run.note("accepted", () -> accepted.getInetAddress() + " at " + accepted.getLocalAddress());
      accepted.close();
    }
    socket.close();
  }

  private static void binds(Run run) throws Exception {
    List<InetAddress> addresses = targets();
    addresses.add(NetworkInterface.getByName("lo").getInetAddresses().nextElement());
    for (InetAddress address : addresses) {
      run.note(
          "datagrams on " + kind(address),
          () -> run.closing(run.sockets.datagrams(0, address)).getLocalAddress());
      run.note(
          "server on " + kind(address),
          () -> run.closing(run.sockets.server(0, 50, address)).getInetAddress());
      Socket socket = run.socket();
      run.note("socket on " + kind(address), () -> socket.bind(new InetSocketAddress(address, 0)));
      run.note("is", socket::getLocalAddress);
    }
  }
}
