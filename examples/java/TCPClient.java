// The lecture's TCP client: it connects, sends a line, prints the reply.
//
// Usage: java -cp capsock.jar TCPClient.java [HOST [PORT]]        (default localhost 12000)
import io.capsock.Capsock;
import io.capsock.TcpClient;
import java.io.IOException;
import java.util.NoSuchElementException;
import java.util.Scanner;

class TCPClient {
  public static void main(String[] args) {
    try {
      String host = args.length > 0 ? args[0] : "localhost";
      int port = args.length > 1 ? Integer.parseInt(args[1]) : Capsock.defaultPort();
      try (TcpClient client = new TcpClient(host, port)) {
        System.out.print("Input lowercase sentence: ");
        String sentence = new Scanner(System.in, "UTF-8").nextLine();
        System.out.println("From Server: " + client.request(sentence));
      }
    } catch (IOException | IllegalArgumentException | NoSuchElementException error) {
      System.err.println("TCPClient: " + error.getMessage());
      System.exit(1);
    }
  }
}
