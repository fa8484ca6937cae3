package io.capsock.net;

import static io.capsock.net.DatagramScenarios.receive;
import static io.capsock.net.DatagramScenarios.state;
import static io.capsock.net.Scenario.loopback;
import static io.capsock.net.Scenario.packet;
import static io.capsock.net.Scenario.text;

import io.capsock.net.Scenario.Run;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.util.List;

/** Datagrams with a peer, and with a group. */
final class DatagramPeerScenarios {
  private static final int SHORT = 60;

  static final List<Scenario> ALL =
      List.of(
          new Scenario("a datagram socket with a peer", DatagramPeerScenarios::connected),
          new Scenario("peers that cannot be", DatagramPeerScenarios::impossiblePeers),
          new Scenario("datagrams of others than the peer", DatagramPeerScenarios::filtering),
          new Scenario("datagrams from before the peer", DatagramPeerScenarios::before),
          new Scenario("packets to others than the peer", DatagramPeerScenarios::others),
          new Scenario("a peer that is not there", DatagramPeerScenarios::unreachable),
          new Scenario("giving the peer up", DatagramPeerScenarios::disconnected),
          new Scenario("giving no peer up", DatagramPeerScenarios::disconnectedBefore),
          new Scenario("another peer", DatagramPeerScenarios::reconnected),
          new Scenario("a peer of a socket not bound", DatagramPeerScenarios::unbound),
          new Scenario("too long for the peer", DatagramPeerScenarios::tooLong),
          new Scenario("a blocked receive with a peer", DatagramPeerScenarios::blocked),
          new Scenario("groups that are none", DatagramPeerScenarios::noGroups),
          new Scenario("joining and leaving", DatagramPeerScenarios::membership),
          new Scenario("a datagram to a group", DatagramPeerScenarios::group),
          new Scenario("the interface for groups", DatagramPeerScenarios::groupInterface),
          new Scenario("a broadcast", DatagramPeerScenarios::broadcast));

  private DatagramPeerScenarios() {}

  private static void connected(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(loopback(), peer.getLocalPort());
    state(run, socket);
    socket.send(new DatagramPacket("hello".getBytes(), 5));
    DatagramPacket request = receive(peer, 10);
    run.note("there", () -> text(request));
    peer.send(request);
    run.note("back", () -> text(receive(socket, 10)));
    DatagramPacket addressed = new DatagramPacket("x".getBytes(), 1);
    socket.send(addressed);
    run.note("named", addressed::getAddress);
    run.note("its port", () -> addressed.getPort() == peer.getLocalPort());
    socket.close();
    state(run, socket);
  }

  private static void impossiblePeers(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    run.note("null", () -> socket.connect(null));
    run.note("null address", () -> socket.connect(null, 9));
    run.note("port 0", () -> socket.connect(loopback(), 0));
    run.note("port 0", () -> socket.connect(new InetSocketAddress(loopback(), 0)));
    SocketAddress unresolved = InetSocketAddress.createUnresolved("localhost", 9);
    run.note("unresolved", () -> socket.connect(unresolved));
    run.note("another type", () -> socket.connect(new SocketAddress() {}));
    InetAddress ipv6 = InetAddress.getByName("::1");
    run.note("IPv6 from IPv4", () -> socket.connect(ipv6, 9));
    state(run, socket);
  }

  private static void filtering(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket stranger = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(peer.getLocalSocketAddress());
    stranger.send(packet("a stranger", socket));
    peer.send(packet("the peer", socket));
    socket.setSoTimeout(SHORT);
    run.note("first", () -> text(receive(socket, 20)));
    run.noteTimed("second", SHORT, () -> text(receive(socket, 20)));
  }

  private static void before(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket stranger = run.datagrams();
    DatagramSocket socket = run.datagrams();
    stranger.send(packet("a stranger, before", socket));
    stranger.send(packet("", socket));
    peer.send(packet("the peer, before", socket));
    socket.connect(peer.getLocalSocketAddress());
    peer.send(packet("the peer, after", socket));
    run.note("first", () -> text(receive(socket, 20)));
  }

  private static void others(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket stranger = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(peer.getLocalSocketAddress());
    run.note("a stranger", () -> socket.send(packet("x", stranger)));
    run.note("the peer", () -> socket.send(packet("x", peer)));
    DatagramPacket another = packet("x", peer);
    another.setAddress(InetAddress.getByName("127.0.0.2"));
    run.note("another address", () -> socket.send(another));
  }

  private static void unreachable(Run run) throws Exception {
    DatagramSocket gone = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(gone.getLocalSocketAddress());
    gone.close();
    DatagramPacket packet = new DatagramPacket("x".getBytes(), 1);
    socket.setSoTimeout((int) Scenario.LIMIT.toMillis());
    run.note("send", () -> socket.send(packet));
    run.note("receive", () -> receive(socket, 1));
    run.note("send", () -> socket.send(packet));
    run.note("send again", () -> socket.send(packet));
    run.note("closed", socket::isClosed);
  }

  private static void disconnected(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket stranger = run.datagrams();
    for (DatagramSocket socket : List.of(run.datagrams(), run.closing(run.sockets.datagrams()))) {
      int own = socket.getLocalPort();
      socket.connect(peer.getLocalSocketAddress());
      state(run, socket);
      run.note("disconnect", socket::disconnect);
      state(run, socket);
      run.note("same port", () -> socket.getLocalPort() == own);
      stranger.send(packet("a stranger", socket));
      run.note("received", () -> text(receive(socket, 20)));
      run.note("no address", () -> socket.send(new DatagramPacket(new byte[1], 1)));
      run.note("again", socket::disconnect);
    }
  }

  private static void disconnectedBefore(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    run.note("disconnect", socket::disconnect);
    state(run, socket);
    DatagramSocket unbound = run.closing(run.sockets.datagrams((SocketAddress) null));
    run.note("disconnect", unbound::disconnect);
    state(run, unbound);
  }

  private static void reconnected(Run run) throws Exception {
    DatagramSocket one = run.datagrams();
    DatagramSocket other = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(one.getLocalSocketAddress());
    run.note("again", () -> socket.connect(other.getLocalSocketAddress()));
    run.note("peer", () -> socket.getPort() == other.getLocalPort());
    socket.send(new DatagramPacket("hello".getBytes(), 5));
    run.note("received", () -> text(receive(other, 10)));
  }

  private static void unbound(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket socket = run.closing(run.sockets.datagrams((SocketAddress) null));
    run.note("connect", () -> socket.connect(peer.getLocalSocketAddress()));
    state(run, socket);
    run.note("disconnect", socket::disconnect);
    state(run, socket);
  }

  private static void tooLong(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(peer.getLocalSocketAddress());
    byte[] bytes = new byte[70_000];
    run.note("too long", () -> socket.send(new DatagramPacket(bytes, 65_508)));
    run.note("much too long", () -> socket.send(new DatagramPacket(bytes, 70_000)));
    run.note("long", () -> socket.send(new DatagramPacket(bytes, 65_507)));
    run.note("received", () -> receive(peer, 70_000).getLength());
  }

  private static void blocked(Run run) throws Exception {
    DatagramSocket peer = run.datagrams();
    DatagramSocket stranger = run.datagrams();
    DatagramSocket socket = run.datagrams();
    socket.connect(peer.getLocalSocketAddress());
    run.noteWhileBlocked(
        "receive",
        () -> text(receive(socket, 20)),
        waiting -> {
          run.note("port", () -> socket.getPort() == peer.getLocalPort());
          run.note("buffer", () -> socket.getReceiveBufferSize() > 0);
          stranger.send(packet("a stranger", socket));
          socket.send(new DatagramPacket("there".getBytes(), 5));
          run.note("there", () -> text(receive(peer, 10)));
          peer.send(packet("the peer", socket));
        });
  }

  private static NetworkInterface loopbackInterface() throws Exception {
    return NetworkInterface.getByInetAddress(loopback());
  }

  private static void noGroups(Run run) throws Exception {
    DatagramSocket socket = run.closing(run.sockets.datagrams(0));
    NetworkInterface through = loopbackInterface();
    SocketAddress[] groups = {
      null,
      new SocketAddress() {},
      new InetSocketAddress(loopback(), 0),
      InetSocketAddress.createUnresolved("localhost", 0)
    };
    for (SocketAddress group : groups) {
      run.note("join", () -> socket.joinGroup(group, through));
      run.note("leave", () -> socket.leaveGroup(group, through));
    }
    socket.close();
    SocketAddress group = new InetSocketAddress("224.0.0.251", 0);
    run.note("closed, join", () -> socket.joinGroup(group, through));
    run.note("closed, leave", () -> socket.leaveGroup(group, through));
  }

  private static void membership(Run run) throws Exception {
    NetworkInterface through = loopbackInterface();
    for (String name : new String[] {"239.1.2.3", "ff02::1234"}) {
      DatagramSocket socket = run.closing(run.sockets.datagrams(0));
      SocketAddress group = new InetSocketAddress(name, 0);
      run.note("leave", () -> socket.leaveGroup(group, through));
      run.note("join", () -> socket.joinGroup(group, through));
      run.note("join again", () -> socket.joinGroup(group, through));
      run.note("leave", () -> socket.leaveGroup(group, through));
      run.note("leave again", () -> socket.leaveGroup(group, through));
    }
  }

  private static void group(Run run) throws Exception {
    NetworkInterface through = loopbackInterface();
    InetAddress group = InetAddress.getByName("239.1.2.4");
    DatagramSocket socket = run.closing(run.sockets.datagrams(0));
    DatagramSocket member = run.closing(run.sockets.datagrams(0));
    member.setSoTimeout(SHORT);
    run.note("join", () -> member.joinGroup(new InetSocketAddress(group, 0), through));
    socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, through);
    byte[] bytes = "hello".getBytes();
    run.note(
        "send",
        () -> socket.send(new DatagramPacket(bytes, bytes.length, group, member.getLocalPort())));
    run.note("receive", () -> text(receive(member, 10)));
    run.note("leave", () -> member.leaveGroup(new InetSocketAddress(group, 0), through));
    run.note(
        "send",
        () -> socket.send(new DatagramPacket(bytes, bytes.length, group, member.getLocalPort())));
    run.note("receive", () -> text(receive(member, 10)));
  }

  private static void groupInterface(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    run.note("default", () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_IF));
    NetworkInterface through = loopbackInterface();
    run.note(
        "set", () -> socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, through) == socket);
    run.note("is", () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_IF));
    run.note("null", () -> socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, null));
  }

  private static void broadcast(Run run) throws Exception {
    DatagramSocket socket = run.closing(run.sockets.datagrams(0));
    InetAddress everybody = InetAddress.getByName("127.255.255.255");
    DatagramPacket packet =
        new DatagramPacket("hello".getBytes(), 5, everybody, socket.getLocalPort());
    socket.setSoTimeout(SHORT);
    run.note("allowed", () -> socket.send(packet));
    run.note("receive", () -> text(receive(socket, 10)));
    socket.setBroadcast(false);
    run.note("forbidden", () -> socket.send(packet));
  }
}
