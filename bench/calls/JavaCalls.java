// What a call costs on capsock's sockets and on the JDK's: a DatagramSocket's send and receive, and
// a Socket's write and read, of 64 bytes over loopback on one thread, so that nothing waits.
//
// Usage: java --enable-native-access=ALL-UNNAMED -cp capsock.jar JavaCalls.java [ROUNDS [CALLS]]
//
// The two take turns within each round. It prints, for each, the median of all rounds in
// nanoseconds for a pair of calls, the fastest and the slowest round, and the ratio of the medians.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Locale;

class JavaCalls {
  private static final int LENGTH = 64;

  /** A pair of calls, again and again. */
  private interface Pairs {
    void run(int times) throws IOException;
  }

  public static void main(String[] args) throws IOException {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 41;
    int calls = args.length > 1 ? Integer.parseInt(args[1]) : 20_000;
    System.out.println("Java " + Runtime.version() + ", " + rounds + " rounds of " + calls);
    compare(
        "DatagramSocket send+receive",
        datagrams(new io.capsock.net.DatagramSocket(0, InetAddress.getLoopbackAddress())),
        datagrams(new DatagramSocket(0, InetAddress.getLoopbackAddress())),
        rounds,
        calls);
    compare(
        "Socket write+read",
        streams(new io.capsock.net.ServerSocket(0), new io.capsock.net.Socket()),
        streams(new ServerSocket(0), new Socket()),
        rounds,
        calls);
  }

  private static Pairs datagrams(DatagramSocket socket) {
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

  private static Pairs streams(ServerSocket server, Socket client) throws IOException {
    client.setTcpNoDelay(true);
    client.connect(server.getLocalSocketAddress());
    OutputStream output = client.getOutputStream();
    InputStream input = server.accept().getInputStream();
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

  private static void compare(String what, Pairs ours, Pairs theirs, int rounds, int calls)
      throws IOException {
    // Until both are compiled.
    for (int round = 0; round < 10; round++) {
      nanoseconds(ours, calls);
      nanoseconds(theirs, calls);
    }
    double[][] times = new double[2][rounds];
    for (int round = 0; round < rounds; round++) {
      // Each goes first as often as the other.
      boolean oursFirst = round % 2 == 0;
      times[oursFirst ? 0 : 1][round] = nanoseconds(oursFirst ? ours : theirs, calls);
      times[oursFirst ? 1 : 0][round] = nanoseconds(oursFirst ? theirs : ours, calls);
    }
    Arrays.sort(times[0]);
    Arrays.sort(times[1]);
    System.out.printf("%s%n", what);
    line("capsock", times[0]);
    line("JDK", times[1]);
    double ratio = times[0][rounds / 2] / times[1][rounds / 2];
    System.out.printf(Locale.ROOT, "  ratio    %7.2f%n", ratio);
  }

  private static void line(String who, double[] sorted) {
    System.out.printf(
        Locale.ROOT,
        "  %-8s %7.0f ns   (%.0f to %.0f)%n",
        who,
        sorted[sorted.length / 2],
        sorted[0],
        sorted[sorted.length - 1]);
  }

  private static double nanoseconds(Pairs pairs, int calls) throws IOException {
    long start = System.nanoTime();
    pairs.run(calls);
    return (System.nanoTime() - start) / (double) calls;
  }
}
