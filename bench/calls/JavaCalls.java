// What a call costs in Java: capsock beside the JDK's own, on loopback.
//
// Usage: java --enable-native-access=ALL-UNNAMED -cp capsock.jar JavaCalls.java TCP_PORT UDP_PORT
// ROUNDS
// The ports are those of a server that makes upper case of lines and datagrams.
//
// It prints a line for each round of each row: the row, and the microseconds of the JDK's call and
// of capsock's. The two take turns, so that whatever else the machine does meets both.
import io.capsock.Capsock;
import io.capsock.Concurrency;
import io.capsock.Framing;
import io.capsock.Handler;
import io.capsock.Server;
import io.capsock.ServerOptions;
import io.capsock.TcpClient;
import io.capsock.UdpClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

class JavaCalls {
  private static final String TEXT =
      "the text of a request, of 64 bytes: The Quick Brown Fox jumps on";
  private static final String UPPER = TEXT.toUpperCase(Locale.ROOT);
  private static final int LENGTH = TEXT.length();
  private static final int MANY = 1000;
  private static final InetAddress HOST = InetAddress.getLoopbackAddress();

  private static int rounds;

  /** A call, so many times. */
  private interface Calls {
    void run(int times) throws IOException;
  }

  /** A request. */
  private interface Request {
    String ask(String text) throws IOException;
  }

  public static void main(String[] args) throws IOException {
    int tcp = Integer.parseInt(args[0]);
    int udp = Integer.parseInt(args[1]);
    rounds = Integer.parseInt(args[2]);
    compare(
        "`String.toUpperCase` and `uppercase`, 64 bytes",
        times -> {
          for (int call = 0; call < times; call++) {
            check(TEXT.toUpperCase(Locale.ROOT));
          }
        },
        times -> {
          for (int call = 0; call < times; call++) {
            check(Capsock.uppercase(TEXT));
          }
        },
        10_000);
    for (int timeout : new int[] {0, 5000}) {
      String with = timeout > 0 ? ", with a timeout" : "";
      compare(
          "`DatagramSocket`, `send` + `receive`" + with,
          datagrams(new DatagramSocket(0, HOST), timeout),
          datagrams(new io.capsock.net.DatagramSocket(0, HOST), timeout),
          5000);
      compare(
          "`Socket`, `write` + `read`" + with,
          streams(new ServerSocket(0, 1, HOST), new Socket(), timeout),
          streams(
              new io.capsock.net.ServerSocket(0, 1, HOST), new io.capsock.net.Socket(), timeout),
          5000);
    }
    compare(
        "`DatagramChannel` with direct memory, `DatagramSocket`",
        channel(),
        datagrams(new io.capsock.net.DatagramSocket(0, HOST), 0),
        5000);
    try (TcpClient ofTcp = new TcpClient(HOST.getHostAddress(), tcp);
        UdpClient ofUdp = new UdpClient(HOST.getHostAddress(), udp)) {
      compare("a request over TCP", requests(lines(tcp)), requests(ofTcp::request), 200);
      compare("a request over UDP", requests(texts(udp)), requests(ofUdp::request), 200);
      List<String> items = Collections.nCopies(MANY, TEXT);
      List<String> upper = Collections.nCopies(MANY, UPPER);
      many(
          "one of 1,000 requests over TCP: a loop, `requestMany`",
          requests(lines(tcp)),
          () -> ofTcp.requestMany(items).equals(upper));
      many(
          "one of 1,000 requests over UDP: a loop, `requestMany`",
          requests(texts(udp)),
          () -> ofUdp.requestMany(items).equals(upper));
    }
    Handler handler =
        request ->
            new String(request, StandardCharsets.UTF_8)
                .toUpperCase(Locale.ROOT)
                .getBytes(StandardCharsets.UTF_8);
    try (Server ofTcp = server(Server.tcp().framing(Framing.LINE), handler);
        Server ofUdp = server(Server.udp(), handler)) {
      compare(
          "round trip to a handler over TCP: a thread, `Server`",
          requests(lines(lineThread())),
          requests(lines(ofTcp.port())),
          200);
      compare(
          "round trip to a handler over UDP: a loop, `Server`",
          requests(texts(datagramThread())),
          requests(texts(ofUdp.port())),
          200);
    }
    System.exit(0);
  }

  private static Server server(ServerOptions builder, Handler handler) throws IOException {
    return builder.port(0).workers(1).concurrency(Concurrency.EVENTS).handler(handler).start();
  }

  private static void check(String reply) {
    if (!reply.equals(UPPER)) {
      throw new AssertionError(reply);
    }
  }

  private static Calls datagrams(DatagramSocket socket, int timeout) throws IOException {
    socket.setSoTimeout(timeout);
    DatagramPacket sent =
        new DatagramPacket(new byte[LENGTH], LENGTH, socket.getLocalSocketAddress());
    DatagramPacket received = new DatagramPacket(new byte[LENGTH], LENGTH);
    return times -> {
      for (int pair = 0; pair < times; pair++) {
        socket.send(sent);
        socket.receive(received);
      }
    };
  }

  private static Calls channel() throws IOException {
    DatagramChannel channel = DatagramChannel.open().bind(new InetSocketAddress(HOST, 0));
    ByteBuffer buffer = ByteBuffer.allocateDirect(LENGTH);
    return times -> {
      for (int pair = 0; pair < times; pair++) {
        buffer.clear();
        channel.send(buffer, channel.getLocalAddress());
        buffer.clear();
        channel.receive(buffer);
      }
    };
  }

  private static Calls streams(ServerSocket server, Socket client, int timeout) throws IOException {
    client.connect(server.getLocalSocketAddress());
    client.setTcpNoDelay(true);
    Socket accepted = server.accept();
    accepted.setSoTimeout(timeout);
    OutputStream output = client.getOutputStream();
    InputStream input = accepted.getInputStream();
    byte[] bytes = new byte[LENGTH];
    return times -> {
      for (int pair = 0; pair < times; pair++) {
        output.write(bytes);
        for (int count = 0; count < LENGTH; ) {
          count += input.read(bytes, count, LENGTH - count);
        }
      }
    };
  }

  /** The JDK's own request: a line there, a line back. */
  private static Request lines(int port) throws IOException {
    Socket socket = new Socket(HOST, port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(30_000);
    OutputStream output = socket.getOutputStream();
    BufferedReader replies =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    return text -> {
      output.write((text + "\n").getBytes(StandardCharsets.UTF_8));
      return replies.readLine();
    };
  }

  /** The same as a datagram. */
  private static Request texts(int port) throws IOException {
    DatagramSocket socket = new DatagramSocket();
    socket.setSoTimeout(5000);
    InetSocketAddress server = new InetSocketAddress(HOST, port);
    byte[] room = new byte[2048];
    return text -> {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      socket.send(new DatagramPacket(bytes, bytes.length, server));
      DatagramPacket reply = new DatagramPacket(room, room.length);
      socket.receive(reply);
      return new String(room, 0, reply.getLength(), StandardCharsets.UTF_8);
    };
  }

  private static Calls requests(Request request) {
    return times -> {
      for (int call = 0; call < times; call++) {
        check(request.ask(TEXT));
      }
    };
  }

  /** A thread that answers the lines of one connection. */
  private static int lineThread() throws IOException {
    ServerSocket listener = new ServerSocket(0, 1, HOST);
    thread(
        () -> {
          Socket socket = listener.accept();
          socket.setTcpNoDelay(true);
          BufferedReader lines =
              new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
          for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String reply = line.toUpperCase(Locale.ROOT) + "\n";
            socket.getOutputStream().write(reply.getBytes(StandardCharsets.UTF_8));
          }
        });
    return listener.getLocalPort();
  }

  /** A thread that answers datagrams. */
  private static int datagramThread() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, HOST);
    thread(
        () -> {
          byte[] room = new byte[2048];
          while (true) {
            DatagramPacket packet = new DatagramPacket(room, room.length);
            socket.receive(packet);
            String text = new String(room, 0, packet.getLength(), StandardCharsets.UTF_8);
            packet.setData(text.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
            socket.send(packet);
          }
        });
    return socket.getLocalPort();
  }

  private interface Serving {
    void run() throws IOException;
  }

  private static void thread(Serving serving) {
    Thread thread =
        new Thread(
            () -> {
              try {
                serving.run();
              } catch (IOException error) {
                error.printStackTrace();
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private interface Batch {
    boolean run() throws IOException;
  }

  /** A loop of requests beside many in one call, both by the request. */
  private static void many(String row, Calls theirs, Batch ours) throws IOException {
    int times = 200;
    for (int round = -20; round < rounds; round++) {
      double loop = microseconds(theirs, times);
      double batch =
          microseconds(
              once -> {
                if (!ours.run()) {
                  throw new AssertionError(row);
                }
              },
              1);
      tell(row, round, loop, batch / MANY);
    }
  }

  private static void compare(String row, Calls theirs, Calls ours, int times) throws IOException {
    // Until both are compiled.
    for (int round = -20; round < rounds; round++) {
      // Each goes first as often as the other.
      boolean oursFirst = round % 2 == 0;
      double first = microseconds(oursFirst ? ours : theirs, times);
      double second = microseconds(oursFirst ? theirs : ours, times);
      tell(row, round, oursFirst ? second : first, oursFirst ? first : second);
    }
  }

  private static void tell(String row, int round, double theirs, double ours) {
    if (round >= 0) {
      System.out.printf(Locale.ROOT, "%s\t%.4f\t%.4f%n", row, theirs, ours);
    }
  }

  private static double microseconds(Calls calls, int times) throws IOException {
    long start = System.nanoTime();
    calls.run(times);
    return (System.nanoTime() - start) / 1000.0 / times;
  }
}
