// The Java peer of `capsock demo`.
//
// `Peer serve` runs a server of each kind; `Peer ask TEXTS EXPECTED` sends requests to servers
// and checks every reply.
import static java.nio.charset.StandardCharsets.UTF_8;

import io.capsock.Concurrency;
import io.capsock.Server;
import io.capsock.ServerOptions;
import io.capsock.TcpClient;
import io.capsock.TcpClientOptions;
import io.capsock.UdpClient;
import io.capsock.UdpClientOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

class Peer {
  static final String HOST = "127.0.0.1";
  static final Duration TIMEOUT = Duration.ofSeconds(20);
  // The maximum payload of a UDP datagram over IPv4, in bytes.
  static final int LARGEST_DATAGRAM = 65_507;

  interface Client {
    String request(String text) throws IOException;
  }

  public static void main(String[] args) throws IOException {
    if (args.length == 1 && args[0].equals("serve")) {
      serve();
    } else if (args.length == 3 && args[0].equals("ask")) {
      ask(Files.readAllLines(Path.of(args[1])), Files.readAllLines(Path.of(args[2])));
    } else {
      System.err.println("usage: Peer serve | Peer ask TEXTS EXPECTED");
      System.exit(2);
    }
  }

  /** Runs the eight servers until the end of standard input. */
  static void serve() throws IOException {
    List<Server> servers = new ArrayList<>();
    for (String transport : List.of("tcp", "udp")) {
      for (Concurrency concurrency : Concurrency.values()) {
        ServerOptions options = transport.equals("tcp") ? Server.tcp() : Server.udp();
        String name = concurrency.name().toLowerCase(Locale.ROOT);
        try {
          Server server = options.host(HOST).port(0).concurrency(concurrency).start();
          servers.add(server);
          System.out.println(transport + " " + name + " " + server.port());
        } catch (UnsupportedOperationException error) {
          // Not every system has processes.
          System.out.println(transport + " " + name + " unsupported");
        }
      }
    }
    System.out.println("ready");
    System.in.transferTo(OutputStream.nullOutputStream());
    servers.forEach(Server::close);
  }

  /** Sends every text to each server listed on standard input, as in `tcp threads 40123`. */
  static void ask(List<String> texts, List<String> expected) throws IOException {
    BufferedReader names = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String server; (server = names.readLine()) != null; ) {
      String result;
      try {
        result = "ok\t" + oneLine(askOne(server.split(" "), texts, expected));
      } catch (Exception error) {
        result = "failed\t" + oneLine(error.toString());
      }
      System.out.println(server + "\t" + result);
    }
  }

  static String askOne(String[] server, List<String> texts, List<String> expected)
      throws IOException {
    int port = Integer.parseInt(server[2]);
    if (server[0].equals("tcp")) {
      var options = new TcpClientOptions().timeout(TIMEOUT);
      try (var client = new TcpClient(HOST, port, options)) {
        return askAll(client::request, Integer.MAX_VALUE, texts, expected);
      }
    }
    var options = new UdpClientOptions().timeout(TIMEOUT);
    try (var client = new UdpClient(HOST, port, options)) {
      return askAll(client::request, LARGEST_DATAGRAM, texts, expected);
    }
  }

  /** Returns the error of a text that does not fit a datagram and so must be refused. */
  static String askAll(Client client, int largest, List<String> texts, List<String> expected)
      throws IOException {
    String detail = texts.size() + " texts";
    for (int i = 0; i < texts.size(); i++) {
      boolean fits = texts.get(i).getBytes(UTF_8).length <= largest;
      try {
        String reply = client.request(texts.get(i));
        if (!fits) {
          throw new IOException("text " + (i + 1) + ": no error 'too large'");
        }
        if (!reply.equals(expected.get(i))) {
          throw new IOException("text " + (i + 1) + ": the reply differs");
        }
      } catch (SocketException refusal) {
        if (fits || !refusal.getMessage().contains("" + LARGEST_DATAGRAM)) {
          throw refusal;
        }
        detail = refusal.getMessage();
      }
    }
    return detail;
  }

  static String oneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }
}
