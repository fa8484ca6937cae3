package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Unix domain sockets, beside the JDK's own, which are streams alone. */
@DisabledOnOs(OS.WINDOWS)
class UnixDomainTest {
  /** Short: a path has some 100 bytes at most. */
  private Path folder;

  private Path path;

  static List<Kind> kinds() {
    return Kind.all();
  }

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("capsock-");
    path = folder.resolve("s");
  }

  @AfterEach
  void removeFolder() throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static Kind.Client client(boolean tcp, UnixDomainSocketAddress to) throws IOException {
    if (tcp) {
      TcpClient client = new TcpClient(to, new TcpClientOptions());
      return Kind.of(client::request, client::close);
    }
    UdpClient client = new UdpClient(to, new UdpClientOptions());
    return Kind.of(client::request, client::close);
  }

  private static String ask(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    ByteBuffer reply = ByteBuffer.allocate(1000);
    while (reply.position() == 0 || reply.get(reply.position() - 1) != '\n') {
      if (channel.read(reply) < 0) {
        break;
      }
    }
    return new String(reply.array(), 0, reply.position(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindAnswers(Kind kind) throws Exception {
    try (Server server = kind.server().host("unix:" + path).start()) {
      UnixDomainSocketAddress address = server.unixAddress().orElseThrow();
      assertEquals(path, address.getPath());
      assertEquals(0, server.port());
      assertTrue(server.address().isUnresolved());
      assertEquals("unix:" + path, server.address().getHostString());
      assertEquals(List.of(server.address()), server.addresses());
      try (Kind.Client client = client(kind.tcp(), address)) {
        assertEquals("HELLO", client.request("hello"));
        assertEquals("STRASSE", client.request("straße"));
      }
      if (kind.tcp()) {
        try (SocketChannel channel = SocketChannel.open(address);
            TcpClient client = new TcpClient(server.address().getHostString(), server.port())) {
          if (kind.concurrency() != Concurrency.ITERATIVE) {
            assertEquals("HELLO\n", ask(channel, "hello\n"));
            assertEquals("HELLO", client.request("hello"));
          }
          assertEquals(server.address(), client.peerAddress());
          assertEquals("unix:", client.localAddress().getHostString());
        }
      }
    }
    assertFalse(Files.exists(path));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aHandlerIsToldWhoAsks(boolean tcp) throws Exception {
    var told = new ConcurrentLinkedQueue<RequestContext>();
    ContextHandler handler =
        (request, context) -> {
          told.add(context);
          return request;
        };
    Kind kind = new Kind(tcp, Concurrency.THREADS);
    try (Server server = kind.server().host("unix:" + path).handler(handler).start();
        Kind.Client client = client(tcp, server.unixAddress().orElseThrow())) {
      assertEquals("hello", client.request("hello"));
      RequestContext context = told.remove();
      assertEquals(server.address(), context.local());
      assertTrue(context.peer().getHostString().startsWith("unix:"), context.toString());
      assertEquals(0, context.peer().getPort());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theFile(boolean tcp) throws Exception {
    Kind kind = new Kind(tcp, Concurrency.EVENTS);
    ServerOptions options = kind.server().host("unix:" + path).socketMode(0600);
    try (Server server = options.start()) {
      var permissions = Files.getPosixFilePermissions(path);
      assertEquals(PosixFilePermissions.fromString("rw-------"), permissions);
      assertThrows(BindException.class, options::start);
      assertEquals(path, server.unixAddress().orElseThrow().getPath());
    }
    Files.writeString(path, "text");
    assertThrows(BindException.class, options::start);
    assertEquals("text", Files.readString(path));
  }

  @Test
  void whatIsWrongIsSaid() throws Exception {
    TcpClientOptions options = new TcpClientOptions();
    UnixDomainSocketAddress missing = UnixDomainSocketAddress.of(path);
    assertThrows(ConnectException.class, () -> new TcpClient(missing, options));
    assertThrows(
        IllegalArgumentException.class, () -> new TcpClient("unix:" + "x".repeat(200), 0, options));
    assertThrows(IllegalArgumentException.class, () -> Server.tcp().socketMode(0600).start());
    try (var files = Files.list(folder)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anAbstractName() throws Exception {
    String host = "unix:@capsock-java-" + ProcessHandle.current().pid();
    try (Server server = Server.tcp().framing(Framing.LINE).host(host).start();
        TcpClient client = new TcpClient(host, 0)) {
      assertEquals("HELLO", client.request("hello"));
      assertEquals(Optional.empty(), server.unixAddress());
      assertEquals(InetSocketAddress.createUnresolved(host, 0), server.address());
    }
  }
}
