// The lecture's concurrent TCP server: it serves each client in a thread of its own.
//
// Usage: java -cp capsock.jar ConcurrentTCPServer.java [PORT]        (default port 12000; Ctrl-C
// stops it)
import io.capsock.Capsock;
import io.capsock.Concurrency;
import io.capsock.Server;
import java.io.IOException;

class ConcurrentTCPServer {
  public static void main(String[] args) {
    try {
      int port = args.length > 0 ? Integer.parseInt(args[0]) : Capsock.defaultPort();
      try (Server server = Server.tcp().port(port).concurrency(Concurrency.THREADS).start()) {
        System.out.println("The server is ready to receive on port " + server.port());
        server.await();
      }
    } catch (IOException | IllegalArgumentException error) {
      System.err.println("ConcurrentTCPServer: " + error.getMessage());
      System.exit(1);
    }
  }
}
