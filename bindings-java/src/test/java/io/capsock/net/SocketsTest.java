package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capsock.Child;
import io.capsock.net.Scenario.Run;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What capsock's classes have besides what the JDK's have. */
class SocketsTest {
  @TempDir Path folder;

  /** A method that the JDK's class did itself would do it to another socket. */
  @Test
  void everyMethodOfDatagramSocketIsOverridden() throws Exception {
    for (Method method : java.net.DatagramSocket.class.getDeclaredMethods()) {
      int modifiers = method.getModifiers();
      if (Modifier.isPublic(modifiers) && !Modifier.isStatic(modifiers)) {
        Method ours = DatagramSocket.class.getMethod(method.getName(), method.getParameterTypes());
        assertSame(DatagramSocket.class, ours.getDeclaringClass(), method.toString());
      }
    }
  }

  /** The protected ones are for subclasses. */
  private static boolean isForPrograms(Constructor<?> constructor) {
    return (constructor.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0;
  }

  @Test
  void everyConstructorIsThere() {
    List<List<Class<?>>> pairs =
        List.of(
            List.of(java.net.Socket.class, Socket.class),
            List.of(java.net.ServerSocket.class, ServerSocket.class),
            List.of(java.net.DatagramSocket.class, DatagramSocket.class));
    for (List<Class<?>> pair : pairs) {
      Arrays.stream(pair.get(0).getDeclaredConstructors())
          .filter(SocketsTest::isForPrograms)
          .forEach(
              theirs -> {
                var ours =
                    Arrays.stream(pair.get(1).getDeclaredConstructors())
                        .filter(SocketsTest::isForPrograms)
                        .filter(one -> sameParameters(one.getParameterTypes(), theirs))
                        .findFirst();
                assertTrue(ours.isPresent(), theirs + " is missing");
                assertEquals(
                    List.of(theirs.getExceptionTypes()),
                    List.of(ours.get().getExceptionTypes()),
                    theirs.toString());
              });
    }
  }

  private static boolean sameParameters(Class<?>[] ours, java.lang.reflect.Constructor<?> theirs) {
    return Arrays.equals(ours, theirs.getParameterTypes());
  }

  /** An import turns the one into the other, in a program that catches nothing. */
  @Test
  void aProgramThatOnlyAddsImports() throws Exception {
    String program =
        """
        import io.capsock.net.DatagramSocket;
        import io.capsock.net.ServerSocket;
        import io.capsock.net.Socket;
        import java.io.*;
        import java.net.*;

        class Main {
          static Socket later = new Socket();

          public static void main(String[] arguments) throws IOException {
            try (ServerSocket server = new ServerSocket(0)) {
              later.connect(server.getLocalSocketAddress());
              Socket accepted = server.accept();
              later.getOutputStream().write(1);
              System.out.println(accepted.getInputStream().read());
            }
            try (DatagramSocket socket = new DatagramSocket()) {
              System.out.println(socket.isBound() + " " + (socket instanceof java.net.DatagramSocket));
            }
          }
        }
        """;
    Path source = Files.writeString(folder.resolve("Main.java"), program);
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", Child.JAR.toString(), "-d", "" + folder, "" + source);
    assertEquals(0, compiled);
    List<String> command =
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            Child.JAR + File.pathSeparator + folder,
            "Main");
    assertEquals(new Child.Ended(0, "1\ntrue true\n"), Child.run(command));
  }

  @Test
  void aServerAcceptsSocketsOfItsKind() throws Exception {
    try (ServerSocket server = new ServerSocket(0);
        Socket client = new Socket("localhost", server.getLocalPort());
        Socket accepted = server.accept()) {
      assertEquals(client.getLocalPort(), accepted.getPort());
      // The JDK's own client is served as well.
      try (java.net.Socket other = new java.net.Socket("localhost", server.getLocalPort());
          Socket third = server.accept()) {
        other.getOutputStream().write(3);
        assertEquals(3, third.getInputStream().read());
      }
    }
  }

  /** As SSLServerSocket and others do it. */
  @Test
  void aServerMayAcceptSocketsOfItsOwn() throws Exception {
    class Counting extends Socket {
      int closes;

      @Override
      public synchronized void close() throws IOException {
        closes++;
        super.close();
      }
    }
    class Server extends java.net.ServerSocket {
      Server() throws IOException {}

      java.net.Socket into(java.net.Socket socket) throws IOException {
        implAccept(socket);
        return socket;
      }
    }
    class OurServer extends ServerSocket {
      OurServer() throws IOException {
        super(0);
      }

      Counting acceptCounting() throws IOException {
        Counting socket = new Counting();
        implAccept(socket);
        return socket;
      }
    }
    try (OurServer server = new OurServer();
        Socket client = new Socket("localhost", server.getLocalPort())) {
      Counting accepted = server.acceptCounting();
      client.getOutputStream().write(4);
      assertEquals(4, accepted.getInputStream().read());
      accepted.close();
      assertEquals(1, accepted.closes);
    }
    // The JDK's own server has another kind of socket, and says so.
    try (Server server = new Server();
        Socket socket = new Socket()) {
      server.bind(new InetSocketAddress("localhost", 0));
      assertThrows(IOException.class, () -> server.into(socket));
    }
  }

  /** What java.net.Socket's deprecated constructors do with a SocketImpl, while there are some. */
  @Test
  void aSocketOfDatagrams() throws Exception {
    try (DatagramSocket peer = new DatagramSocket(0, Scenario.loopback())) {
      SocketImpl socket = new SocketImpl(false);
      socket.create(false);
      socket.bind(Scenario.loopback(), 0);
      socket.connect(peer.getLocalSocketAddress(), 0);
      socket.getOutputStream().write("hello".getBytes());
      assertEquals("hello", Scenario.text(DatagramScenarios.receive(peer, 10)));
      socket.close();
    }
  }

  /** A library that builds on any java.net.Socket. */
  @Test
  void tlsOverIt() throws Exception {
    Path store = folder.resolve("keys.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String[] command = {
      keytool,
      "-genkeypair",
      "-keyalg",
      "EC",
      "-dname",
      "CN=localhost",
      "-storetype",
      "PKCS12",
      "-storepass",
      "changeit",
      "-keystore",
      store.toString(),
      "-ext",
      "san=dns:localhost"
    };
    assertEquals(
        0,
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.DISCARD)
            .start()
            .waitFor());
    KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
    var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, "changeit".toCharArray());
    var trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(keys);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
    var factory = context.getSocketFactory();
    try (ServerSocket server = new ServerSocket(0);
        Socket client = new Socket("localhost", server.getLocalPort());
        Socket accepted = server.accept();
        var encrypted = factory.createSocket(client, "localhost", client.getPort(), true);
        var answering = (SSLSocket) factory.createSocket(accepted, null, true)) {
      answering.setUseClientMode(false);
      var answer = new FutureTask<>(() -> Run.word(() -> echo(answering)));
      Threads.SYSTEM.start(answer);
      encrypted.getOutputStream().write("hello".getBytes());
      encrypted.shutdownOutput();
      assertEquals("hello", new String(encrypted.getInputStream().readAllBytes()));
      assertEquals("5", answer.get());
    }
  }

  private static long echo(SSLSocket socket) throws IOException {
    long echoed = socket.getInputStream().transferTo(socket.getOutputStream());
    socket.shutdownOutput();
    return echoed;
  }
}
