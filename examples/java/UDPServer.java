// The lecture's UDP server: it receives a datagram, replies, receives the next.
//
// Usage: java -cp capsock.jar UDPServer.java [PORT]        (default port 12000; Ctrl-C stops it)
import io.capsock.Capsock;
import io.capsock.Concurrency;
import io.capsock.Server;
import java.io.IOException;

class UDPServer {
  public static void main(String[] args) {
    try {
      int port = args.length > 0 ? Integer.parseInt(args[0]) : Capsock.defaultPort();
      try (Server server = Server.udp().port(port).concurrency(Concurrency.ITERATIVE).start()) {
        System.out.println("The server is ready to receive on port " + server.port());
        server.await();
      }
    } catch (IOException | IllegalArgumentException error) {
      System.err.println("UDPServer: " + error.getMessage());
      System.exit(1);
    }
  }
}
