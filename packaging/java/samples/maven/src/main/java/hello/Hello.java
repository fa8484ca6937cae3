package hello;

import io.capsock.Concurrency;
import io.capsock.Server;
import io.capsock.TcpClient;
import java.io.IOException;

/** A server and a client of the uppercase service. */
public final class Hello {
  private Hello() {}

  /** Prints HELLO. */
  public static void main(String[] arguments) throws IOException {
    try (Server server = Server.tcp().port(0).concurrency(Concurrency.THREADS).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      System.out.println(client.request("hello"));
    }
  }
}
