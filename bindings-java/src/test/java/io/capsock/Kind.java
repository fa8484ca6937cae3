package io.capsock;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** A kind of server: what every table of servers goes through. */
record Kind(boolean tcp, Concurrency concurrency) {
  /** Asks one question; closed after it. */
  interface Client extends AutoCloseable {
    String request(String text) throws IOException;

    @Override
    void close();
  }

  static List<Kind> all() {
    return List.of(true, false).stream()
        .flatMap(tcp -> Arrays.stream(Concurrency.values()).map(one -> new Kind(tcp, one)))
        .filter(kind -> !Os.WINDOWS || kind.concurrency != Concurrency.PROCESSES)
        .toList();
  }

  static List<Kind> withHandler() {
    return all().stream().filter(kind -> kind.concurrency != Concurrency.PROCESSES).toList();
  }

  ServerOptions server() {
    return (tcp ? Server.tcp().framing(Framing.LINE) : Server.udp())
        .port(0)
        .concurrency(concurrency)
        .workers(2);
  }

  Client client(Server server) throws IOException {
    String host = server.address().getAddress().getHostAddress();
    if (tcp) {
      TcpClient client = new TcpClient(host, server.port());
      return of(client::request, client::close);
    }
    UdpClient client = new UdpClient(host, server.port());
    return of(client::request, client::close);
  }

  interface Request {
    String of(String text) throws IOException;
  }

  static Client of(Request request, Runnable close) {
    return new Client() {
      @Override
      public String request(String text) throws IOException {
        return request.of(text);
      }

      @Override
      public void close() {
        close.run();
      }
    };
  }
}
